/* A library whose constructor runs before the shim's, and does to the process what EARLIER says.
 * FROM and TO are paths. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;

static void on_alarm(int signal)
{
    (void)signal;
    ticks++;
}

/* A filter that the others have not. */
static void *filter_itself(void *barrier)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program))
        _exit(99);
    pthread_barrier_wait(barrier);
    for (;;)
        pause();
}

static void start_filtered_thread(void)
{
    static pthread_barrier_t barrier;
    pthread_t thread;

    if (pthread_barrier_init(&barrier, NULL, 2) ||
        pthread_create(&thread, NULL, filter_itself, &barrier))
        _exit(99);
    pthread_barrier_wait(&barrier);
}

static void start_timer(void)
{
    const struct itimerval often = {{0, 30}, {0, 30}};
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

/* As where a program looks for what its processor can do, and jumps back. */
static void on_trap(int signal)
{
    static const char text[] = "went on\n";

    (void)signal;
    _exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0);
}

static void limit(int resource, rlim_t value)
{
    struct rlimit bound = {value, value};

    if (setrlimit((__rlimit_resource_t)resource, &bound) != 0)
        _exit(99);
}

__attribute__((constructor)) static void act(void)
{
    const char *what = getenv("EARLIER");
    const char *from = getenv("FROM");
    const char *to = getenv("TO");
    sigset_t all;

    if (!what)
        return;
    if (strcmp(what, "replace") == 0 && rename(from, to) != 0)
        _exit(99);
    if (strcmp(what, "remove") == 0 && unlink(from) != 0)
        _exit(99);
    if (strcmp(what, "timer") == 0)
        start_timer();
    if (strcmp(what, "trap") == 0)
        signal(SIGILL, on_trap);
    if (strcmp(what, "filter") == 0)
        start_filtered_thread();
    if (strcmp(what, "elsewhere") == 0 && chdir(to) != 0)
        _exit(99);
    if (strcmp(what, "unroot") == 0 && (chroot(to) != 0 || chdir("/") != 0))
        _exit(99);
    if (strcmp(what, "descriptors") == 0)
        limit(RLIMIT_NOFILE, 3);
    if (strcmp(what, "data") == 0)
        limit(RLIMIT_DATA, 4096);
    if (strcmp(what, "space") == 0)
        limit(RLIMIT_AS, 4096);
    if (strcmp(what, "stack") == 0)
        limit(RLIMIT_STACK, 4096);
    if (strcmp(what, "mask") == 0) {
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
    }
    if (strcmp(what, "close") == 0) {
        close(0);
        close(1);
        close(2);
    }
}
