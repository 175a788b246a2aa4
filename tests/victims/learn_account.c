/* Keeps an account of what its own system calls came to, of that part of it which is the same in
 * every run:
 *
 *     learn_account timer           under a 1 kHz timer whose handler restarts nothing
 *     learn_account interrupted     each blocking call is interrupted once, when it blocks
 *     learn_account alarm           what alarm() does, and when
 *     learn_account parent          whose child it is: of the process that PARENT_PID names
 *     learn_account start COMMAND   starts COMMAND with PARENT_PID set, and takes over its status
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;

static void tick(int number)
{
    (void)number;
    ticks++;
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_handler = tick, .sa_flags = flags};

    sigaction(number, &action, NULL);
}

struct counts {
    const char *name;
    int results[4];
};

enum { KINDS = 40 };

static struct counts accounts[KINDS];

/* What CALL came to: nothing wrong, EINTR, or another error. */
static long note(const char *name, long result)
{
    int kind = result >= 0 ? 0 : errno == EINTR ? 1 : 2;
    struct counts *counts = accounts;

    while (counts->name && strcmp(counts->name, name) != 0)
        counts++;
    counts->name = name;
    counts->results[kind]++;
    return result;
}

/* How often is chance, but not whether. */
static void tell(bool exact)
{
    for (const struct counts *counts = accounts; counts->name; counts++) {
        printf("%s:", counts->name);
        for (int kind = 0; kind < 3; kind++) {
            static const char *const WORDS[] = {"done", "EINTR", "failed"};
            if (counts->results[kind] > 0 && exact)
                printf(" %s %d", WORDS[kind], counts->results[kind]);
            else if (counts->results[kind] > 0)
                printf(" %s", WORDS[kind]);
        }
        putchar('\n');
    }
}

/* None of these waits for anything, so that none is ever interrupted. */
static void work(const char *folder)
{
    char path[4096];
    char byte = 'x';
    struct stat status;
    struct utsname names;
    int ends[2];

    snprintf(path, sizeof(path), "%s/%d", folder, (int)getpid());
    note("pipe2", pipe2(ends, O_CLOEXEC));
    note("write", write(ends[1], &byte, 1));
    note("read", read(ends[0], &byte, 1));
    note("fcntl", fcntl(ends[0], F_GETFL));
    note("dup", close(dup(ends[0])));
    note("close", close(ends[0]));
    note("close", close(ends[1]));
    note("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    note("sendto", send(ends[0], &byte, 1, 0));
    note("recvfrom", recv(ends[1], &byte, 1, 0));
    note("close", close(ends[0]));
    note("close", close(ends[1]));
    note("mkdir", mkdir(path, 0700));
    note("newfstatat", stat(path, &status));
    note("rmdir", rmdir(path));
    note("openat", close(open("/dev/null", O_RDWR)));
    note("eventfd2", close(eventfd(0, 0)));
    note("epoll_create1", close(epoll_create1(0)));
    note("getrandom", getrandom(path, 8, 0));
    note("uname", uname(&names));
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    note("mmap", memory == MAP_FAILED ? -1 : 0);
    note("munmap", munmap(memory, 4096));
    note("sched_yield", syscall(SYS_sched_yield));
}

static void work_child(void)
{
    int status = 0;
    pid_t child = (pid_t)note("clone", fork());

    if (child == 0)
        _exit(7);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    note("child", WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : -1);
}

/* Each of these waits for longer than a tick. */
static void wait_in_vain(void)
{
    const struct timespec second = {1, 0};
    struct timeval long_time = {1, 0};
    struct epoll_event event;
    sigset_t none;
    int ends[2];
    char byte;

    if (pipe(ends) != 0)
        abort();
    int epoll = epoll_create1(0);
    struct pollfd one = {.fd = ends[0], .events = POLLIN};
    sigemptyset(&none);
    note("pause", pause());
    note("nanosleep", nanosleep(&second, NULL));
    errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &second, NULL);
    note("clock_nanosleep", errno ? -1 : 0);
    note("reading", read(ends[0], &byte, 1));
    note("poll", poll(&one, 1, 1000));
    note("select", select(0, NULL, NULL, NULL, &long_time));
    note("epoll_wait", epoll_wait(epoll, &event, 1, 1000));
    note("sigsuspend", sigsuspend(&none));
    close(epoll);
    close(ends[0]);
    close(ends[1]);
}

static int account_timer(void)
{
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    const char *folder = getenv("TMPDIR");

    handle(SIGALRM, 0);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; ticks < 60 || i < 40; i++) {
        work(folder ? folder : "/tmp");
        if (i % 10 == 0)
            work_child();
        if (i % 10 == 5)
            wait_in_vain();
    }
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    tell(false);
    return 0;
}

struct reader {
    pid_t thread;
    int end;
};

/* Whether THREAD sleeps in read(2): the kernel says so. */
static bool sleeps(pid_t thread)
{
    char path[64];
    char text[64] = "";

    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)thread);
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        return false;
    ssize_t got = read(descriptor, text, sizeof(text) - 1);
    close(descriptor);
    return got > 2 && strncmp(text, "0 ", 2) == 0;
}

/* Interrupts each read of the other thread 20 times, then gives it what it waits for. */
static void *interrupt(void *argument)
{
    const struct reader *reader = argument;
    const struct timespec moment = {0, 200000};

    for (int i = 0; i < 20; i++) {
        sig_atomic_t before = ticks;
        while (!sleeps(reader->thread))
            nanosleep(&moment, NULL);
        syscall(SYS_tgkill, getpid(), reader->thread, SIGUSR1);
        while (ticks == before)
            nanosleep(&moment, NULL);
    }
    while (!sleeps(reader->thread))
        nanosleep(&moment, NULL);
    if (write(reader->end, "x", 1) != 1)
        abort();
    return NULL;
}

static void interrupt_reads(const char *name, int flags)
{
    struct reader reader = {.thread = gettid()};
    pthread_t thread;
    int ends[2];
    char byte;

    if (pipe(ends) != 0)
        abort();
    reader.end = ends[1];
    handle(SIGUSR1, flags);
    pthread_create(&thread, NULL, interrupt, &reader);
    while (note(name, read(ends[0], &byte, 1)) < 0)
        ;
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
}

static int account_interrupted(void)
{
    interrupt_reads("interrupted", 0);
    interrupt_reads("restarted", SA_RESTART);
    tell(true);
    printf("signals: %d\n", (int)ticks);
    return 0;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int account_alarm(void)
{
    double began = now();

    handle(SIGALRM, 0);
    unsigned before = alarm(1);
    errno = 0;
    int result = pause();
    int error = errno;
    double took = now() - began;
    printf("alarm: %u, pause: %d %s, after %s, then %u, %d signal\n", before, result,
           strerror(error), took >= 0.99 && took < 1.9 ? "a second" : "another time", alarm(0),
           (int)ticks);
    if (!(took >= 0.99 && took < 1.9))
        fprintf(stderr, "it took %f s\n", took);
    return 0;
}

static int account_parent(void)
{
    const char *text = getenv("PARENT_PID");
    pid_t parent = text ? (pid_t)atoi(text) : 0;

    printf("parent: %d, group: %d, session: %d, a leader: %d\n", getppid() == parent,
           getpgrp() == getpgid(parent), getsid(0) == getsid(parent), getpid() == getpgrp());
    return 0;
}

static int start(char **command)
{
    char text[32];
    int status = 0;

    snprintf(text, sizeof(text), "%d", (int)getpid());
    setenv("PARENT_PID", text, 1);
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    /* nobody else may come up as a child of this one */
    while (waitpid(-1, &status, 0) != child)
        puts("a child that is not mine");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **arguments)
{
    if (count > 2 && strcmp(arguments[1], "start") == 0)
        return start(arguments + 2);
    if (count == 2 && strcmp(arguments[1], "timer") == 0)
        return account_timer();
    if (count == 2 && strcmp(arguments[1], "interrupted") == 0)
        return account_interrupted();
    if (count == 2 && strcmp(arguments[1], "alarm") == 0)
        return account_alarm();
    if (count == 2 && strcmp(arguments[1], "parent") == 0)
        return account_parent();
    return 2;
}
