#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

/* Says why FOLDER's file can't be had, and returns STATUS_CANNOT; STATUS_OS for want of memory. */
static int cannot(const struct folder *folder, const char *what, int error)
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

    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return EISDIR;
    if (strlen(name) > NAME_MAX)
        return ENAMETOOLONG;
    strcpy(folder->name, name);
    if (!slash)
        strcpy(path, ".");
    else
        slash[slash == path] = '\0'; /* "/" stays */
    return 0;
}

/* If the file is a symbolic link, what it points to becomes PATH, relative to the same folder.
 * Returns 0, an errno, or -1 if it is none. */
static int follow(const struct folder *folder, char path[PATH_MAX])
{
    ssize_t length = readlinkat(folder->descriptor, folder->name, path, PATH_MAX - 1);

    if (length < 0)
        return errno == EINVAL || errno == ENOENT ? -1 : errno;
    path[length] = '\0';
    return length == PATH_MAX - 1 ? ENAMETOOLONG : 0;
}

/* Opens the folder that the file is in at last. Returns 0 or an errno. */
static int find(struct folder *folder)
{
    char path[PATH_MAX];

    if (strlen(folder->path) >= sizeof(path))
        return ENAMETOOLONG;
    strcpy(path, folder->path);
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
static int read_all(struct folder *folder, int descriptor)
{
    size_t limit = WHITELIST_BYTES_MAX + 1;

    folder->text = malloc(limit);
    if (!folder->text)
        return ENOMEM;
    while (folder->length < limit) {
        ssize_t got = read(descriptor, folder->text + folder->length, limit - folder->length);
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
    int descriptor = openat(folder->descriptor, folder->name,
                            O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);

    if (descriptor < 0)
        return errno == ENOENT ? STATUS_OK : cannot(folder, "read", errno);
    int error = fstat(descriptor, &folder->status) == 0 ? 0 : errno;
    bool regular = !error && S_ISREG(folder->status.st_mode);
    if (regular)
        error = read_all(folder, descriptor);
    close(descriptor);
    if (error)
        return cannot(folder, "read", error);
    folder->exists = true;
    if (regular)
        return STATUS_OK;
    tool_error("cannot write '%s': not a regular file", folder->path);
    return STATUS_CANNOT;
}

int folder_open(const char *path, struct folder *folder)
{
    *folder = (struct folder){.path = path, .descriptor = -1};
    int error = find(folder);
    if (error)
        return cannot(folder, "write", error);
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

/* Whether the file may be replaced: what could not be kept, or must not be written, stays. */
static int check(const struct folder *folder)
{
    if (!folder->exists)
        return STATUS_OK;
    if (faccessat(folder->descriptor, folder->name, W_OK, AT_EACCESS) != 0)
        return cannot(folder, "write", errno);
    if (folder->status.st_nlink <= 1)
        return STATUS_OK;
    tool_error("cannot write '%s': it has other names as well (hard links), and they would keep "
               "the old one",
               folder->path);
    return STATUS_CANNOT;
}

static int write_all(int descriptor, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Owner and mode as the old file has them. */
static int keep(const struct folder *folder, int descriptor)
{
    const struct stat *old = &folder->status;
    struct stat now;

    if (!folder->exists)
        return 0;
    if (fstat(descriptor, &now) != 0)
        return errno;
    if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
        fchown(descriptor, old->st_uid, old->st_gid) != 0)
        return errno;
    return fchmod(descriptor, old->st_mode & 07777) == 0 ? 0 : errno;
}

/* A file without a name, or where there are none such, one beside the old file. */
static int create(const struct folder *folder, bool *named)
{
    mode_t mode = folder->exists ? 0600 : 0666;
    int descriptor = openat(folder->descriptor, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);

    *named = descriptor < 0;
    if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return descriptor;
    return openat(folder->descriptor, folder->beside, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
                  mode);
}

static int give_name(const struct folder *folder, int descriptor)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    return linkat(AT_FDCWD, path, folder->descriptor, folder->beside, AT_SYMLINK_FOLLOW) == 0
               ? 0
               : errno;
}

/* Everything but the renaming. Returns 0 or an errno. */
static int write_beside(const struct folder *folder, const char *text, size_t length)
{
    bool named;

    if (unlinkat(folder->descriptor, folder->beside, 0) != 0 && errno != ENOENT)
        return errno;
    int descriptor = create(folder, &named);
    if (descriptor < 0)
        return errno;
    int error = write_all(descriptor, text, length);
    if (!error)
        error = keep(folder, descriptor);
    if (!error && fsync(descriptor) != 0)
        error = errno;
    if (!error && !named)
        error = give_name(folder, descriptor);
    if (close(descriptor) != 0 && !error)
        error = errno;
    return error;
}

int folder_replace(struct folder *folder, const char *text, size_t length)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    int status = check(folder);

    if (status)
        return status;
    /* RLIMIT_FSIZE is the program's; here it is an error like others */
    sigaction(SIGXFSZ, &ignore, &before);
    int error = write_beside(folder, text, length);
    sigaction(SIGXFSZ, &before, NULL);
    if (!error && renameat(folder->descriptor, folder->beside, folder->descriptor, folder->name))
        error = errno;
    if (error) {
        unlinkat(folder->descriptor, folder->beside, 0);
        return cannot(folder, "write", error);
    }
    if (fsync(folder->descriptor) != 0)
        return cannot(folder, "write", errno);
    return STATUS_OK;
}

void folder_close(struct folder *folder)
{
    free(folder->text);
    folder->text = NULL;
    if (folder->descriptor >= 0)
        close(folder->descriptor); /* and the lock is gone */
    folder->descriptor = -1;
}
