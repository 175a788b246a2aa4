#include "threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

/* The number behind NAME in a LINE of proc(5)'s status; FALSE where the line is about something
 * else. */
static bool read_number(const char *line, const char *name, unsigned long *value)
{
    size_t length = strlen(name);

    if (strncmp(line, name, length) != 0)
        return false;
    *value = strtoul(line + length, NULL, 10);
    return true;
}

static int read_status(pid_t pid, struct thread *thread, char name[64])
{
    char path[64];
    char line[256];
    unsigned long value;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)thread->id);
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    while (fgets(line, sizeof(line), file)) {
        char state;
        if (thread->id == pid && sscanf(line, "Name: %63[^\n]", name) == 1)
            continue;
        if (sscanf(line, "State: %c", &state) == 1)
            thread->ended = state == 'Z' || state == 'X';
        else if (read_number(line, "NoNewPrivs:", &value))
            thread->no_new_privileges = value == 1;
        else if (read_number(line, "Seccomp:", &value))
            thread->filtered = value == 2;
    }
    int error = ferror(file) ? -EIO : 0;
    fclose(file);
    return error;
}

static int add_thread(struct threads *threads, pid_t pid, pid_t id)
{
    struct thread thread = {.id = id};
    struct thread *items =
        reallocarray(threads->items, threads->count + 1, sizeof(*threads->items));

    if (!items)
        return -ENOMEM;
    threads->items = items;
    int error = read_status(pid, &thread, threads->name);
    if (error == -ENOENT || error == -ESRCH)
        return 0; /* it ended meanwhile */
    if (!error)
        items[threads->count++] = thread;
    return error;
}

int threads_read(pid_t pid, struct threads *threads)
{
    char path[64];
    int error = 0;

    *threads = (struct threads){0};
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT ? -ESRCH : -errno;
    for (const struct dirent *entry; !error && (entry = readdir(folder));) {
        if (entry->d_name[0] != '.')
            error = add_thread(threads, pid, (pid_t)strtol(entry->d_name, NULL, 10));
    }
    closedir(folder);
    if (!error && threads->count == 0)
        error = -ESRCH;
    if (error)
        threads_release(threads);
    return error;
}

void threads_release(struct threads *threads)
{
    free(threads->items);
    *threads = (struct threads){0};
}

/* Stops THREAD, which is being traced, without a signal of its own. */
static int stop(pid_t thread)
{
    int status;

    if (ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0)
        return -errno;
    while (waitpid(thread, &status, __WALL) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return WIFSTOPPED(status) ? 0 : -ESRCH;
}

static size_t equal_instructions(const struct sock_filter *one, size_t count,
                                 const struct filter *other)
{
    size_t equal = 0;

    while (equal < count && equal < other->count &&
           memcmp(&one[equal], &other->instructions[equal], sizeof(*one)) == 0)
        equal++;
    return equal;
}

static int compare_programs(pid_t thread, const struct filter *wanted, struct likeness *likeness)
{
    static struct sock_filter code[FILTER_INSTRUCTIONS_MAX];

    for (long index = 0;; index++) {
        long length = ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, NULL);
        if (length < 0 && errno == ENOENT)
            return 0;
        if (length < 0)
            return -errno;
        likeness->programs++;
        if (length > FILTER_INSTRUCTIONS_MAX)
            continue;
        if (ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, code) != length)
            return -EIO;
        size_t equal = equal_instructions(code, (size_t)length, wanted);
        if (equal > likeness->longest_equal)
            likeness->longest_equal = equal;
        likeness->equal |= equal == wanted->count && (size_t)length == wanted->count;
    }
}

int threads_compare(pid_t thread, const struct filter *wanted, struct likeness *likeness)
{
    *likeness = (struct likeness){0};
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0)
        return -errno;
    int error = stop(thread);
    if (!error)
        error = compare_programs(thread, wanted, likeness);
    ptrace(PTRACE_DETACH, thread, 0, 0);
    return error;
}
