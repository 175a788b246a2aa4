/* answer COMMAND [ARGUMENT...]: executes it under a filter that notifies of every call, and lets
 * each be made: the least that learning by notification can cost. */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP /* Linux 6.6 */
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, __u64)
#endif

enum { NOT_YET = -2 };

/* From the return on each call of this process waits for an answer. */
static int load(void)
{
    struct sock_filter notify = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = {1, &notify};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                        &program);
}

/* For SIGCHLD: whoever waits for a request would wait for ever. */
static void end(int signal)
{
    int status = signal;

    if (wait(&status) > 0)
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static _Noreturn void answer(int listener)
{
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    for (;;) {
        struct seccomp_notif request = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
            continue;
        struct seccomp_notif_resp response = {.id = request.id,
                                              .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }
}

int main(int count, char **arguments)
{
    atomic_int *listener =
        mmap(NULL, sizeof(*listener), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (count < 2)
        errx(2, "usage: answer COMMAND [ARGUMENT...]");
    if (listener == MAP_FAILED)
        err(1, "no memory");
    *listener = NOT_YET;
    signal(SIGCHLD, end);
    pid_t child = fork();
    if (child == 0) {
        *listener = load();
        execvp(arguments[1], arguments + 1);
        _exit(127);
    }
    while (child > 0 && *listener == NOT_YET)
        sched_yield();
    int process = (int)syscall(SYS_pidfd_open, child, 0);
    int own = (int)syscall(SYS_pidfd_getfd, process, *listener, 0);
    if (own < 0)
        err(1, "cannot listen");
    answer(own);
}
