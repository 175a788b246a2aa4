#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"
#include "watch.h"

enum { STACK_GUARD = 4096, STACK_SIZE = 4 << 20 };

/* A message between the two: leave to trace, and an error number. */
static bool send_number(int channel, int number)
{
    return send(channel, &number, sizeof(number), MSG_NOSIGNAL) == sizeof(number);
}

static bool receive_number(int channel, int *number)
{
    ssize_t got;

    do {
        got = recv(channel, number, sizeof(*number), 0);
    } while (got < 0 && errno == EINTR);
    return got == sizeof(*number);
}

/* Closes every descriptor but standard error and the COUNT in KEPT (or -1). */
static void close_others(const int *kept, size_t count)
{
    unsigned from = 0;

    for (;;) {
        unsigned next = from <= STDERR_FILENO ? STDERR_FILENO : ~0U;
        for (size_t i = 0; i < count; i++) {
            if (kept[i] >= (int)from && (unsigned)kept[i] < next)
                next = (unsigned)kept[i];
        }
        if (next > from)
            syscall(SYS_close_range, from, next - 1, 0);
        if (next == ~0U)
            return;
        from = next + 1;
    }
}

/* Waits until somebody else has read and closed the file that is kept, or PROCESS is gone. */
static int keep(const struct gate *gate, pid_t process, int channel)
{
    char path[64];
    struct pollfd polls[2] = {{.events = POLLIN}, {.events = POLLIN}};
    nfds_t count = gate->settings->program_count > 0 ? 1 : 2;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", gate->keep);
    polls[0].fd = (int)syscall(SYS_pidfd_open, process, 0);
    polls[1].fd = inotify_init1(IN_CLOEXEC);
    int error = polls[0].fd < 0 || polls[1].fd < 0 ||
                        inotify_add_watch(polls[1].fd, path, IN_CLOSE_NOWRITE) < 0
                    ? errno
                    : 0;
    if (send_number(channel, -error) && !error) {
        close(channel);
        while (poll(polls, count, -1) < 0 && errno == EINTR)
            continue;
    }
    return STATUS_OK;
}

/* The watcher, from its first breath to its last. Every signal is blocked since before it was born:
 * whom the terminal or a `kill` of the process group means is the program. */
static _Noreturn void watch(struct gate *gate, pid_t process, int channel)
{
    const int kept[] = {channel, gate->keep, gate->also ? gate->also : -1};
    int word;

    signal(SIGCHLD, SIG_DFL);
    close_others(kept, sizeof(kept) / sizeof(kept[0]));
    if (setsid() < 0 || chdir("/") != 0 || !receive_number(channel, &word))
        _exit(STATUS_CANNOT);
    if (gate->only_keep)
        _exit(keep(gate, process, channel));
    int error = watch_seize(gate, process);
    if (!send_number(channel, error) || error)
        _exit(STATUS_CANNOT);
    close(channel);
    watch_begin(gate);
    watch_run(gate);
    _exit(STATUS_OK);
}

struct birth {
    struct gate *gate;
    pid_t process;
    int channel;
};

/* In the first child, which has this process's memory, and a stack of its own. */
static int bear_watcher(void *context)
{
    const struct birth *birth = context;

    birth->gate->watcher = fork();
    if (birth->gate->watcher == 0)
        watch(birth->gate, birth->process, birth->channel);
    _exit(birth->gate->watcher < 0 ? errno : 0);
}

/* A stack for it and the watcher, above a page that is none. Returns its lowest byte, or NULL. */
static char *map_stack(void)
{
    char *stack = mmap(NULL, STACK_GUARD + STACK_SIZE, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (stack == MAP_FAILED)
        return NULL;
    if (mprotect(stack + STACK_GUARD, STACK_SIZE, PROT_READ | PROT_WRITE) == 0)
        return stack;
    munmap(stack, STACK_GUARD + STACK_SIZE);
    return NULL;
}

/* Two births, so that the watcher is nobody's child: the program would have to wait for it. The
 * first child ends without a signal, and is waited for here. It shares the memory, as vfork()'s
 * does: two copies of that would be a tenth of what a start costs. */
static int start_watcher(struct gate *gate, const int channels[2])
{
    struct birth birth = {gate, getpid(), channels[1]};
    char *stack = map_stack();
    int subreaper = 0;
    int status = 0;

    if (!stack)
        return -ENOMEM;
    prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    if (subreaper)
        prctl(PR_SET_CHILD_SUBREAPER, 0);
    pid_t child =
        clone(bear_watcher, stack + STACK_GUARD + STACK_SIZE, CLONE_VM | CLONE_VFORK, &birth);
    int error = child < 0 ? errno : 0;
    pid_t ended = -1;
    while (child > 0 && (ended = waitpid(child, &status, __WALL)) < 0 && errno == EINTR)
        continue;
    if (child > 0 && ended < 0)
        error = errno;
    if (subreaper)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    munmap(stack, STACK_GUARD + STACK_SIZE);
    if (error)
        return -error;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

/* Lets the watcher trace this process, and waits until it does. */
static int agree(struct gate *gate, int channel)
{
    int error;

    prctl(PR_SET_PTRACER, gate->watcher); /* for Yama; fails where there is none */
    if (!send_number(channel, 0) || !receive_number(channel, &error))
        return -ECHILD;
    return error;
}

/* Stops with the descriptor in a register. A fault is not a system call, so that no filter can hold
 * it; the signal never arrives, but its disposition and its place in the mask may need putting
 * back. They are asked for before there is anything that holds a call. */
static int hand_over(const struct gate_hooks *hooks)
{
    struct sigaction action;
    sigset_t mask;

    sigaction(SIGTRAP, NULL, &action);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    int descriptor = hooks->prepare(hooks->context);
    if (descriptor < 0)
        return descriptor;
    __asm__ volatile("int3" : : "a"((long)descriptor) : "memory");
    sigaction(SIGTRAP, &action, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return 0;
}

static int lower(struct gate *gate, const int channels[2])
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    int error = start_watcher(gate, channels);
    close(channels[1]);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (!error)
        error = agree(gate, channels[0]);
    close(channels[0]);
    if (error == -EPERM || error == -ENOSYS || error == -EACCES)
        tool_error("cannot hold the program at its entry point: ptrace: %s; %s%s", strerror(-error),
                   gate->hooks ? gate->hooks->name : "--no-gate runs it without that, ",
                   gate->hooks ? " cannot do without" : "and without proof that it is filtered");
    else if (error)
        tool_error("cannot start the watcher: %s",
                   error == -ECHILD ? "it is gone" : strerror(-error));
    return error;
}

static int start(struct gate *gate)
{
    int pair[2];
    int channels[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        tool_error("cannot start the watcher: %s", strerror(errno));
        return -errno;
    }
    /* not in the place of a standard descriptor that is closed */
    for (int i = 0; i < 2; i++) {
        channels[i] = fcntl(pair[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(pair[i]);
    }
    if (channels[0] < 0 || channels[1] < 0) {
        tool_error("cannot start the watcher: %s", strerror(EMFILE));
        return -EMFILE;
    }
    return lower(gate, channels);
}

int gate_keep(struct gate *gate)
{
    gate->only_keep = true;
    return start(gate);
}

int gate_lower(struct gate *gate)
{
    int error = start(gate);

    if (error || !gate->hooks || !gate->hooks->prepare)
        return error;
    return gate->hooks->listens ? hand_over(gate->hooks)
                                : gate->hooks->prepare(gate->hooks->context);
}
