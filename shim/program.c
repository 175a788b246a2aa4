#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "freestanding/syscall.h"

static int file_status(const char *path, struct stat *status)
{
    /* Zeroed, and a file always has a link or a size or a mode: what an outer filter only pretends
     * to have filled in is told from what the kernel has. */
    *status = (struct stat){0};
    int result = (int)SYSTEM_CALL(CALL_FSTATAT, AT_FDCWD, path, status, 0);
    if (result < 0)
        return result;
    return status->st_mode == 0 ? -EIO : 0;
}

int program_self(struct program_file *self)
{
    struct stat status;
    int result = file_status(PROGRAM_SELF, &status);
    *self = (struct program_file){status.st_dev, status.st_ino};
    return result == -EINVAL ? -EIO : result; /* -EINVAL is the whitelist's mistake */
}

const char *program_path(const char *item)
{
    return item + (*item == '?');
}

int program_is(const struct program_file *self, const char *path)
{
    struct stat status;
    bool optional = *path == '?';
    path = program_path(path);
    int result = file_status(path, &status);
    if (optional && result == -ENOENT)
        return 0;
    if (result < 0)
        return result;
    if (status.st_dev == self->device && status.st_ino == self->inode)
        return 1;
    return program_other(PROGRAM_SELF, path, S_ISREG(status.st_mode));
}

int program_wanted(const struct settings *settings, struct diagnostics *diagnostics)
{
    if (settings->program_count == 0)
        return 1;

    struct program_file self;
    int result = program_self(&self);
    if (result < 0)
        return result;

    /* Every path is looked at, so that every mistake is told. */
    bool wanted = false;
    bool mistaken = false;
    for (size_t i = 0; i < settings->program_count; i++) {
        const char *path = settings->programs[i];
        result = program_is(&self, path);
        if (result < 0)
            diagnostic_error(diagnostics, settings->program_place,
                             "cannot look at program '%s': %s", path, program_error(result));
        mistaken |= result < 0;
        wanted |= result > 0;
    }
    return mistaken ? -EINVAL : wanted;
}
