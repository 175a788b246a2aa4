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
#include "trap.h"

enum {
    OPTIONS = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
              PTRACE_O_TRACECLONE
};

/* A thread that is traced. What is the same for all threads of a process is in each of them. */
struct thread {
    pid_t id;
    pid_t process;
    bool early;       /* it stopped before its parent told of it, and waits for that */
    bool preparing;   /* it is about to hand over a descriptor */
    bool passed;      /* its filter is in: it is let go when it stops next */
    bool ending;      /* it was told to exit */
    unsigned filters; /* that it had when it was executed */
    struct trap trap;
};

struct watch {
    struct thread *threads; /* owned */
    size_t count;
    size_t capacity;
    int listener; /* what hooks.prepare() returned, or -1 */
    int signals;  /* SIGCHLD's, or -1 */
};

static struct thread *find(const struct watch *watch, pid_t id)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->threads[i].id == id)
            return &watch->threads[i];
    }
    return NULL;
}

/* Without memory nobody watches: the exit kills what is traced. */
static struct thread *add(struct watch *watch, const struct thread *thread)
{
    if (watch->count == watch->capacity) {
        size_t capacity = 2 * watch->capacity + 8;
        struct thread *threads = reallocarray(watch->threads, capacity, sizeof(*threads));
        if (!threads) {
            tool_error("out of memory: the program was killed");
            _exit(STATUS_CANNOT);
        }
        watch->threads = threads;
        watch->capacity = capacity;
    }
    watch->threads[watch->count] = *thread;
    return &watch->threads[watch->count++];
}

static void forget(struct watch *watch, pid_t id)
{
    struct thread *thread = find(watch, id);

    if (thread)
        *thread = watch->threads[--watch->count];
}

bool gate_holds(const struct gate *gate, pid_t id)
{
    const struct thread *thread = gate->watch ? find(gate->watch, id) : NULL;

    return thread && !thread->passed;
}

/* A thread that is gone meanwhile is told of by wait(2). */
static void go_on(pid_t id, int signal)
{
    ptrace(PTRACE_CONT, id, 0, (long)signal);
}

static void let_go(struct watch *watch, pid_t id, int signal)
{
    if (ptrace(PTRACE_DETACH, id, 0, (long)signal) == 0)
        forget(watch, id);
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
static void on_exec(struct gate *gate, struct thread *thread)
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

/* The other threads of a process are gone when one of them executes; nobody tells of the one whose
 * id was taken over. */
static void after_exec(struct gate *gate, pid_t id)
{
    struct watch *watch = gate->watch;
    unsigned long former = (unsigned long)id;

    ptrace(PTRACE_GETEVENTMSG, id, 0, &former);
    const struct thread *own = find(watch, (pid_t)former);
    struct thread thread = own ? *own : (struct thread){0};
    thread.id = thread.process = id;
    for (size_t i = watch->count; i-- > 0;) {
        if (watch->threads[i].process == id)
            watch->threads[i] = watch->threads[--watch->count];
    }
    struct thread *added = add(watch, &thread);
    if (added->passed)
        let_go(watch, id, 0);
    else
        on_exec(gate, added);
}

/* The whole process of THREAD may go: what stands still at once, the rest when it stops. */
static void pass(struct gate *gate, const struct thread *thread)
{
    struct watch *watch = gate->watch;
    pid_t process = thread->process;
    pid_t id = thread->id;

    if (gate->hooks && gate->hooks->passed)
        gate->hooks->passed(gate->hooks->context, process);
    for (size_t i = 0; i < watch->count; i++) {
        struct thread *other = &watch->threads[i];
        if (other->process == process && !other->passed) {
            other->passed = true;
            if (other->id != id && !other->early)
                ptrace(PTRACE_INTERRUPT, other->id, 0, 0);
        }
    }
    let_go(watch, id, 0);
}

/* THREAD is at the entry point. */
static void on_entry(struct gate *gate, struct thread *thread)
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
static void on_birth(struct watch *watch, const struct thread *parent, bool cloned)
{
    struct thread_status status;
    unsigned long message = 0;

    if (ptrace(PTRACE_GETEVENTMSG, parent->id, 0, &message) != 0)
        return;
    pid_t id = (pid_t)message;
    const struct thread *early = find(watch, id);
    bool stopped = early && early->early;
    if (early && !stopped)
        return;
    struct thread child = *parent;
    child.id = child.process = id;
    child.preparing = false;
    if (cloned && look_thread(id, &status) == 0)
        child.process = status.process;
    if (stopped)
        forget(watch, id);
    add(watch, &child);
    if (!stopped)
        return;
    if (child.passed)
        let_go(watch, id, 0);
    else
        go_on(id, 0);
}

/* The process is about to exec, and hands over the descriptor that is in its register. */
static void take_listener(struct gate *gate, struct thread *thread)
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
    if (gate->hooks->begin)
        gate->hooks->begin(gate->hooks->context, copy);
    go_on(thread->id, 0);
}

static void on_signal(struct gate *gate, struct thread *thread, int signal)
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
        go_on(thread->id, signal);
    }
}

static bool stops(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void on_stop(struct gate *gate, pid_t id, int signal, int event)
{
    struct watch *watch = gate->watch;
    struct thread *thread = find(watch, id);

    if (!thread) {
        add(watch, &(struct thread){.id = id, .process = id, .early = true});
        return;
    }
    if (event == PTRACE_EVENT_EXEC) {
        after_exec(gate, id);
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
        on_birth(watch, thread, event == PTRACE_EVENT_CLONE);
        thread = find(watch, id);
    }
    if (!thread)
        return;
    if (thread->passed) {
        if (trap_remove(&thread->trap, id, trap_is_hit(&thread->trap, id, event ? 0 : signal)) == 0)
            let_go(watch, id, event ? 0 : signal);
        else
            kill_process(thread->process);
    } else if (event == PTRACE_EVENT_STOP && stops(signal)) {
        ptrace(PTRACE_LISTEN, id, 0, 0);
    } else if (event) {
        go_on(id, 0);
    } else {
        on_signal(gate, thread, signal);
    }
}

/* Handles what there is. Returns whether to wait for more. */
static bool handle_all(struct gate *gate, int flags)
{
    struct watch *watch = gate->watch;

    while (watch->count > 0) {
        int status;
        pid_t id = waitpid(-1, &status, __WALL | flags);
        if (id < 0 && errno == EINTR)
            continue;
        if (id <= 0)
            return id == 0;
        if (WIFSTOPPED(status))
            on_stop(gate, id, WSTOPSIG(status), (int)((unsigned)status >> 16));
        else
            forget(watch, id);
    }
    return false;
}

/* Waits for the kernel and for the listener. Returns whether the listener is still there. */
static bool serve(struct gate *gate)
{
    struct watch *watch = gate->watch;
    const struct gate_hooks *hooks = gate->hooks;
    struct pollfd polls[] = {{.fd = watch->listener, .events = POLLIN},
                             {.fd = watch->signals, .events = POLLIN}};
    struct signalfd_siginfo information;

    if (poll(polls, 2, -1) < 0)
        return true;
    if (polls[1].revents & POLLIN && read(watch->signals, &information, sizeof(information)) < 0)
        return true;
    if (polls[0].revents & POLLIN && hooks->readable)
        hooks->readable(hooks->context);
    return !(polls[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

int watch_seize(struct gate *gate, pid_t process)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return -ENOMEM;
    *watch = (struct watch){.listener = -1, .signals = -1};
    gate->watch = watch;
    if (gate->hooks && gate->hooks->prepare) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        watch->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (watch->signals < 0)
            return -errno;
    }
    add(watch,
        &(struct thread){.id = process, .process = process, .preparing = watch->signals >= 0});
    if (ptrace(PTRACE_SEIZE, process, 0, (long)OPTIONS) != 0)
        return -errno;
    /* an outer filter may only pretend */
    struct thread_status status;
    int error = look_thread(process, &status);
    return !error && status.tracer != getpid() ? -EPERM : error;
}

void watch_run(struct gate *gate)
{
    struct watch *watch = gate->watch;

    if (watch->signals < 0) {
        handle_all(gate, 0);
        return;
    }
    bool traced = true;
    while (traced || watch->listener >= 0) {
        traced = handle_all(gate, WNOHANG);
        if ((traced || watch->listener >= 0) && !serve(gate)) {
            if (gate->hooks->end)
                gate->hooks->end(gate->hooks->context);
            close(watch->listener);
            watch->listener = -1;
        }
    }
}
