/* What an executable that is not the one named may be all the same, or why no executable ever is.
 * Apart from program.c: most starts need nothing of this. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../config/constants.h"
#include "freestanding/syscall.h"
#include "program.h"

/* What the kernel writes behind the path of a file that has no name any more. */
static const char DELETED[] = " (deleted)";

enum { DELETED_LENGTH = sizeof(DELETED) - 1, PATH_BYTES = 4096 };

const char *program_error(int error)
{
    const char *name = constant_errno_name((unsigned)-error);

    if (error == -ENOEXEC)
        return "it is a script, or no ELF file; name the program that runs it";
    if (error == -EISDIR)
        return "it is not a regular file";
    return name ? name : "unknown error";
}

/* The text of a link, with a NUL. Returns its length, or a negative errno. */
static long read_link(const char *link, char text[PATH_BYTES])
{
    long length = SYSTEM_CALL(SYS_readlinkat, AT_FDCWD, link, text, PATH_BYTES - 1);

    /* More than was asked for is an outer filter's invention. */
    if (length >= PATH_BYTES)
        return -EIO;
    if (length >= 0)
        text[length] = '\0';
    return length;
}

/* Whether PATH begins as an ELF file: 0, -ENOEXEC, or what it cannot be read for. A file that may
 * not be read is no script: what runs that would have to read it. */
static int look_inside(const char *path)
{
    char magic[4] = "";
    long descriptor =
        SYSTEM_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (descriptor == -EACCES)
        return 0;
    if (descriptor < 0)
        return (int)descriptor;
    long got = SYSTEM_CALL(SYS_pread64, descriptor, magic, sizeof(magic), 0);
    SYSTEM_CALL(SYS_close, descriptor);
    if (got < 0)
        return (int)got;
    return memcmp(magic, "\177ELF", sizeof(magic)) == 0 ? 0 : -ENOEXEC;
}

/* Whether PATH has the name that EXECUTABLE had, LENGTH bytes: 1, 0 or a negative errno. Links on
 * the way are followed by the kernel. */
static int has_name(const char *path, const char *executable, size_t length)
{
    char link[32];
    char name[PATH_BYTES];
    long descriptor = SYSTEM_CALL(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC);

    if (descriptor < 0)
        return (int)descriptor;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)descriptor);
    long result = read_link(link, name);
    SYSTEM_CALL(SYS_close, descriptor);
    if (result < 0)
        return (int)result;
    return (size_t)result == length && memcmp(name, executable, length) == 0;
}

int program_other(const char *executable, const char *path, bool regular)
{
    char name[PATH_BYTES];

    if (!regular)
        return -EISDIR;
    int error = look_inside(path);
    if (error)
        return error;
    long length = read_link(executable, name);
    if (length < 0)
        return (int)length;
    if (length < DELETED_LENGTH ||
        memcmp(name + length - DELETED_LENGTH, DELETED, DELETED_LENGTH) != 0)
        return 0;
    return has_name(path, name, (size_t)length - DELETED_LENGTH);
}
