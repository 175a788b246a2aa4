/* Work of a kind, told in one line:
 *
 *     learn_work fork|vfork|spawn|uring|signalfd|timers|threads
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int ended(pid_t child)
{
    int status = 0;

    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The child makes a call that its parent never makes. */
static int work_fork(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(getpriority(0, 0) == -1 && errno != 0 ? 1 : 42);
    printf("fork: %d\n", ended(child));
    return 0;
}

static int work_vfork(void)
{
    pid_t child = vfork();

    if (child == 0) {
        execl("/bin/true", "true", NULL);
        _exit(127);
    }
    printf("vfork: %d\n", ended(child));
    return 0;
}

static int work_spawn(void)
{
    char *arguments[] = {"false", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", 0, 0);
    int error = posix_spawn(&child, "/bin/false", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    printf("spawn: %d %d\n", error, error ? -1 : ended(child));
    return 0;
}

/* One operation that does nothing, by way of the ring. */
static int work_uring(void)
{
    struct io_uring_params params = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 2, &params);

    if (ring < 0) {
        printf("uring: %s\n", strerror(errno));
        return 0;
    }
    size_t size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe) + 4096;
    char *rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entries = mmap(NULL, params.sq_entries * sizeof(*entries),
                                        PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (rings == MAP_FAILED || entries == MAP_FAILED)
        return 1;
    entries[0] = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = 4711};
    ((uint32_t *)(rings + params.sq_off.array))[0] = 0;
    atomic_store((_Atomic uint32_t *)(rings + params.sq_off.tail), 1);
    long taken = syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    const struct io_uring_cqe *done = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
    printf("uring: %ld %llu %d\n", taken, (unsigned long long)done->user_data, done->res);
    return 0;
}

static int work_signalfd(void)
{
    struct signalfd_siginfo info = {0};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC);
    raise(SIGUSR1);
    ssize_t got = read(descriptor, &info, sizeof(info));
    printf("signalfd: %d %d\n", got == sizeof(info), info.ssi_signo == SIGUSR1);
    return 0;
}

static volatile sig_atomic_t fired;

static void fire(int number)
{
    (void)number;
    fired = 1;
}

static int work_timers(void)
{
    const struct itimerspec once = {.it_value.tv_nsec = 2000000};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    uint64_t expired = 0;
    timer_t timer = NULL;
    sigset_t none;
    sigset_t block;

    int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    timerfd_settime(descriptor, 0, &once, NULL);
    ssize_t got = read(descriptor, &expired, sizeof(expired));

    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR2);
    sigprocmask(SIG_BLOCK, &block, NULL);
    signal(SIGUSR2, fire);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &once, NULL) != 0)
        return 1;
    while (!fired)
        sigsuspend(&none);
    timer_delete(timer);
    printf("timers: %d %llu %d\n", got == sizeof(expired), (unsigned long long)expired, fired);
    return 0;
}

static void *count(void *argument)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&mutex);
    ++*(int *)argument;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static int work_threads(void)
{
    pthread_t threads[8];
    int counter = 0;

    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, count, &counter);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    printf("threads: %d\n", counter);
    return 0;
}

int main(int arguments_count, char **arguments)
{
    static const struct {
        const char *name;
        int (*work)(void);
    } KINDS[] = {
        {"fork", work_fork},         {"vfork", work_vfork},   {"spawn", work_spawn},
        {"uring", work_uring},       {"timers", work_timers}, {"threads", work_threads},
        {"signalfd", work_signalfd},
    };

    for (size_t i = 0; arguments_count == 2 && i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (strcmp(arguments[1], KINDS[i].name) == 0)
            return KINDS[i].work();
    }
    return 2;
}
