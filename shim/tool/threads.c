#include "threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int add(struct threads *threads, pid_t id)
{
    pid_t *ids = reallocarray(threads->ids, threads->count + 1, sizeof(*ids));

    if (!ids)
        return -ENOMEM;
    threads->ids = ids;
    ids[threads->count++] = id;
    return 0;
}

static int compare_ids(const void *one, const void *other)
{
    pid_t first = *(const pid_t *)one;
    pid_t second = *(const pid_t *)other;

    return (first > second) - (first < second);
}

int threads_list(pid_t process, struct threads *threads)
{
    char path[64];
    const struct dirent *entry;
    int error = 0;

    *threads = (struct threads){0};
    snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT ? -ESRCH : -errno;
    while (!error && (errno = 0, entry = readdir(folder))) {
        pid_t id = (pid_t)strtol(entry->d_name, NULL, 10); /* 0 for "." and ".." */
        if (id > 0)
            error = add(threads, id);
    }
    if (!error && errno == ENOENT) /* the process is gone */
        error = -ESRCH;
    else if (!error && errno != 0)
        error = -errno;
    closedir(folder);
    if (!error && threads->count == 0)
        error = -ESRCH;
    if (error)
        threads_release(threads);
    else
        qsort(threads->ids, threads->count, sizeof(*threads->ids), compare_ids);
    return error;
}

bool threads_has(const struct threads *threads, pid_t id)
{
    return bsearch(&id, threads->ids, threads->count, sizeof(id), compare_ids) != NULL;
}

void threads_release(struct threads *threads)
{
    free(threads->ids);
    *threads = (struct threads){0};
}
