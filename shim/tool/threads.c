#include "threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "../load.h"
#include "../stages_prefix.h"

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

void threads_want(const struct policy *policy, struct wanted *wanted)
{
    *wanted = (struct wanted){.count = 1 + policy->whitelist.stage_count,
                              .flags = load_flags(policy->whitelist.settings.audit)};
    for (unsigned i = 0; i < wanted->count; i++)
        wanted->programs[i] = *policy_filter(policy, i);
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

/* A loaded program, and where its process keeps those that belong to it. */
struct loaded {
    struct sock_filter code[FILTER_INSTRUCTIONS_MAX];
    size_t count;
    const struct sock_fprog *address;
};

static size_t equal_instructions(const struct sock_filter *one, size_t count,
                                 const struct sock_filter *other, size_t other_count)
{
    size_t equal = 0;

    while (equal < count && equal < other_count &&
           memcmp(&one[equal], &other[equal], sizeof(*one)) == 0)
        equal++;
    return equal;
}

/* How many instructions LOADED shares with the wanted program INDEX, from the start on. */
static size_t compare_program(struct loaded *loaded, const struct wanted *wanted, size_t index)
{
    enum { PREFIX_MAX = 64 };
    struct sock_filter prefix[PREFIX_MAX] = {0};
    const struct filter *program = &wanted->programs[index];
    size_t length = wanted->count > 1 ? prefix_length(wanted->count - 1) : 0;

    loaded->address = NULL;
    if (loaded->count < length || length > PREFIX_MAX)
        return 0;
    if (length > 0) {
        loaded->address = prefix_programs(loaded->code);
        prefix_write(prefix, index, loaded->address, wanted->count, wanted->flags);
    }
    size_t equal = equal_instructions(loaded->code, length, prefix, length);
    if (equal < length)
        return equal;
    return length + equal_instructions(loaded->code + length, loaded->count - length,
                                       program->instructions, program->count);
}

/* Reads the program INDEX of THREAD, from the newest on. Returns 1, 0 (there are no more), or a
 * negative errno. */
static int read_program(pid_t thread, long index, struct loaded *loaded)
{
    long length = ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, NULL);

    if (length < 0)
        return errno == ENOENT ? 0 : -errno;
    loaded->count = 0;
    if (length > FILTER_INSTRUCTIONS_MAX)
        return 1;
    if (ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, loaded->code) != length)
        return -EIO;
    loaded->count = (size_t)length;
    return 1;
}

/* Which of the wanted programs LOADED is. All have to have the same address. */
static void find_program(struct loaded *loaded, const struct wanted *wanted,
                         struct likeness *likeness)
{
    size_t length = wanted->count > 1 ? prefix_length(wanted->count - 1) : 0;

    for (size_t i = 0; i < wanted->count; i++) {
        size_t whole = length + wanted->programs[i].count;
        size_t equal = compare_program(loaded, wanted, i);
        if (i == 0 && equal > likeness->longest_equal)
            likeness->longest_equal = equal;
        if (equal != whole || loaded->count != whole ||
            (likeness->address && likeness->address != loaded->address))
            continue;
        likeness->address = loaded->address;
        likeness->loaded |= UINT32_C(1) << i;
    }
}

static int compare_programs(pid_t thread, const struct wanted *wanted, struct likeness *likeness)
{
    struct loaded *loaded = calloc(1, sizeof(*loaded));
    int result = loaded ? 1 : -ENOMEM;

    for (long index = 0; result > 0; index++) {
        result = read_program(thread, index, loaded);
        if (result <= 0)
            break;
        likeness->programs++;
        find_program(loaded, wanted, likeness);
    }
    free(loaded);
    return result;
}

int threads_compare(pid_t thread, const struct wanted *wanted, struct likeness *likeness)
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
