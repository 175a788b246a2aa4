/* Makes one system call of a program fail, told by its place since the program was executed:
 *
 *     failing N ERROR EXECS COMMAND...
 *
 * The Nth call behind the EXECSth execve of COMMAND's process gets ERROR; all others, and those of
 * other processes, are carried out. Its own tracer is not needed for that, so that the process can
 * have another. Tells on standard error which call it was ("call NUMBER"), and exits as COMMAND. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
    long call;
    int error;
    long execs;
    long seen_calls;
    long seen_execs;
    pid_t process;
};

static int load(void)
{
    struct sock_filter instructions[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
    struct sock_fprog program = {1, instructions};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

/* Whether this is the call that has to fail. */
static bool counts(struct plan *plan, const struct seccomp_notif *call)
{
    if ((pid_t)call->pid != plan->process)
        return false;
    if (plan->seen_execs == plan->execs)
        return ++plan->seen_calls == plan->call;
    if (call->data.nr == SYS_execve)
        plan->seen_execs++;
    return false;
}

static void answer(struct plan *plan, int listener)
{
    struct seccomp_notif call;
    memset(&call, 0, sizeof(call));
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
        return;
    struct seccomp_notif_resp response = {.id = call.id};
    if (counts(plan, &call)) {
        fprintf(stderr, "call %d\n", call.data.nr);
        response.error = -plan->error;
    } else {
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Every call of the child waits already, so its descriptor is fetched. */
static int fetch(pid_t process)
{
    int child = (int)syscall(SYS_pidfd_open, process, 0);
    int listener = -1;

    for (int tries = 0; listener < 0 && tries < 50000; tries++) {
        usleep(100);
        listener = (int)syscall(SYS_pidfd_getfd, child, 3, 0);
    }
    close(child);
    return listener;
}

int main(int count, char **arguments)
{
    struct plan plan = {0};
    int status;

    if (count < 5)
        return 2;
    plan.call = atol(arguments[1]);
    plan.error = atoi(arguments[2]);
    plan.execs = atol(arguments[3]);
    closefrom(3);
    plan.process = fork();
    if (plan.process == 0) {
        if (load() != 3)
            _exit(2);
        execv(arguments[4], arguments + 4);
        _exit(2);
    }
    struct pollfd poll_listener = {.fd = fetch(plan.process), .events = POLLIN};
    while (poll_listener.fd >= 0) {
        if (poll(&poll_listener, 1, -1) < 0 && errno != EINTR)
            break;
        if (poll_listener.revents & POLLIN)
            answer(&plan, poll_listener.fd);
        else if (poll_listener.revents)
            break;
    }
    if (waitpid(plan.process, &status, 0) < 0)
        return 2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
