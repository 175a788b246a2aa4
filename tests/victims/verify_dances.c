/* Processes in which, at any moment, one thread at least is not filtered by the whitelist whose
 * program is in FILE, and which make that hard to see: DANCE FILE. All threads have some filter.
 * "faithful" is the opposite: all are filtered by it, and hard to catch. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INSTRUCTIONS_MAX = 4096, STACK_BYTES = 65536, CHAINS = 4 };

static struct sock_filter code[INSTRUCTIONS_MAX];
static struct sock_fprog whitelist = {0, code};
static char **words;

static void load(const struct sock_fprog *program, unsigned flags)
{
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program) != 0) {
        perror("seccomp");
        _exit(1);
    }
}

static void read_whitelist(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(descriptor, code, sizeof(code));

    if (length <= 0)
        _exit(1);
    whitelist.len = (unsigned short)((size_t)length / sizeof(code[0]));
    close(descriptor);
}

/* A filter that lets everything through, in each thread. It stays over exec. */
static void load_other(void)
{
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &all};

    if (prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER)
        return;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    load(&program, SECCOMP_FILTER_FLAG_TSYNC);
}

static void nap(long microseconds)
{
    struct timespec time = {0, microseconds * 1000};

    nanosleep(&time, NULL);
}

static void start(void *(*routine)(void *), uintptr_t context)
{
    pthread_t thread;
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    while (pthread_create(&thread, &attributes, routine, (void *)context) != 0)
        sched_yield();
}

/* Starts the next of its kind, and ends. */
static void *hop(void *microseconds)
{
    if (microseconds)
        nap((long)(uintptr_t)microseconds);
    start(hop, (uintptr_t)microseconds);
    return NULL;
}

static void *hop_filtered(void *microseconds)
{
    load(&whitelist, 0);
    return hop(microseconds);
}

static _Noreturn void rest(void)
{
    for (;;)
        pause();
}

static void *rest_filtered(void *unused)
{
    load(&whitelist, 0);
    rest();
    return unused;
}

/* Executes all this again; then this thread is the first one. */
static void *execute(void *unused)
{
    nap(300);
    execv("/proc/self/exe", words);
    _exit(1);
    return unused;
}

/* Waits where ptrace can't stop it, most of the time. */
static void *fork_shared(void *unused)
{
    for (unsigned turn = 0;; turn++) {
        pid_t child = vfork();
        if (child == 0) {
            nap(turn % 3 * 300);
            _exit(0);
        }
        waitpid(child, NULL, 0);
        nap(turn % 5 * 100);
    }
    return unused;
}

/* The first thread is filtered; the others take turns at not being. */
static void dance_hop(void)
{
    start(hop, 0);
    load(&whitelist, 0);
}

/* Nobody is filtered, and the first thread has ended. */
static void dance_zombie(void)
{
    start(hop, 300);
    syscall(SYS_exit, 0);
}

/* The first thread was filtered, and has ended; a filtered one is left beside those that hop. */
static void dance_heir(void)
{
    start(rest_filtered, 0);
    start(hop, 100);
    load(&whitelist, 0);
    syscall(SYS_exit, 0);
}

/* Filtered ones hop by the side of those that are not. */
static void dance_storm(void)
{
    for (unsigned i = 0; i < CHAINS; i++)
        start(hop_filtered, i * 20);
    start(hop, 20);
    load(&whitelist, 0);
}

/* The other way round: all are filtered, and come and go. */
static void dance_faithful(void)
{
    load(&whitelist, SECCOMP_FILTER_FLAG_TSYNC);
    for (unsigned i = 0; i < CHAINS; i++)
        start(hop, i * 20);
}

static void dance_exec(void)
{
    start(execute, 0);
    load(&whitelist, 0);
}

static void dance_vfork(void)
{
    start(fork_shared, 0);
    load(&whitelist, 0);
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*dance)(void);
    } DANCES[] = {{"hop", dance_hop},          {"zombie", dance_zombie}, {"heir", dance_heir},
                  {"storm", dance_storm},      {"exec", dance_exec},     {"vfork", dance_vfork},
                  {"faithful", dance_faithful}};

    words = arguments;
    if (count != 3)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    read_whitelist(arguments[2]);
    load_other();
    for (size_t i = 0; i < sizeof(DANCES) / sizeof(DANCES[0]); i++) {
        if (strcmp(arguments[1], DANCES[i].name) == 0)
            DANCES[i].dance();
    }
    rest();
}
