#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

/* The mode that open(2) gives a new file. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* Closes DESCRIPTOR. Returns ERROR, or what was wrong with that. */
static int close_after(int descriptor, int error)
{
    return close(descriptor) != 0 && !error ? -errno : error;
}

static int write_through(const char *path, const void *bytes, size_t length)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    return descriptor < 0 ? -errno : close_after(descriptor, tool_write(descriptor, bytes, length));
}

/* TARGET is where PATH leads; BESIDE a name for mkostemp(3). */
static int replace(const char *target, char *beside, const void *bytes, size_t length)
{
    int descriptor = mkostemp(beside, O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    int error = tool_write(descriptor, bytes, length);
    if (!error && (fchmod(descriptor, usual_mode()) != 0 || fsync(descriptor) != 0))
        error = -errno;
    error = close_after(descriptor, error);
    if (!error && rename(beside, target) != 0)
        error = -errno;
    if (error)
        unlink(beside);
    return error;
}

int replace_file(const char *path, const void *bytes, size_t length)
{
    struct stat status;
    bool is_there = stat(path, &status) == 0;

    if (is_there && !S_ISREG(status.st_mode))
        return write_through(path, bytes, length);
    char *target = is_there ? realpath(path, NULL) : NULL;
    char *beside = NULL;
    int error = is_there && !target ? -errno : 0;
    if (!error && asprintf(&beside, "%s.XXXXXX", target ? target : path) < 0) {
        beside = NULL;
        error = -ENOMEM;
    }
    if (!error)
        error = replace(target ? target : path, beside, bytes, length);
    free(beside);
    free(target);
    return error;
}
