#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../tool.h"
#include "folder.h"

/* Whether the file may be replaced. */
static int check(const struct folder *folder)
{
    if (folder->file < 0)
        return STATUS_OK;
    if (faccessat(folder->descriptor, folder->name, W_OK, AT_EACCESS) != 0)
        return folder_cannot(folder, "write", errno);
    if (folder->status.st_nlink <= 1)
        return STATUS_OK;
    tool_error("cannot write '%s': it has other names as well (hard links), which would keep the "
               "old text",
               folder->path);
    return STATUS_CANNOT;
}

/* What belongs to the system (labels, integrity) can't be set by everyone, and is set anew by
 * whoever needs it. */
static bool is_ours(const char *attribute)
{
    return strncmp(attribute, "security.", strlen("security.")) != 0 &&
           strncmp(attribute, "trusted.", strlen("trusted.")) != 0;
}

/* All of these return 0 or an errno. */
static int copy_attribute(int from, int to, const char *name)
{
    ssize_t size = fgetxattr(from, name, NULL, 0);
    char *value = size < 0 ? NULL : malloc((size_t)size + 1);
    int error = 0;

    if (size < 0)
        return errno;
    if (!value)
        return ENOMEM;
    size = fgetxattr(from, name, value, (size_t)size);
    if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) != 0)
        error = errno;
    free(value);
    return error;
}

/* Access control lists are among them. */
static int copy_attributes(int from, int to)
{
    char names[4096];
    ssize_t length = flistxattr(from, names, sizeof(names));

    if (length < 0)
        return errno == ENOTSUP ? 0 : errno;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        int error = copy_attribute(from, to, name);
        if (error && is_ours(name))
            return error;
    }
    return 0;
}

/* What was the old file's becomes the new one's. */
static int keep(const struct folder *folder, int descriptor)
{
    const struct stat *old = &folder->status;
    struct stat now;

    if (folder->file < 0)
        return 0;
    if (fstat(descriptor, &now) != 0)
        return errno;
    if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
        fchown(descriptor, old->st_uid, old->st_gid) != 0)
        return errno;
    if (fchmod(descriptor, old->st_mode & 07777) != 0)
        return errno;
    return copy_attributes(folder->file, descriptor);
}

static int fill(const struct folder *folder, int descriptor, const char *text, size_t length)
{
    int error = -tool_write(descriptor, text, length);

    if (!error)
        error = keep(folder, descriptor);
    if (!error && fsync(descriptor) != 0)
        error = errno;
    return error;
}

/* A file that has its name only when it is whole: a learner that is killed leaves nothing. */
static int write_unnamed(const struct folder *folder, const char *text, size_t length)
{
    char path[64];
    int descriptor = openat(folder->descriptor, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC,
                            folder->file < 0 ? 0666 : 0600);

    if (descriptor < 0)
        return errno;
    int error = fill(folder, descriptor, text, length);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    if (!error &&
        linkat(AT_FDCWD, path, folder->descriptor, folder->beside, AT_SYMLINK_FOLLOW) != 0)
        error = errno;
    if (close(descriptor) != 0 && !error)
        error = errno;
    return error;
}

/* For file systems that know no files without a name, and where there is no /proc. */
static int write_named(const struct folder *folder, const char *text, size_t length)
{
    int descriptor = openat(folder->descriptor, folder->beside,
                            O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW,
                            folder->file < 0 ? 0666 : 0600);

    if (descriptor < 0)
        return errno;
    int error = fill(folder, descriptor, text, length);
    if (close(descriptor) != 0 && !error)
        error = errno;
    return error;
}

static int write_beside(const struct folder *folder, const char *text, size_t length)
{
    /* of one that was killed */
    if (unlinkat(folder->descriptor, folder->beside, 0) != 0 && errno != ENOENT)
        return errno;
    int error = write_unnamed(folder, text, length);
    if (error == EOPNOTSUPP || error == EISDIR || error == EINVAL || error == ENOENT ||
        error == EPERM) /* ext4 says that of a folder that has gone */
        error = write_named(folder, text, length);
    return error;
}

/* Whether the file is the one that was read: an editor knows no lock. */
static bool is_unchanged(const struct folder *folder)
{
    const struct stat *then = &folder->status;
    struct stat now;

    if (fstatat(folder->descriptor, folder->name, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT && folder->file < 0;
    return folder->file >= 0 && now.st_dev == then->st_dev && now.st_ino == then->st_ino &&
           now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

static int take_place(const struct folder *folder)
{
    const unsigned flags = folder->file < 0 ? (unsigned)RENAME_NOREPLACE : 0U;

    if (renameat2(folder->descriptor, folder->beside, folder->descriptor, folder->name, flags) == 0)
        return 0;
    /* not every file system knows the flag */
    if (errno == EINVAL && flags != 0 &&
        renameat(folder->descriptor, folder->beside, folder->descriptor, folder->name) == 0)
        return 0;
    return errno;
}

int folder_replace(struct folder *folder, const char *text, size_t length)
{
    int status = check(folder);

    if (status)
        return status;
    int error = write_beside(folder, text, length);
    bool changed = !error && !is_unchanged(folder);
    if (!error && !changed) {
        error = take_place(folder);
        changed = error == EEXIST;
    }
    if (error || changed)
        unlinkat(folder->descriptor, folder->beside, 0);
    if (changed)
        return FOLDER_CHANGED;
    if (!error && fsync(folder->descriptor) != 0)
        error = errno;
    return error ? folder_cannot(folder, "write", error) : STATUS_OK;
}
