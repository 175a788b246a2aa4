#include "follow.h"

#include <signal.h>
#include <sys/ptrace.h>

#include "look.h"
#include "tool.h"

bool gate_saw(const struct gate *gate, pid_t id)
{
    const struct tracee *thread = tracees_find(&gate->watch->tracees, id);

    return thread && thread->follow.seen;
}

void gate_follow(const struct gate *gate, pid_t id, const struct seccomp_data *call)
{
    struct tracee *thread = tracees_find(&gate->watch->tracees, id);
    enum own_filter loads = own_filter_loaded_by(call);
    bool shared;
    bool bears = untraced_makes_child(call, &shared);

    if (!thread || thread->follow.open || (!bears && loads == OWN_FILTER_NONE))
        return;
    struct follow *follow = &thread->follow;
    follow->open = true;
    follow->seen = true;
    follow->born = false;
    follow->shared = shared;
    follow->loads = loads;
    follow->listens = own_filter_listens(call);
    untraced_clear(&follow->untraced, id, call);
}

struct seeing {
    pid_t first; /* it is stopped */
};

static void see_thread(void *context, struct tracee *thread)
{
    const struct seeing *seeing = context;

    if (thread->follow.all)
        return;
    thread->follow.all = true;
    if (thread->id != seeing->first && !thread->early)
        ptrace(PTRACE_INTERRUPT, thread->id, 0, 0); /* it goes on in the other way */
}

void gate_see_all(const struct gate *gate, pid_t id)
{
    struct seeing seeing = {id};

    gate->watch->filtered = true;
    tracees_visit(&gate->watch->tracees, gate_process(gate, id), see_thread, &seeing);
}

/* Another thread has put the flag back in time: the child is not ours, and could not even end. */
static void on_escape(const struct tracee *thread, pid_t child)
{
    char program[4096];

    untraced_kill(thread->process, child);
    tool_note("'%s' (pid %d) was killed: it hid a child from its tracer by CLONE_UNTRACED",
              look_program(thread->process, program, sizeof(program)), thread->process);
    watch_kill(thread->process);
}

/* The call that was waited for has come to its end with RESULT. */
static void finish(struct gate *gate, struct tracee *thread, long result)
{
    struct follow *follow = &thread->follow;

    follow->open = false;
    untraced_restore(&follow->untraced, thread->id);
    if (follow->shared && result > 0 && !follow->born)
        on_escape(thread, (pid_t)result);
    /* a positive number is a listener, or the thread that could not be filtered */
    if (follow->loads == OWN_FILTER_NONE || result < 0 || (result > 0 && !follow->listens))
        return;
    gate->watch->filtered = true;
    if (follow->loads == OWN_FILTER_OF_PROCESS)
        gate_see_all(gate, thread->id);
    follow->all = true;
    if (gate->hooks->filtered)
        gate->hooks->filtered(gate->hooks->context, thread->process);
}

void follow_call(struct gate *gate, struct tracee *thread)
{
    struct __ptrace_syscall_info information = {0};
    const struct gate_hooks *hooks = gate->hooks;
    struct follow *follow = &thread->follow;

    ptrace(PTRACE_GET_SYSCALL_INFO, thread->id, sizeof(information), &information);
    if (information.op == PTRACE_SYSCALL_INFO_ENTRY) {
        if (hooks->enters)
            hooks->enters(hooks->context, thread->process, thread->id, !thread->passed);
        follow->seen = true;
    } else if (information.op == PTRACE_SYSCALL_INFO_EXIT) {
        if (follow->open)
            finish(gate, thread, (long)information.exit.rval);
        follow->seen = false;
    }
    watch_go_on(thread, 0);
}

void follow_born(struct tracee *thread)
{
    if (!thread->follow.open)
        untraced_restore(&thread->follow.untraced, thread->id);
}
