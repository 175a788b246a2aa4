#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "../../config/reader.h"
#include "tool.h"

enum {
    LOCK_SECONDS = 60,
    LOCK_STEP_MS = 5,
};

int output_file_cannot(const char *path, const char *what, int error)
{
    const char *reason = strerror(-error);

    if (error == OUTPUT_PATH_FOREIGN)
        reason = "a link or a file there is another user's, in a folder where everybody may make "
                 "files; remove it, or name another file";
    tool_error("cannot %s '%s': %s", what, path, reason);
    return error == -ENOMEM ? STATUS_OS : STATUS_CANNOT;
}

/* Returns 0 or a negative errno; -ETIMEDOUT if somebody keeps the lock. */
static int lock(int folder)
{
    const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000L};

    for (int i = 0; i < LOCK_SECONDS * 1000 / LOCK_STEP_MS; i++) {
        if (flock(folder, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -errno;
        nanosleep(&step, NULL);
    }
    return -ETIMEDOUT;
}

/* Reads until the end. Returns 0 or a negative errno. */
static int read_all(struct output_file *file)
{
    size_t limit = WHITELIST_BYTES_MAX + 1;

    file->text = malloc(limit);
    if (!file->text)
        return -ENOMEM;
    while (file->length < limit) {
        ssize_t got = read(file->file, file->text + file->length, limit - file->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        file->length += (size_t)got;
    }
    return -EFBIG;
}

/* Opens the old file, which is a regular one. What has its name by now may be another. */
static int open_old(struct output_file *file)
{
    const struct stat *found = &file->place.status;
    struct stat status;

    file->file = openat(file->place.folder, file->place.name,
                        O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (file->file < 0 || fstat(file->file, &status) != 0)
        return -errno;
    if (status.st_dev != found->st_dev || status.st_ino != found->st_ino)
        return -ESTALE;
    file->place.status = status;
    return 0;
}

/* The old file is read, or only opened for its attributes. */
static int take_old(struct output_file *file)
{
    bool update = file->mode == OUTPUT_UPDATE;

    int error = open_old(file);
    if (error == -EACCES && !update)
        return STATUS_OK; /* one may write what one can't read */
    if (!error && update)
        error = read_all(file);
    if (error == -ENOENT || error == -ELOOP || error == -ESTALE)
        return OUTPUT_FILE_CHANGED;
    return error ? output_file_cannot(file->path, "read", error) : STATUS_OK;
}

static int look_at_old(struct output_file *file)
{
    const struct output_path *place = &file->place;

    if (!place->exists)
        return STATUS_OK;
    if (file->mode == OUTPUT_NEW)
        return OUTPUT_FILE_EXISTS;
    if (!place->in_proc && S_ISREG(place->status.st_mode))
        return take_old(file);
    if (file->mode != OUTPUT_UPDATE)
        return S_ISDIR(place->status.st_mode) ? output_file_cannot(file->path, "write", -EISDIR)
                                              : STATUS_OK;
    tool_error("cannot write '%s': not a regular file", file->path);
    return STATUS_CANNOT;
}

/* Locks the folder, and looks again: the file may be another one by now. */
static int lock_folder(struct output_file *file)
{
    if (file->folder < 0)
        return output_file_cannot(file->path, "write", -errno);
    int error = lock(file->folder);
    if (error) {
        tool_error("cannot lock the folder of '%s': %s", file->path, strerror(-error));
        return STATUS_OS;
    }
    error = output_path_look(&file->place);
    if (error == -ESTALE)
        return OUTPUT_FILE_CHANGED;
    return error ? output_file_cannot(file->path, "write", error) : STATUS_OK;
}

int output_file_open(const char *path, enum output_mode mode, struct output_file *file)
{
    int status = STATUS_OK;

    *file = (struct output_file){.path = path, .mode = mode, .folder = -1, .file = -1};
    int error = output_path_open(path, &file->place);
    if (error)
        return output_file_cannot(path, "write", error);
    /* who may not read the folder may still write there, but not update */
    file->folder = openat(file->place.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mode == OUTPUT_UPDATE)
        status = lock_folder(file);
    return status == STATUS_OK ? look_at_old(file) : status;
}

int output_file_try(const char *path)
{
    struct output_path place;
    int error = output_path_open(path, &place);

    if (!error && faccessat(place.folder, ".", W_OK | X_OK, AT_EACCESS) != 0)
        error = -errno;
    output_path_close(&place);
    return error ? output_file_cannot(path, "write", error) : STATUS_OK;
}

void output_file_close(struct output_file *file)
{
    free(file->text);
    file->text = NULL;
    if (file->file >= 0)
        close(file->file);
    file->file = -1;
    if (file->folder >= 0)
        close(file->folder); /* and the lock is gone */
    file->folder = -1;
    output_path_close(&file->place);
}
