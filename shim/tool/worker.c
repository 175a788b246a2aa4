#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STOPS_MAX = 200 }; /* of a millisecond */

static _Noreturn void work(int channel, pid_t parent, void (*serve)(int channel, void *context),
                           void *context)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(channel, STDIN_FILENO) < 0 ||
        syscall(SYS_close_range, 1U, ~0U, 0) != 0)
        _exit(1);
    serve(STDIN_FILENO, context);
    _exit(0);
}

int worker_start(struct worker *worker, void (*serve)(int channel, void *context), void *context)
{
    int channels[2];
    pid_t parent = getpid();

    *worker = (struct worker){0};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels) != 0)
        return -errno;
    /* as fork(2), but with no signal at its end */
    pid_t child = (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
    if (child == 0)
        work(channels[1], parent, serve, context);
    int error = child < 0 ? errno : 0;
    close(channels[1]);
    if (error) {
        close(channels[0]);
        return -error;
    }
    *worker = (struct worker){child, channels[0]};
    return 0;
}

/* It is gone at once, unless the kernel cannot be interrupted at what it does for it. */
void worker_stop(struct worker *worker)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    if (worker->process == 0)
        return;
    kill(worker->process, SIGKILL);
    for (int i = 0; i < STOPS_MAX && waitpid(worker->process, NULL, __WALL | WNOHANG) == 0; i++)
        nanosleep(&pause, NULL);
    close(worker->channel);
    *worker = (struct worker){0};
}

/* Room for one descriptor. */
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

bool worker_send(int channel, const struct worker_message *message, int descriptor)
{
    struct worker_message copy = *message;
    union control control = {0};
    struct iovec part = {&copy, sizeof(copy)};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

    if (descriptor >= 0) {
        header.msg_control = &control;
        header.msg_controllen = sizeof(control);
        struct cmsghdr *first = CMSG_FIRSTHDR(&header);
        first->cmsg_level = SOL_SOCKET;
        first->cmsg_type = SCM_RIGHTS;
        first->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(first), &descriptor, sizeof(descriptor));
    }
    return sendmsg(channel, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(copy);
}

static int take_descriptor(struct msghdr *header)
{
    int descriptor = -1;
    struct cmsghdr *first = CMSG_FIRSTHDR(header);

    if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS &&
        first->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&descriptor, CMSG_DATA(first), sizeof(descriptor));
    return descriptor;
}

bool worker_receive(int channel, struct worker_message *message, int *descriptor, int milliseconds)
{
    union control control = {0};
    struct iovec part = {message, sizeof(*message)};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    struct pollfd poll_for = {channel, POLLIN, 0};
    int flags = MSG_CMSG_CLOEXEC | (milliseconds < 0 ? 0 : MSG_DONTWAIT);

    if (descriptor) {
        *descriptor = -1;
        header.msg_control = &control;
        header.msg_controllen = sizeof(control);
    }
    if (milliseconds >= 0 && poll(&poll_for, 1, milliseconds) <= 0)
        return false;
    ssize_t got = recvmsg(channel, &header, flags);
    if (got > 0 && descriptor)
        *descriptor = take_descriptor(&header);
    return got == (ssize_t)sizeof(*message);
}
