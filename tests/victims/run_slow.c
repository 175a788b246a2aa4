/* A library that keeps a program from its entry point: preloaded behind the shim, its constructor
 * runs before the shim's. SLOW says what it does there:
 *
 *     sleep    tells "loading", and sleeps for half a second, whatever signal comes
 *     threads  starts 8 threads, which stay; and one that ends
 *     fork     a child that ends at once, and one that stays
 *     vfork    a child that executes /bin/true
 *     runaway  a child that goes on into the program, as its parent does
 *     signal   handles SIGUSR1, and raises it */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void tell(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(2);
}

static void nap(void)
{
    struct timespec rest = {0, 500 * 1000 * 1000};

    tell("loading\n");
    while (nanosleep(&rest, &rest) != 0)
        continue;
}

static void *stay(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *leave(void *unused)
{
    return unused;
}

static void make_threads(void)
{
    pthread_t thread;

    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, stay, NULL);
    pthread_create(&thread, NULL, leave, NULL);
    pthread_join(thread, NULL);
}

static void make_children(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    if (fork() == 0) {
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
        sleep(1);
        _exit(0);
    }
}

static void execute(void)
{
    static char name[] = "true";
    char *const arguments[] = {name, NULL};
    char *const nothing[] = {NULL};
    pid_t child = vfork();

    if (child == 0) {
        execve("/bin/true", arguments, nothing);
        _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    tell(status == 0 ? "true\n" : "not true\n");
}

static void on_signal(int number)
{
    (void)number;
    tell("handled\n");
}

__attribute__((constructor)) static void slow(void)
{
    const char *what = getenv("SLOW");

    /* the command itself is not kept */
    if (!what || strcmp(program_invocation_short_name, "portcullis") == 0)
        return;
    if (strcmp(what, "sleep") == 0)
        nap();
    else if (strcmp(what, "threads") == 0)
        make_threads();
    else if (strcmp(what, "fork") == 0)
        make_children();
    else if (strcmp(what, "vfork") == 0)
        execute();
    else if (strcmp(what, "runaway") == 0)
        waitpid(fork(), NULL, 0);
    else if (strcmp(what, "signal") == 0 && signal(SIGUSR1, on_signal) != SIG_ERR)
        raise(SIGUSR1);
}
