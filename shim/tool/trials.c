#include "trials.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif
#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

enum { SECONDS_MAX = 5, NOBODY = 65534, TRIED = SYS_getppid };

/* Loads a filter under which getppid gets ACTION. Returns what seccomp(2) returns, or minus an
 * errno. */
static int load(unsigned flags, unsigned action)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRIED, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    return result < 0 ? -errno : (int)result;
}

/* Whether a load that claims success is obeyed. */
static int refused(int loaded)
{
    if (loaded != 0)
        return loaded < 0 ? -loaded : EBUSY;
    return syscall(TRIED) == -1 && errno == EXDEV ? 0 : ENOTSUP;
}

static int try_filter(void)
{
    return refused(load(0, SECCOMP_RET_ERRNO | EXDEV));
}

static int try_prctl(void)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {1, code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

static int try_unprivileged(void)
{
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return errno;
    return try_filter();
}

/* A thread that waits for a byte, then tells whether it is refused. */
struct other_thread {
    int ready[2];
    int result;
};

static void *wait_and_try(void *context)
{
    struct other_thread *other = context;
    char byte;

    if (read(other->ready[0], &byte, 1) != 1)
        other->result = EIO;
    else
        other->result = syscall(TRIED) == -1 && errno == EXDEV ? 0 : ENOTSUP;
    return NULL;
}

static int try_threads(void)
{
    struct other_thread other = {.result = EIO};
    pthread_t thread;

    if (pipe(other.ready) != 0)
        return errno;
    int error = pthread_create(&thread, NULL, wait_and_try, &other);
    if (error)
        return error;
    error = refused(load(SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_RET_ERRNO | EXDEV));
    if (error || write(other.ready[1], "", 1) != 1)
        return error ? error : errno;
    pthread_join(thread, NULL);
    return other.result;
}

static int try_kill(void)
{
    int status;
    pid_t child = fork();

    if (child < 0)
        return errno;
    if (child == 0) {
        if (load(0, SECCOMP_RET_KILL_PROCESS) == 0)
            syscall(TRIED);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child)
        return errno;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0 : ENOTSUP;
}

static int try_log(void)
{
    int loaded = load(SECCOMP_FILTER_FLAG_LOG, SECCOMP_RET_LOG);

    if (loaded != 0)
        return -loaded;
    return syscall(TRIED) > 0 ? 0 : ENOTSUP;
}

/* Answers one held call with EXDEV. */
static int answer(int listener)
{
    struct seccomp_notif call = {0};
    struct seccomp_notif_resp response = {.error = -EXDEV};

    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
        return errno;
    response.id = call.id;
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 ? 0 : errno;
}

/* The listener stays in the parent; a forked child, under the same filter, makes the call. */
static int try_listener(unsigned flags, int (*prepare)(int listener))
{
    int listener = load(SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, SECCOMP_RET_USER_NOTIF);
    int status;

    if (listener < 0)
        return -listener;
    int error = prepare ? prepare(listener) : 0;
    if (error)
        return error;
    pid_t child = fork();
    if (child < 0)
        return errno;
    if (child == 0)
        _exit(syscall(TRIED) == -1 && errno == EXDEV ? 0 : 1);
    error = answer(listener);
    if (waitpid(child, &status, 0) != child)
        return errno;
    return error ? error : (status == 0 ? 0 : ENOTSUP);
}

static int try_notification(void)
{
    return try_listener(0, NULL);
}

static int try_killable(void)
{
    return try_listener(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, NULL);
}

static int try_listener_threads(void)
{
    return try_listener(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, NULL);
}

static int set_synchronous(int listener)
{
    uint64_t flags = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;

    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags) == 0 ? 0 : errno;
}

static int try_synchronous(void)
{
    return try_listener(0, set_synchronous);
}

static int try_audit_log(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1)};
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

    if (descriptor < 0)
        return errno;
    int error = bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    close(descriptor);
    return error;
}

/* Forks a child that waits, lets VISIT have a look at it while it is traced, and ends it. */
static int with_traced_child(int (*visit)(pid_t child))
{
    pid_t child = fork();
    int status;

    if (child < 0)
        return errno;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        load(0, SECCOMP_RET_ERRNO | EXDEV);
        raise(SIGSTOP);
        _exit(0);
    }
    int error = waitpid(child, &status, WUNTRACED) == child ? 0 : errno;
    if (!error && ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL) != 0)
        error = errno;
    if (!error && ptrace(PTRACE_INTERRUPT, child, 0, 0) != 0)
        error = errno;
    if (!error && waitpid(child, &status, 0) != child)
        error = errno;
    if (!error && visit)
        error = visit(child);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return error;
}

static int try_trace(void)
{
    return with_traced_child(NULL);
}

static int read_filter(pid_t child)
{
    return ptrace(PTRACE_SECCOMP_GET_FILTER, child, 0L, NULL) > 0 ? 0 : errno;
}

static int try_read_filter(void)
{
    return with_traced_child(read_filter);
}

const struct trial TRIALS[] = {
    {"filter", "a filter is loaded and obeyed", "nothing can be enforced on this machine",
     try_filter, 1},
    {"threads", "a filter reaches every thread (TSYNC)",
     "a program whose libraries start threads before main can't be filtered", try_threads, 1},
    {"kill", "'kill' ends the whole process", "'kill' ends a single thread, or nothing", try_kill,
     1},
    {"unprivileged", "a user without rights can filter programs", "only root can filter programs",
     try_unprivileged, 0},
    {"prctl", "prctl(2) loads filters as well",
     "where an outer filter refuses seccomp(2), nothing runs", try_prctl, 0},
    {"log", "'default = log' and 'audit = yes' are obeyed",
     "'default = log' and 'audit = yes' end with status 71", try_log, 0},
    {"audit-log", "refusals can be read from the audit log",
     "what 'audit = yes' writes can't be read by this user", try_audit_log, 0},
    {"trace", "the gate of 'run' can hold a program (ptrace)", "'run' works with --no-gate only",
     try_trace, 0},
    {"read-filter", "'verify' can read filters",
     "'verify' can't prove whose filter it is; run it as root", try_read_filter, 0},
    {"notify", "'run --report' can tell refused calls", "'run --report' does not work",
     try_notification, 0},
    {"notify-threads", "a listener's filter reaches every thread (TSYNC_ESRCH)",
     "'run --report' watches single-threaded starts only", try_listener_threads, 0},
    {"notify-killable", "a held call is interrupted by nothing but death (WAIT_KILLABLE_RECV)",
     "a signal may interrupt a call that is being told", try_killable, 0},
    {"notify-sync", "telling a call is quick (SYNC_WAKE_UP)",
     "telling a call takes some ten times longer", try_synchronous, 0},
};

const size_t TRIAL_COUNT = sizeof(TRIALS) / sizeof(TRIALS[0]);

int trial_run(const struct trial *trial)
{
    int status;
    pid_t child = fork();

    if (child < 0)
        return errno;
    if (child == 0) {
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        alarm(SECONDS_MAX);
        _exit(trial->attempt());
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return errno;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
