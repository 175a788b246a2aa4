#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "../../../config/reader.h"
#include "../tool.h"

enum {
    LINKS_MAX = 40, /* as the kernel has it */
    LOCK_SECONDS = 60,
    LOCK_STEP_MS = 5,
};

int folder_cannot(const struct folder *folder, const char *what, int error)
{
    tool_error("cannot %s '%s': %s", what, folder->path, strerror(error));
    return error == ENOMEM ? STATUS_OS : STATUS_CANNOT;
}

/* Splits the file's PATH: FOLDER->name keeps what is behind the last slash, and PATH what is before
 * it. */
static int split(struct folder *folder, char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (*path == '\0')
        return ENOENT;
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return EISDIR;
    size_t length = strlen(name);
    if (length > NAME_MAX)
        return ENAMETOOLONG;
    memcpy(folder->name, name, length + 1);
    if (slash)
        slash[slash == path] = '\0'; /* "/" stays */
    else
        memcpy(path, ".", 2);
    return 0;
}

/* Whether the symbolic link may have been laid by somebody else, for whoever is to write through
 * it: where the kernel would not follow it either (fs.protected_symlinks, proc(5)). */
static bool is_trap(const struct folder *folder)
{
    const mode_t shared = S_ISVTX | S_IWOTH;
    struct stat around, link;

    if (fstat(folder->descriptor, &around) != 0 ||
        fstatat(folder->descriptor, folder->name, &link, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    return (around.st_mode & shared) == shared && link.st_uid != geteuid() &&
           link.st_uid != around.st_uid;
}

/* If the file is a symbolic link, what it points to becomes PATH, relative to the same folder.
 * Returns 0, an errno, or -1 if it is none. */
static int follow(const struct folder *folder, char path[PATH_MAX])
{
    ssize_t length = readlinkat(folder->descriptor, folder->name, path, PATH_MAX - 1);

    if (length < 0)
        return errno == EINVAL || errno == ENOENT ? -1 : errno;
    path[length] = '\0';
    if (is_trap(folder))
        return EACCES;
    return length == PATH_MAX - 1 ? ENAMETOOLONG : 0;
}

/* Opens the folder that the file is in at last. Returns 0 or an errno. */
static int find(struct folder *folder)
{
    char path[PATH_MAX];
    size_t length = strlen(folder->path);

    if (length >= sizeof(path))
        return ENAMETOOLONG;
    memcpy(path, folder->path, length + 1);
    for (int links = 0; links <= LINKS_MAX; links++) {
        int error = split(folder, path);
        if (error)
            return error;
        int from = folder->descriptor;
        folder->descriptor =
            openat(from < 0 ? AT_FDCWD : from, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        error = errno;
        if (from >= 0)
            close(from);
        if (folder->descriptor < 0)
            return error;
        error = follow(folder, path);
        if (error)
            return error < 0 ? 0 : error;
    }
    return ELOOP;
}

/* Returns 0 or an errno; ETIMEDOUT if somebody keeps the lock. */
static int lock(const struct folder *folder)
{
    const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000L};

    for (int i = 0; i < LOCK_SECONDS * 1000 / LOCK_STEP_MS; i++) {
        if (flock(folder->descriptor, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return errno;
        nanosleep(&step, NULL);
    }
    return ETIMEDOUT;
}

/* Reads until the end. Returns 0 or an errno. */
static int read_all(struct folder *folder)
{
    size_t limit = WHITELIST_BYTES_MAX + 1;

    folder->text = malloc(limit);
    if (!folder->text)
        return ENOMEM;
    while (folder->length < limit) {
        ssize_t got = read(folder->file, folder->text + folder->length, limit - folder->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return 0;
        folder->length += (size_t)got;
    }
    return EFBIG;
}

static int read_file(struct folder *folder)
{
    folder->file = openat(folder->descriptor, folder->name,
                          O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (folder->file < 0 && errno == ENOENT)
        return STATUS_OK;
    if (folder->file < 0 || fstat(folder->file, &folder->status) != 0)
        return folder_cannot(folder, "read", errno);
    if (!S_ISREG(folder->status.st_mode)) {
        tool_error("cannot write '%s': not a regular file", folder->path);
        return STATUS_CANNOT;
    }
    int error = read_all(folder);
    return error ? folder_cannot(folder, "read", error) : STATUS_OK;
}

int folder_open(const char *path, struct folder *folder)
{
    *folder = (struct folder){.path = path, .descriptor = -1, .file = -1};
    int error = find(folder);
    if (error)
        return folder_cannot(folder, "write", error);
    /* A name of its own for each file, and the same one each time: what a learner that was killed
     * left is removed by the next. */
    snprintf(folder->beside, sizeof(folder->beside), ".%.200s.portcullis", folder->name);
    error = lock(folder);
    if (error) {
        tool_error("cannot lock the folder of '%s': %s", path, strerror(error));
        return STATUS_OS;
    }
    return read_file(folder);
}

void folder_close(struct folder *folder)
{
    free(folder->text);
    folder->text = NULL;
    if (folder->file >= 0)
        close(folder->file);
    folder->file = -1;
    if (folder->descriptor >= 0)
        close(folder->descriptor); /* and the lock is gone */
    folder->descriptor = -1;
}
