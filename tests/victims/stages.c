/* What can go wrong while a stage begins: many threads at once, forks in the middle, a vfork child,
 * a signal handler. The stage begins with poll() and takes mkdir() away. Each mode prints what it
 * saw; "stages race ROUNDS", each round in a process of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 64 };

static atomic_int escaped;
static pthread_barrier_t barrier;

/* mkdir of what is there: EEXIST where the call is made. */
static int is_refused(void)
{
    return mkdir("/", 0700) != 0 && errno == EPERM;
}

static int filters(void)
{
    char line[256];
    int count = -1;
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "Seccomp_filters: %d", &count);
    if (file)
        fclose(file);
    return count;
}

/* In the child of a fork(): it begins the stage itself, or has it already. */
static void check_child(void)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        poll(NULL, 0, 0);
        _exit(is_refused() && filters() == 2 ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        escaped++;
}

static void *race(void *context)
{
    pthread_barrier_wait(&barrier);
    if (context)
        check_child();
    poll(NULL, 0, 0);
    if (!is_refused())
        escaped++;
    return NULL;
}

/* One round. Every sixteenth thread forks instead of waiting for the others. */
static int run_threads(void)
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, race, i % 16 ? NULL : &barrier) != 0)
            abort();
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return escaped == 0 && filters() == 2 ? 0 : 1;
}

static int run_race(int rounds)
{
    int wrong = 0;

    for (int i = 0; i < rounds; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            _exit(run_threads());
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            wrong++;
    }
    printf("%d rounds, %d wrong; here: %s, %d filters\n", rounds, wrong,
           is_refused() ? "refused" : "allowed", filters());
    return wrong != 0;
}

static int run_vfork(void)
{
    volatile int refused = -1;
    pid_t child = vfork();

    if (child == 0) {
        poll(NULL, 0, 0);
        poll(NULL, 0, 0);
        refused = is_refused();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("child %s, parent %s", refused ? "refused" : "allowed",
           is_refused() ? "refused" : "allowed");
    poll(NULL, 0, 0);
    printf(", and after its own poll() %s, %d filters\n", is_refused() ? "refused" : "allowed",
           filters());
    return 0;
}

static atomic_int begun;
static int sibling_refused = -1;

static int live_beside(void *context)
{
    (void)context;
    while (!begun)
        sched_yield();
    poll(NULL, 0, 0);
    sibling_refused = is_refused();
    _exit(0);
}

/* A process that is no thread of this one and has its memory: what is noted there is taken for its
 * own. */
static int run_sibling(void)
{
    static char stack[1 << 16] __attribute__((aligned(16)));
    pid_t child = clone(live_beside, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);

    poll(NULL, 0, 0);
    begun = 1;
    waitpid(child, NULL, 0);
    printf("parent %s, sibling %s\n", is_refused() ? "refused" : "allowed",
           sibling_refused ? "refused" : "allowed");
    return 0;
}

static int filter_itself(int error)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, error < 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)(error & 0xfff)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, instructions};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void *filter_thread(void *started)
{
    if (filter_itself(-1) != 0)
        abort();
    pthread_barrier_wait(started);
    for (;;)
        pause();
}

/* The program has a filter of its own when the stage is to begin: one that answers seccomp(2) with
 * ERROR, or, if that is negative, one of another thread that answers nothing. */
static int run_own(int error)
{
    pthread_t thread;

    if (error >= 0 && filter_itself(error) != 0)
        return 1;
    pthread_barrier_init(&barrier, NULL, 2);
    if (error < 0 && pthread_create(&thread, NULL, filter_thread, &barrier) == 0)
        pthread_barrier_wait(&barrier);
    poll(NULL, 0, 0);
    puts(is_refused() ? "refused" : "allowed");
    return 0;
}

static sigjmp_buf escape;

static void on_alarm(int signal)
{
    (void)signal;
    siglongjmp(escape, 1);
}

/* A handler jumps out of whatever the stage's beginning has come to, and never comes back. */
static int run_jumps(int rounds)
{
    int wrong = 0;

    for (int i = 0; i < rounds; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            const struct itimerval timer = {{0, 0}, {0, 1 + i}};
            signal(SIGALRM, on_alarm);
            if (sigsetjmp(escape, 1) == 0) {
                setitimer(ITIMER_REAL, &timer, NULL);
                poll(NULL, 0, 0);
            }
            pthread_barrier_init(&barrier, NULL, 1);
            pthread_t thread;
            if (pthread_create(&thread, NULL, race, NULL) != 0 || pthread_join(thread, NULL) != 0)
                _exit(1);
            poll(NULL, 0, 0);
            _exit(is_refused() && escaped == 0 ? 0 : 1);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            wrong++;
    }
    printf("%d rounds, %d wrong\n", rounds, wrong);
    return wrong != 0;
}

static void on_timer(int signal)
{
    (void)signal;
    poll(NULL, 0, 0);
    if (!is_refused())
        escaped++;
}

/* A handler that begins the stage, while the program does. */
static int run_signals(int rounds)
{
    int wrong = 0;

    for (int i = 0; i < rounds; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            struct itimerval timer = {{0, 20 + i % 50}, {0, 20 + i % 50}};
            signal(SIGALRM, on_timer);
            setitimer(ITIMER_REAL, &timer, NULL);
            poll(NULL, 0, 0);
            int refused = is_refused();
            _exit(refused && escaped == 0 && filters() == 2 ? 0 : 1);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            wrong++;
    }
    printf("%d rounds, %d wrong\n", rounds, wrong);
    return wrong != 0;
}

/* Every argument arrives, and the result comes back. */
static int run_arguments(void)
{
    int pipes[2];
    volatile nfds_t nothing_like_it = (nfds_t)-1;

    if (pipe(pipes) != 0 || write(pipes[1], "x", 1) != 1)
        return 1;
    struct pollfd polls[] = {{.fd = pipes[0], .events = POLLIN}, {.fd = -1}};
    int first = poll(polls, 2, 1000);
    int second = poll(&polls[1], 1, 10);
    int third = poll(polls, nothing_like_it, 0);
    printf("%d, %d, %s; %s\n", first, second, third < 0 ? strerror(errno) : "?",
           polls[0].revents == POLLIN ? "readable" : "?");
    return 0;
}

int main(int count, char **arguments)
{
    const char *mode = count > 1 ? arguments[1] : "";
    int rounds = count > 2 ? atoi(arguments[2]) : 1;

    if (strcmp(mode, "race") == 0)
        return run_race(rounds);
    if (strcmp(mode, "vfork") == 0)
        return run_vfork();
    if (strcmp(mode, "jumps") == 0)
        return run_jumps(rounds);
    if (strcmp(mode, "own") == 0)
        return run_own(rounds);
    if (strcmp(mode, "sibling") == 0)
        return run_sibling();
    if (strcmp(mode, "signals") == 0)
        return run_signals(rounds);
    if (strcmp(mode, "arguments") == 0)
        return run_arguments();
    return 2;
}
