#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "entry.h"
#include "look.h"
#include "tool.h"
#include "tracees.h"
#include "trap.h"

enum {
    OPTIONS = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
              PTRACE_O_TRACECLONE,
    OPTIONS_STAYING = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXIT,
};

struct watch {
    struct tracees tracees;
    pid_t process; /* the gate's own */
    bool begun;    /* hooks.begin() was called */
    bool ended;    /* so was hooks.ending() */
    int listener;  /* what hooks.prepare() returned, or -1 */
    int signals;   /* SIGCHLD's, or -1 */
};

static bool stays(const struct gate *gate)
{
    return gate->hooks && gate->hooks->stays;
}

static bool is_held(const struct tracee *tracee)
{
    return !tracee->passed || tracee->aside;
}

bool gate_holds(const struct gate *gate, pid_t id)
{
    const struct tracee *tracee = gate->watch ? tracees_find(&gate->watch->tracees, id) : NULL;

    return tracee && is_held(tracee);
}

pid_t gate_process(const struct gate *gate, pid_t id)
{
    const struct tracee *tracee = tracees_find(&gate->watch->tracees, id);

    return tracee ? tracee->process : id;
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

/* A thread that is gone meanwhile is told of by wait(2). */
static void go_on(pid_t id, int signal)
{
    ptrace(PTRACE_CONT, id, 0, (long)signal);
}

static void let_go(struct watch *watch, pid_t id, int signal)
{
    if (ptrace(PTRACE_DETACH, id, 0, (long)signal) == 0)
        tracees_forget(&watch->tracees, id);
}

/* Says why PROCESS does not run, and kills it. */
static void refuse(pid_t process, const char *what, const char *why)
{
    char program[4096];

    tool_error("'%s' %s: %s", look_program(process, program, sizeof(program)), what, why);
}

static void kill_process(pid_t process)
{
    if (kill(process, SIGKILL) != 0)
        _exit(STATUS_CANNOT); /* and with that, everything that is traced is killed */
}

/* THREAD has executed something. */
static void on_exec(struct gate *gate, struct tracee *thread)
{
    const struct settings *settings = gate->settings;
    struct thread_status status;
    uint64_t entry;

    thread->trap = (struct trap){0};
    thread->preparing = false;
    if (settings->program_count > 0 &&
        !look_executes(thread->id, settings->programs, settings->program_count)) {
        go_on(thread->id, 0);
        return;
    }
    int error = look_thread(thread->id, &status);
    if (!error)
        error = entry_find(thread->id, &entry);
    if (!error)
        error = trap_set(&thread->trap, thread->id, entry, status.ignored);
    if (error) {
        refuse(thread->id, "cannot be held at its entry point, and was killed", strerror(-error));
        kill_process(thread->process);
        return;
    }
    thread->filters = status.filters;
    go_on(thread->id, 0);
}

static void forget(void *context, struct tracee *tracee)
{
    struct watch *watch = context;

    tracees_forget(&watch->tracees, tracee->id);
}

/* The other threads of a process are gone when one of them executes; nobody tells of the one whose
 * id was taken over. */
static void after_exec(struct gate *gate, pid_t id)
{
    struct watch *watch = gate->watch;
    unsigned long former = (unsigned long)id;

    ptrace(PTRACE_GETEVENTMSG, id, 0, &former);
    const struct tracee *own = tracees_find(&watch->tracees, (pid_t)former);
    struct tracee thread = own ? *own : (struct tracee){0};
    thread.id = thread.process = id;
    thread.exiting = false;
    tracees_visit(&watch->tracees, id, forget, watch);
    struct tracee *added = tracees_add(&watch->tracees, &thread);
    if (added->passed && !stays(gate)) {
        let_go(watch, id, 0);
    } else if (added->passed) {
        added->trap = (struct trap){0};
        if (gate->hooks->executed && gate->hooks->executed(gate->hooks->context, id))
            added->aside = true;
        go_on(id, 0);
    } else {
        on_exec(gate, added);
    }
}

struct passing {
    bool stays;
    pid_t first; /* it stands still */
};

static void pass_thread(void *context, struct tracee *tracee)
{
    const struct passing *passing = context;

    if (tracee->passed)
        return;
    tracee->passed = true;
    if (passing->stays)
        tracee->trap = (struct trap){0};
    else if (tracee->id != passing->first && !tracee->early)
        ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
}

/* The whole process of THREAD may go: what stands still at once, the rest when it stops. */
static void pass(struct gate *gate, const struct tracee *thread)
{
    struct passing passing = {stays(gate), thread->id};

    if (gate->hooks && gate->hooks->passed)
        gate->hooks->passed(gate->hooks->context, thread->process);
    tracees_visit(&gate->watch->tracees, thread->process, pass_thread, &passing);
    if (passing.stays)
        go_on(passing.first, 0);
    else
        let_go(gate->watch, passing.first, 0);
}

/* THREAD is at the entry point. */
static void on_entry(struct gate *gate, struct tracee *thread)
{
    char text[4096 + 128];
    /* the shim has added one to those that were there at exec; a supervisor's is one of them */
    unsigned before = gate->shim ? thread->filters : thread->filters - 1;
    const char *why = look_for_filter(thread->process, before, gate->settings->no_new_privileges,
                                      gate->shim, text, sizeof(text));
    int error = why ? 0 : trap_remove(&thread->trap, thread->id, true);

    if (!why && !error) {
        pass(gate, thread);
        return;
    }
    refuse(thread->process, "was stopped at its entry point", why ? why : strerror(-error));
    thread->ending = true;
    if (trap_exit(&thread->trap, thread->id, STATUS_CANNOT) != 0)
        kill_process(thread->process);
    else
        go_on(thread->id, 0);
}

/* A new thread or process, of which its parent tells. */
static void on_birth(struct gate *gate, const struct tracee *parent)
{
    struct watch *watch = gate->watch;
    unsigned long message = 0;

    if (ptrace(PTRACE_GETEVENTMSG, parent->id, 0, &message) != 0)
        return;
    pid_t id = (pid_t)message;
    const struct tracee *early = tracees_find(&watch->tracees, id);
    bool stopped = early && early->early;
    if (early && !stopped)
        return;
    struct tracee child = *parent;
    child.id = id;
    child.preparing = child.exiting = false;
    /* one of the same process? */
    bool thread = syscall(SYS_tgkill, parent->process, id, 0) == 0 || errno != ESRCH;
    child.process = thread ? parent->process : id;
    if (stopped)
        tracees_forget(&watch->tracees, id);
    tracees_add(&watch->tracees, &child);
    if (!thread && child.passed && stays(gate) && gate->hooks->born)
        gate->hooks->born(gate->hooks->context, id);
    if (!stopped)
        return;
    if (child.passed && !stays(gate))
        let_go(watch, id, 0);
    else
        go_on(id, 0);
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
    go_on(thread->id, 0);
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
        on_entry(gate, thread);
    } else if (thread->ending) {
        kill_process(thread->process);
    } else if (thread->preparing && signal == SIGTRAP &&
               ptrace(PTRACE_GETSIGINFO, thread->id, 0, &information) == 0 &&
               information.si_code == SI_KERNEL) {
        take_listener(gate, thread);
    } else {
        go_on(thread->id, after_stop(gate, thread, signal));
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
    go_on(thread->id, event == PTRACE_EVENT_STOP ? after_stop(gate, thread, 0) : 0);
}

static void on_stop(struct gate *gate, pid_t id, int signal, int event)
{
    struct watch *watch = gate->watch;
    struct tracee *thread = tracees_find(&watch->tracees, id);

    if (!thread) {
        tracees_add(&watch->tracees, &(struct tracee){.id = id, .process = id, .early = true});
        return;
    }
    if (event == PTRACE_EVENT_SECCOMP) {
        gate->hooks->call(gate->hooks->context, thread->process, id, is_held(thread));
        go_on(id, 0);
        return;
    }
    if (event == PTRACE_EVENT_EXEC) {
        after_exec(gate, id);
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        on_birth(gate, thread);
    if (thread->passed && !stays(gate)) {
        if (trap_remove(&thread->trap, id, trap_is_hit(&thread->trap, id, event ? 0 : signal)) == 0)
            let_go(watch, id, event ? 0 : signal);
        else
            kill_process(thread->process);
    } else if (event) {
        on_event(gate, thread, signal, event);
    } else {
        on_signal(gate, thread, signal);
    }
}

static void on_death(struct gate *gate, pid_t id)
{
    pid_t process = gate_process(gate, id);

    tracees_forget(&gate->watch->tracees, id);
    if (stays(gate))
        on_end(gate, process);
}

/* Handles what there is. Returns whether to wait for more. */
static bool handle_all(struct gate *gate, int flags)
{
    struct watch *watch = gate->watch;

    while (watch->tracees.count > 0) {
        int status;
        pid_t id = waitpid(-1, &status, __WALL | flags);
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
    return false;
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
    long options = OPTIONS | (stays(gate) ? OPTIONS_STAYING : 0);
    if (ptrace(PTRACE_SEIZE, process, 0, options) != 0)
        return -errno;
    /* an outer filter may only pretend */
    struct thread_status status;
    error = look_thread(process, &status);
    if (!error && status.tracer != getpid())
        return -EPERM;
    if (!error && hooks && !listens)
        begin(gate, -1);
    return error;
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
    if (gate->watch->begun && gate->hooks->end)
        gate->hooks->end(gate->hooks->context);
}
