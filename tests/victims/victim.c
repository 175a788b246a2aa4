/* A program that does what its arguments say, one after the other, and tells what came of it:
 *
 *     victim STEP... [run|exec PROGRAM ARG...]
 *
 * The whitelists of the live tests refuse it getppid(2). The same source is built for glibc and for
 * musl. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { THREADS = 4 };

static char **main_envp;

static bool is_refused(void)
{
    return syscall(SYS_getppid) == -1;
}

static void *thread_asks(void *refused)
{
    *(bool *)refused = is_refused();
    return NULL;
}

static void step_ask(void)
{
    printf("getppid: %s\n", is_refused() ? strerror(errno) : "allowed");
}

static void step_threads(void)
{
    pthread_t threads[THREADS];
    bool refused[THREADS] = {false};
    int count = 0;
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, thread_asks, &refused[i]))
            printf("no thread\n");
        else if (pthread_join(threads[i], NULL) == 0)
            count += refused[i];
    }
    printf("%d of %d threads are refused\n", count, THREADS);
}

static void print_status(pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        printf("no child: %s\n", strerror(errno));
    else if (WIFSIGNALED(status))
        printf("child: signal %d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        printf("child: status %d\n", WEXITSTATUS(status));
}

static void step_fork(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        printf("child: ");
        step_ask();
        fflush(stdout);
        _exit(0);
    }
    print_status(pid);
}

/* All of PATH, with a NUL behind it. */
static char *read_all(const char *path, size_t *length)
{
    FILE *file = fopen(path, "re");
    size_t room = 1 << 16;
    char *text = malloc(room + 1);
    *length = 0;
    while (file && text) {
        size_t got = fread(text + *length, 1, room - *length, file);
        *length += got;
        if (got == 0)
            break;
        if (*length == room)
            text = realloc(text, (room *= 2) + 1);
    }
    if (!file || !text) {
        printf("%s: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
    fclose(file);
    text[*length] = '\0';
    return text;
}

static void step_filters(void)
{
    size_t length;
    char *status = read_all("/proc/self/status", &length);
    for (char *line = strtok(status, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strncmp(line, "Seccomp", 7) || !strncmp(line, "NoNewPrivs", 10))
            printf("%s\n", line);
    }
    free(status);
}

/* The three ways in which a process can see its environment. In /proc/self/environ, NULs behind a
 * value are what was blanked. */
static void step_environment(void)
{
    size_t length;
    char *file = read_all("/proc/self/environ", &length);
    bool agree = true;
    size_t at = 0;
    for (size_t i = 0; environ[i] || main_envp[i]; i++) {
        if (!environ[i] || !main_envp[i] || strcmp(environ[i], main_envp[i]) != 0) {
            agree = false;
            break;
        }
        while (at < length && file[at] == '\0')
            at++;
        agree = agree && strcmp(file + at, environ[i]) == 0;
        at += strlen(file + at);
        if (!strncmp(environ[i], "LD_PRELOAD=", 11) ||
            !strncmp(environ[i], "PORTCULLIS_WHITELIST=", 21))
            printf("%s\n", environ[i]);
    }
    while (at < length && file[at] == '\0')
        at++;
    printf("environ, envp and /proc %s\n", agree && at == length ? "agree" : "differ");
    free(file);
}

static void step_exec(char **arguments)
{
    fflush(stdout);
    execvp(arguments[0], arguments);
    printf("%s: %s\n", arguments[0], strerror(errno));
    exit(EXIT_FAILURE);
}

static void step_run(char **arguments)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        step_exec(arguments);
    print_status(pid);
}

/* What can be found in a trace: nothing was called before it, from main on. */
static void step_mark(void)
{
    (void)!write(-1, "main", 4);
}

static const struct {
    const char *name;
    void (*act)(void);
} steps[] = {
    {"ask", step_ask},         {"environment", step_environment},
    {"filters", step_filters}, {"fork", step_fork},
    {"mark", step_mark},       {"threads", step_threads},
};

static void act(const char *name)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        if (!strcmp(name, steps[i].name)) {
            steps[i].act();
            return;
        }
    }
    printf("no step: %s\n", name);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv, char **envp)
{
    main_envp = envp;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "exec")) {
            step_exec(argv + i + 1);
        } else if (!strcmp(argv[i], "run")) {
            step_run(argv + i + 1);
            return EXIT_SUCCESS;
        }
        act(argv[i]);
    }
    if (argc <= 1)
        step_ask();
    return EXIT_SUCCESS;
}
