/* A library whose constructor starts threads: each calls getppid(2) until it is refused. With
 * SPINNERS_DIVERGE set, one of them loads a filter of its own first, which allows everything. */
#include "spinners.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int allowed; /* threads whose first call was not refused */
static atomic_int started;
static atomic_int refused;

static void *spin(void *unused)
{
    if (syscall(SYS_getppid) != -1)
        allowed++;
    started++;
    while (syscall(SYS_getppid) != -1)
        ;
    refused++;
    for (;;)
        pause();
    return unused;
}

static void *diverge(void *unused)
{
    struct sock_filter allow[] = {BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {.len = 1, .filter = allow};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        abort();
    return spin(unused);
}

__attribute__((constructor)) static void start(void)
{
    for (int i = 0; i < SPINNERS; i++) {
        pthread_t thread;
        void *(*body)(void *) = i == 0 && getenv("SPINNERS_DIVERGE") ? diverge : spin;
        if (pthread_create(&thread, NULL, body, NULL))
            abort();
    }
    while (started < SPINNERS)
        sched_yield();
}

int spinners_allowed(void)
{
    return allowed;
}

int spinners_refused(void)
{
    return refused;
}
