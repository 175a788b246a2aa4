/* A process with two threads of which only the first has a filter; it says so and waits. With an
 * argument, the second thread gets the same filter. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load(unsigned flags)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {1, code};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) != 0)
        _exit(1);
}

static void *wait_long(void *unused)
{
    sleep(60);
    return unused;
}

int main(int count, char **arguments)
{
    pthread_t thread;

    (void)arguments;
    if (pthread_create(&thread, NULL, wait_long, NULL) != 0)
        return 1;
    load(count > 1 ? SECCOMP_FILTER_FLAG_TSYNC : 0);
    puts("ready");
    fflush(stdout);
    sleep(60);
    return 0;
}
