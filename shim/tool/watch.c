#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "births.h"
#include "enter.h"
#include "follow.h"
#include "look.h"
#include "tool.h"
#include "watching.h"

enum {
    OPTIONS = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
              PTRACE_O_TRACECLONE,
    CALL_STOP = 0x80, /* PTRACE_O_TRACESYSGOOD */
    OPTIONS_STAYING = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESYSGOOD,
};

bool watch_stays(const struct gate *gate)
{
    return gate->hooks && gate->hooks->stays;
}

void watch_go_on(const struct tracee *thread, int signal)
{
    bool calls = thread->follow.all || thread->follow.open;

    ptrace(calls ? PTRACE_SYSCALL : PTRACE_CONT, thread->id, 0, (long)signal);
}

void watch_let_go(struct watch *watch, pid_t id, int signal)
{
    if (ptrace(PTRACE_DETACH, id, 0, (long)signal) == 0)
        tracees_forget(&watch->tracees, id);
}

void watch_kill(pid_t process)
{
    if (kill(process, SIGKILL) != 0)
        _exit(STATUS_CANNOT); /* and with that, everything that is traced is killed */
}

bool gate_holds(const struct gate *gate, pid_t id)
{
    const struct tracee *tracee = gate->watch ? tracees_find(&gate->watch->tracees, id) : NULL;

    return tracee && !tracee->passed;
}

bool gate_traces(const struct gate *gate, pid_t id)
{
    return tracees_find(&gate->watch->tracees, id);
}

pid_t gate_process(const struct gate *gate, pid_t id)
{
    const struct tracee *tracee = tracees_find(&gate->watch->tracees, id);

    return tracee ? tracee->process : id;
}

static void mark(void *context, struct tracee *tracee)
{
    const unsigned *marks = context;

    tracee->marks |= *marks;
}

void gate_mark(const struct gate *gate, pid_t thread, unsigned marks)
{
    tracees_visit(&gate->watch->tracees, gate_process(gate, thread), mark, &marks);
}

unsigned gate_marks(const struct gate *gate, pid_t thread)
{
    const struct tracee *tracee = tracees_find(&gate->watch->tracees, thread);

    return tracee ? tracee->marks : 0;
}

bool gate_signal(const struct gate *gate, int signal, bool all)
{
    const struct watch *watch = gate->watch;
    bool any = false;

    if (!all && tracees_find(&watch->tracees, watch->process) && !watch->ended)
        return kill(watch->process, signal) == 0;
    for (size_t i = 0; i < watch->tracees.capacity; i++) {
        for (const struct tracee *tracee = watch->tracees.slots[i]; tracee; tracee = tracee->next) {
            if (tracee->id == tracee->process && kill(tracee->process, signal) == 0)
                any = true;
        }
    }
    return any;
}

static void begin(struct gate *gate, int listener)
{
    gate->watch->begun = true;
    if (gate->hooks->begin)
        gate->hooks->begin(gate->hooks->context, listener);
}

/* The process is about to exec, and hands over the descriptor that is in its register. */
static void take_listener(struct gate *gate, struct tracee *thread)
{
    struct user_regs_struct registers;
    int copy = -1;

    thread->preparing = false;
    if (ptrace(PTRACE_GETREGS, thread->id, 0, &registers) == 0) {
        int process = (int)syscall(SYS_pidfd_open, thread->process, 0);
        copy = (int)syscall(SYS_pidfd_getfd, process, (int)registers.rax, 0);
        close(process);
    }
    if (copy < 0) {
        tool_error("cannot take the listener: %s", strerror(errno));
        _exit(STATUS_CANNOT);
    }
    gate->watch->listener = copy;
    begin(gate, copy);
    watch_go_on(thread, 0);
}

static int after_stop(const struct gate *gate, const struct tracee *thread, int signal)
{
    const struct gate_hooks *hooks = gate->hooks;

    return thread->passed && hooks && hooks->stop ? hooks->stop(hooks->context, thread->id, signal)
                                                  : signal;
}

static void on_signal(struct gate *gate, struct tracee *thread, int signal)
{
    siginfo_t information;

    if (trap_is_hit(&thread->trap, thread->id, signal)) {
        enter_reached(gate, thread);
    } else if (thread->ending) {
        watch_kill(thread->process);
    } else if (thread->preparing && signal == SIGTRAP &&
               ptrace(PTRACE_GETSIGINFO, thread->id, 0, &information) == 0 &&
               information.si_code == SI_KERNEL) {
        take_listener(gate, thread);
    } else {
        watch_go_on(thread, after_stop(gate, thread, signal));
    }
}

static bool stops(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void tick(struct gate *gate)
{
    if (gate->hooks && gate->hooks->tick)
        gate->hooks->tick(gate->hooks->context);
}

static void count_thread(void *context, struct tracee *tracee)
{
    size_t *count = context;

    (void)tracee;
    ++*count;
}

/* A thread of PROCESS makes no call any more. */
static void on_end(struct gate *gate, pid_t process)
{
    struct watch *watch = gate->watch;
    const struct tracee *leader = tracees_find(&watch->tracees, watch->process);
    size_t count = 0;

    if (process != watch->process || watch->ended || !leader || !leader->exiting)
        return;
    tracees_visit(&watch->tracees, process, count_thread, &count);
    watch->ended = count == 1;
    if (watch->ended && gate->hooks->ending)
        gate->hooks->ending(gate->hooks->context, watch->tracees.count == 1);
}

static void on_event(struct gate *gate, struct tracee *thread, int signal, int event)
{
    if (event == PTRACE_EVENT_STOP && stops(signal)) {
        ptrace(PTRACE_LISTEN, thread->id, 0, 0);
        return;
    }
    if (event == PTRACE_EVENT_EXIT) {
        thread->exiting = true;
        on_end(gate, thread->process);
    }
    watch_go_on(thread, event == PTRACE_EVENT_STOP ? after_stop(gate, thread, 0) : 0);
}

/* A filter has stopped a call of THREAD. If that is the last call of all, it is let go: each stop
 * of its end, and its death, would be a processor to be woken up while its parent waits. */
static void on_call(struct gate *gate, const struct tracee *thread)
{
    const struct gate_hooks *hooks = gate->hooks;
    struct watch *watch = gate->watch;
    bool more = hooks->call(hooks->context, thread->process, thread->id, !thread->passed);

    if (more || !thread->passed || watch->tracees.count > 1) {
        watch_go_on(thread, 0);
        return;
    }
    if (!watch->ended && hooks->ending)
        hooks->ending(hooks->context, true);
    watch->ended = true;
    watch_let_go(watch, thread->id, 0);
}

static void on_stop(struct gate *gate, pid_t id, int signal, int event)
{
    struct watch *watch = gate->watch;
    struct tracee *thread = tracees_find(&watch->tracees, id);

    if (!thread) {
        births_early(gate, id);
        return;
    }
    follow_born(thread);
    if (event == PTRACE_EVENT_SECCOMP) {
        on_call(gate, thread);
        return;
    }
    if (event == 0 && signal == (SIGTRAP | CALL_STOP)) {
        follow_call(gate, thread);
        return;
    }
    if (event == PTRACE_EVENT_EXEC) {
        enter_executed(gate, id);
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        births_told(gate, thread);
    if (thread->passed && !watch_stays(gate)) {
        if (trap_remove(&thread->trap, id, trap_is_hit(&thread->trap, id, event ? 0 : signal)) == 0)
            watch_let_go(watch, id, event ? 0 : signal);
        else
            watch_kill(thread->process);
    } else if (event) {
        on_event(gate, thread, signal, event);
    } else {
        on_signal(gate, thread, signal);
    }
}

static void on_death(struct gate *gate, pid_t id)
{
    const struct tracee *tracee = tracees_find(&gate->watch->tracees, id);
    pid_t process = tracee ? tracee->process : id;

    gate->watch->early -= tracee && tracee->early;
    tracees_forget(&gate->watch->tracees, id);
    if (!watch_stays(gate))
        return;
    births_orphaned(gate, process);
    on_end(gate, process);
}

/* Handles what there is. Returns whether to wait for more. */
static bool handle_all(struct gate *gate, int flags)
{
    /* not while there are known ones: the last of those may be killed before anybody has told of
     * its newborn child, which then stands and waits for us */
    for (;;) {
        int status;
        /* tracees, however they were made, and no workers (worker.h), as __WALL would */
        pid_t id = waitpid(-1, &status, flags);
        if (id < 0 && errno == EINTR) {
            tick(gate);
            continue;
        }
        if (id <= 0)
            return id == 0;
        if (WIFSTOPPED(status))
            on_stop(gate, id, WSTOPSIG(status), (int)((unsigned)status >> 16));
        else
            on_death(gate, id);
    }
}

/* Waits for the kernel and for the listener. Returns whether the listener is still there. */
static bool serve(struct gate *gate, bool *traced)
{
    struct watch *watch = gate->watch;
    const struct gate_hooks *hooks = gate->hooks;
    struct pollfd polls[] = {{.fd = watch->listener, .events = POLLIN},
                             {.fd = watch->signals, .events = POLLIN}};
    struct signalfd_siginfo information;

    if (poll(polls, 2, -1) < 0) {
        tick(gate);
        return true;
    }
    /* first emptied, then looked after: nothing that comes meanwhile is overlooked */
    if (polls[1].revents & POLLIN) {
        if (read(watch->signals, &information, sizeof(information)) < 0)
            return true;
        *traced = handle_all(gate, WNOHANG);
    }
    if (polls[0].revents & POLLIN && hooks->readable)
        hooks->readable(hooks->context);
    return !(polls[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* To be told of the death of what is traced while the listener is waited for. */
static int open_signals(struct watch *watch)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    watch->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return watch->signals < 0 ? -errno : 0;
}

int watch_seize(struct gate *gate, pid_t process)
{
    const struct gate_hooks *hooks = gate->hooks;
    struct watch *watch = calloc(1, sizeof(*watch));
    bool listens = hooks && hooks->listens;

    if (!watch)
        return -ENOMEM;
    *watch = (struct watch){.process = process, .listener = -1, .signals = -1};
    gate->watch = watch;
    int error = listens ? open_signals(watch) : 0;
    if (error)
        return error;
    tracees_add(&watch->tracees,
                &(struct tracee){.id = process, .process = process, .preparing = listens});
    long options = OPTIONS | (watch_stays(gate) ? OPTIONS_STAYING : 0);
    if (ptrace(PTRACE_SEIZE, process, 0, options) != 0)
        return -errno;
    /* an outer filter may only pretend */
    struct thread_status status;
    error = look_thread(process, &status);
    return !error && status.tracer != getpid() ? -EPERM : error;
}

void watch_begin(struct gate *gate)
{
    if (gate->hooks && !gate->hooks->listens)
        begin(gate, -1);
}

/* Where there is a listener. */
static void run_listening(struct gate *gate)
{
    struct watch *watch = gate->watch;
    bool traced = handle_all(gate, WNOHANG);

    while (traced || watch->listener >= 0) {
        if (!serve(gate, &traced)) {
            close(watch->listener);
            watch->listener = -1;
        }
    }
}

void watch_run(struct gate *gate)
{
    if (gate->watch->signals >= 0)
        run_listening(gate);
    else
        handle_all(gate, 0);
    if (gate->watch->executed && !gate->watch->named)
        tool_note("warning: nothing was filtered: none of the programs that the whitelist names by "
                  "'program =' was run");
    if (gate->watch->begun && gate->hooks->end)
        gate->hooks->end(gate->hooks->context);
}
