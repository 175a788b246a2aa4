/* likely TRIGGER CASE: does what makes a row of likely.c likely, and then what the row is for. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <iconv.h>
#include <locale.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, BLOCKS = 100 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *allocate(void *argument)
{
    void *blocks[BLOCKS];

    for (int i = 0; i < BLOCKS; i++) {
        pthread_mutex_lock(&mutex);
        blocks[i] = malloc(100000);
        pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return argument;
}

static void *wait_forever(void *argument)
{
    /* No system call of its own: whether it is cancelled before it makes one is chance. */
    for (;;)
        pthread_testcancel();
    return argument;
}

static void start(void *(*work)(void *argument), int count, int cancel)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            exit(3);
    }
    for (int i = 0; i < count; i++) {
        if (cancel)
            pthread_cancel(threads[i]);
        pthread_join(threads[i], NULL);
    }
}

static void *nothing(void *argument)
{
    return argument;
}

static void trigger_openat(void)
{
    close(open("/", O_RDONLY));
}

static void trigger_connect(void)
{
    connect(-1, NULL, 0);
}

static void trigger_chown(void)
{
    fchown(-1, 0, 0);
}

static void trigger_listen(void)
{
    listen(-1, 0);
}

static void trigger_thread(void)
{
    start(nothing, 1, 0);
}

static void trigger_execve(void)
{
    execl("/nonexistent", "nonexistent", NULL);
}

static void trigger_write(void)
{
    write(-1, "", 0);
}

static void case_abort(void)
{
    abort();
}

static void case_ignored_abort(void)
{
    signal(SIGABRT, SIG_IGN);
    abort();
}

static void case_assert(void)
{
    assert(errno == -1);
}

static void case_malloc(void)
{
    void *block = malloc(100);

    for (size_t size = 300000; size < 3000000; size += 300000)
        block = realloc(block, size);
    free(block);
    for (int i = 0; i < 10; i++)
        allocate(NULL);
    malloc_trim(0);
}

static void case_perror(void)
{
    errno = ENOENT;
    perror("likely");
}

static void case_stdio(void)
{
    getchar();
    printf("x\n");
}

static void case_locale(void)
{
    time_t now = 0;

    setlocale(LC_ALL, "C.UTF-8");
    iconv_open("ISO-8859-15", "UTF-8");
    localtime(&now);
}

static void case_hosts(void)
{
    struct addrinfo *found;

    getaddrinfo("localhost", "80", NULL, &found);
    getaddrinfo("likely.invalid", "80", NULL, &found);
}

static void case_users(void)
{
    getpwnam("nobody");
    getgrgid(5);
}

static void case_syslog(void)
{
    syslog(LOG_DEBUG, "learn_likely");
}

static void case_threads(void)
{
    start(allocate, THREADS, 0);
}

static void case_cancel(void)
{
    start(wait_forever, 1, 1);
}

static void case_spawn(void)
{
    char *arguments[] = {"true", NULL};
    char *variables[] = {NULL};
    pid_t child;

    if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, variables) == 0)
        waitpid(child, NULL, 0);
}

static void case_clock(void)
{
    clock();
}

static const struct {
    const char *name;
    void (*act)(void);
} ACTS[] = {
    {"openat", trigger_openat}, {"connect", trigger_connect}, {"chown", trigger_chown},
    {"listen", trigger_listen}, {"thread", trigger_thread},   {"execve", trigger_execve},
    {"write", trigger_write},   {"abort", case_abort},        {"ignored", case_ignored_abort},
    {"assert", case_assert},    {"malloc", case_malloc},      {"perror", case_perror},
    {"stdio", case_stdio},      {"locale", case_locale},      {"hosts", case_hosts},
    {"users", case_users},      {"syslog", case_syslog},      {"threads", case_threads},
    {"cancel", case_cancel},    {"spawn", case_spawn},        {"clock", case_clock},
};

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        for (size_t k = 0; k < sizeof(ACTS) / sizeof(ACTS[0]); k++) {
            if (strcmp(arguments[i], ACTS[k].name) == 0)
                ACTS[k].act();
        }
    }
    return 0;
}
