#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tool.h"

enum { ATTEMPTS = 10 };

/* What is written to and not replaced: a device, a pipe, a link below /proc. */
static bool is_stream(const struct output_file *file)
{
    return file->place.exists && (file->place.in_proc || !S_ISREG(file->place.status.st_mode));
}

/* Whether the file's text may be changed. To put another file in its place is not the same. */
static int check(const struct output_file *file)
{
    const struct output_path *place = &file->place;

    if (!place->exists || is_stream(file))
        return STATUS_OK;
    if (faccessat(place->folder, place->name, W_OK, AT_EACCESS) != 0)
        return output_file_cannot(file->path, "write", -errno);
    if (place->status.st_nlink <= 1)
        return STATUS_OK;
    tool_error("cannot write '%s': it has other names as well (hard links), which would keep the "
               "old text",
               file->path);
    return STATUS_CANNOT;
}

/* What belongs to the system (labels, integrity) can't be set by everyone, and is set anew by
 * whoever needs it. */
static bool is_ours(const char *attribute)
{
    return strncmp(attribute, "security.", strlen("security.")) != 0 &&
           strncmp(attribute, "trusted.", strlen("trusted.")) != 0;
}

/* All of these return 0 or a negative errno. */
static int copy_attribute(int from, int to, const char *name)
{
    ssize_t size = fgetxattr(from, name, NULL, 0);
    char *value = size < 0 ? NULL : malloc((size_t)size + 1);
    int error = 0;

    if (size < 0)
        return -errno;
    if (!value)
        return -ENOMEM;
    size = fgetxattr(from, name, value, (size_t)size);
    if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) != 0)
        error = -errno;
    free(value);
    return error;
}

/* Access control lists are among them. */
static int copy_attributes(int from, int to)
{
    char names[4096];
    ssize_t length = flistxattr(from, names, sizeof(names));

    if (length < 0)
        return errno == ENOTSUP ? 0 : -errno;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        int error = copy_attribute(from, to, name);
        if (error && is_ours(name))
            return error;
    }
    return 0;
}

/* The owner's, or if need be and that will do, only the group's. *MODE: what the new file may have;
 * another group gets no more than everybody. */
static int keep_owner(const struct output_file *file, int descriptor, mode_t *mode)
{
    const struct stat *old = &file->place.status;
    struct stat now;

    *mode = old->st_mode & 0777;
    if (fstat(descriptor, &now) != 0)
        return -errno;
    if (now.st_uid == old->st_uid && now.st_gid == old->st_gid)
        return 0;
    if (fchown(descriptor, old->st_uid, old->st_gid) == 0)
        return 0;
    if (file->mode == OUTPUT_UPDATE)
        return -errno;
    if (now.st_gid != old->st_gid && fchown(descriptor, (uid_t)-1, old->st_gid) != 0)
        *mode &= ~(mode_t)S_IRWXG | (*mode & S_IRWXO) << 3;
    return 0;
}

/* What was the old file's becomes the new one's. */
static int keep(const struct output_file *file, int descriptor)
{
    mode_t mode = 0;

    if (!file->place.exists)
        return 0;
    int error = keep_owner(file, descriptor, &mode);
    if (!error && fchmod(descriptor, mode) != 0)
        error = -errno;
    return !error && file->file >= 0 ? copy_attributes(file->file, descriptor) : error;
}

static int fill(const struct output_file *file, int descriptor, const void *bytes, size_t length)
{
    int error = tool_write(descriptor, bytes, length);

    if (!error)
        error = keep(file, descriptor);
    if (!error && fsync(descriptor) != 0)
        error = -errno;
    return error;
}

/* Only its owner's until it has the old one's mode. */
static mode_t first_mode(const struct output_file *file)
{
    return file->place.exists ? 0600 : 0666;
}

/* A file that has its name only when it is whole: who is killed leaves nothing. */
static int write_unnamed(const struct output_file *file, const void *bytes, size_t length)
{
    int folder = file->place.folder;
    char path[64];
    int descriptor = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, first_mode(file));

    if (descriptor < 0)
        return -errno;
    int error = fill(file, descriptor, bytes, length);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    if (!error && linkat(AT_FDCWD, path, folder, file->beside, AT_SYMLINK_FOLLOW) != 0)
        error = -errno;
    if (close(descriptor) != 0 && !error)
        error = -errno;
    return error;
}

/* For file systems that know no files without a name, and where there is no /proc. */
static int write_named(const struct output_file *file, const void *bytes, size_t length)
{
    int descriptor = openat(file->place.folder, file->beside,
                            O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, first_mode(file));

    if (descriptor < 0)
        return -errno;
    int error = fill(file, descriptor, bytes, length);
    if (close(descriptor) != 0 && !error)
        error = -errno;
    if (error)
        unlinkat(file->place.folder, file->beside, 0);
    return error;
}

/* A name of its own for each file. Under the lock it is the same one each time: so what a learner
 * that was killed left is removed by the next. */
static int choose_name(struct output_file *file)
{
    const char *name = file->place.name;
    unsigned long number = 0;

    if (file->mode != OUTPUT_UPDATE) {
        if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
            return -errno;
        snprintf(file->beside, sizeof(file->beside), ".%.200s.%lx", name, number);
        return 0;
    }
    snprintf(file->beside, sizeof(file->beside), ".%.200s.portcullis", name);
    return unlinkat(file->place.folder, file->beside, 0) != 0 && errno != ENOENT ? -errno : 0;
}

static int write_beside(struct output_file *file, const void *bytes, size_t length)
{
    int error = choose_name(file);

    if (error)
        return error;
    error = write_unnamed(file, bytes, length);
    if (error == -EOPNOTSUPP || error == -EISDIR || error == -EINVAL || error == -ENOENT ||
        error == -EPERM) /* ext4 says that of a folder that has gone */
        error = write_named(file, bytes, length);
    return error;
}

/* Whether STATUS is the file that was opened. */
static bool is_same(const struct output_file *file, const struct stat *status)
{
    const struct stat *then = &file->place.status;

    return status->st_dev == then->st_dev && status->st_ino == then->st_ino;
}

/* Whether the file is as it was opened: an editor knows no lock. */
static bool is_unchanged(const struct output_file *file)
{
    const struct stat *then = &file->place.status;
    struct stat now;

    if (fstatat(file->place.folder, file->place.name, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT && !file->place.exists;
    return file->place.exists && is_same(file, &now) && now.st_size == then->st_size &&
           now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

static int take_place(const struct output_file *file)
{
    const unsigned flags = file->place.exists ? 0U : (unsigned)RENAME_NOREPLACE;
    int folder = file->place.folder;

    if (renameat2(folder, file->beside, folder, file->place.name, flags) == 0)
        return 0;
    /* not every file system knows the flag */
    if (errno == EINVAL && flags != 0 &&
        renameat(folder, file->beside, folder, file->place.name) == 0)
        return 0;
    return -errno;
}

/* Opens what is there, to write to its end. Returns a descriptor or a negative errno. */
static int open_stream(const struct output_file *file)
{
    const struct output_path *place = &file->place;
    struct stat status;
    int descriptor =
        openat(place->folder, place->name,
               O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | (place->in_proc ? 0 : O_NOFOLLOW));

    if (descriptor < 0)
        return -errno;
    if (fstat(descriptor, &status) == 0 && is_same(file, &status))
        return descriptor;
    close(descriptor);
    return -ESTALE;
}

static int write_through(const struct output_file *file, const void *bytes, size_t length)
{
    int descriptor = open_stream(file);
    int error = descriptor < 0 ? descriptor : tool_write(descriptor, bytes, length);

    if (descriptor >= 0 && close(descriptor) != 0 && !error)
        error = -errno;
    return error;
}

static int replace(struct output_file *file, const void *bytes, size_t length)
{
    int error = write_beside(file, bytes, length);

    if (error)
        return error;
    error = is_unchanged(file) ? take_place(file) : -ESTALE;
    if (error)
        unlinkat(file->place.folder, file->beside, 0);
    if (!error && file->folder >= 0 && fsync(file->folder) != 0)
        error = -errno;
    return error == -EEXIST ? -ESTALE : error;
}

int output_file_replace(struct output_file *file, const void *bytes, size_t length)
{
    int status = file->mode == OUTPUT_UPDATE ? check(file) : STATUS_OK;

    if (status)
        return status;
    int error = is_stream(file) ? write_through(file, bytes, length) : replace(file, bytes, length);
    if (error == -ESTALE)
        return OUTPUT_FILE_CHANGED;
    return error ? output_file_cannot(file->path, "write", error) : STATUS_OK;
}

int output_file_again(const char *path, int (*once)(void *context), void *context)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    int status = OUTPUT_FILE_CHANGED;

    /* RLIMIT_FSIZE may be meant for another program; here it is an error as others are */
    sigaction(SIGXFSZ, &ignore, &before);
    for (int i = 0; i < ATTEMPTS && status == OUTPUT_FILE_CHANGED; i++)
        status = once(context);
    sigaction(SIGXFSZ, &before, NULL);
    if (status != OUTPUT_FILE_CHANGED)
        return status;
    tool_error("cannot write '%s': it changes all the time", path);
    return STATUS_CANNOT;
}

struct writing {
    const char *path;
    enum output_mode mode;
    const void *bytes;
    size_t length;
    int descriptor; /* of output_file_stream() */
};

static int write_once(void *context)
{
    const struct writing *writing = context;
    struct output_file file;
    int status = output_file_open(writing->path, writing->mode, &file);

    if (status == STATUS_OK)
        status = output_file_replace(&file, writing->bytes, writing->length);
    output_file_close(&file);
    return status;
}

int output_file_write(const char *path, enum output_mode mode, const void *bytes, size_t length)
{
    struct writing writing = {.path = path, .mode = mode, .bytes = bytes, .length = length};

    return output_file_again(path, write_once, &writing);
}

/* Opens what is there, or makes it. Returns a descriptor or a negative errno. */
static int open_or_make(const struct output_file *file)
{
    int descriptor = -1;

    if (!file->place.exists)
        descriptor = openat(file->place.folder, file->place.name,
                            O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (!file->place.exists)
        return descriptor < 0 ? -errno : descriptor;
    descriptor = open_stream(file);
    if (descriptor < 0 || is_stream(file) || ftruncate(descriptor, 0) == 0)
        return descriptor;
    int error = -errno;
    close(descriptor);
    return error;
}

static int stream_once(void *context)
{
    struct writing *writing = context;
    struct output_file file;
    int status = output_file_open(writing->path, OUTPUT_REPLACE, &file);

    if (status == STATUS_OK)
        status = check(&file);
    if (status == STATUS_OK) {
        writing->descriptor = open_or_make(&file);
        if (writing->descriptor == -ESTALE || writing->descriptor == -EEXIST)
            status = OUTPUT_FILE_CHANGED;
        else if (writing->descriptor < 0)
            status = output_file_cannot(writing->path, "write", writing->descriptor);
    }
    output_file_close(&file);
    return status;
}

int output_file_stream(const char *path)
{
    struct writing writing = {.path = path, .descriptor = -1};
    int status = output_file_again(path, stream_once, &writing);

    return status == STATUS_OK ? writing.descriptor : -status;
}
