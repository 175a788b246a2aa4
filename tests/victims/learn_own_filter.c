/* A program with a seccomp filter of its own, as the sandboxes of browsers have. The filter answers
 * getpgid() with EPERM or, by "trap", by SIGSYS, whose handler makes EACCES of it. The second
 * argument says who calls it: "self", a "child", what the program "exec"utes, or a "thread" that
 * was there before (the filter is loaded for all threads), or "perl". "listen": the filter has a
 * listener. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static atomic_int loaded;

static void caught(int number, siginfo_t *information, void *context)
{
    (void)number, (void)information;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -EACCES;
}

static void *ask(void *nothing)
{
    while (!loaded)
        sched_yield();
    errno = 0;
    long got = syscall(SYS_getpgid, 0);
    printf("getpgid: %ld (%s)\n", got, strerror(errno));
    fflush(stdout);
    return nothing;
}

static int load(const char *how, int all)
{
    const unsigned answer = strcmp(how, "trap") == 0 ? SECCOMP_RET_TRAP : SECCOMP_RET_ERRNO | EPERM;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (strcmp(how, "listen") == 0)
        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                       &program) < 0;
    if (all)
        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) !=
               0;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0;
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "errno";
    const char *who = count > 2 ? arguments[2] : "self";
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    int thread = strcmp(who, "thread") == 0;
    pthread_t other;

    sigaction(SIGSYS, &action, NULL);
    if (thread)
        pthread_create(&other, NULL, ask, NULL);
    if (strcmp(how, "none") != 0 && load(how, thread) != 0) {
        printf("not loaded: %s\n", strerror(errno));
        return 1;
    }
    loaded = 1;
    if (thread)
        return pthread_join(other, NULL);
    if (strcmp(who, "exec") == 0)
        return execl("/proc/self/exe", arguments[0], "none", "self", (char *)NULL);
    if (strcmp(who, "perl") == 0)
        return execlp("perl", "perl", "-e", "print 'getpgrp: ', getpgrp(0)", (char *)NULL);
    if (strcmp(who, "child") == 0 && fork() != 0)
        return wait(NULL) < 0;
    ask(NULL);
    return 0;
}
