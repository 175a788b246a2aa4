/* A memfd in the arena: libseccomp hands a program to nothing but a descriptor. It takes no system
 * call, and neither RLIMIT_FSIZE nor RLIMIT_NOFILE nor an outer filter can come between. There is
 * one at a time. */
#include "memfd.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An exception to "no mutable globals": a descriptor is a number, and can't carry a state. */
static struct {
    char *bytes;
    size_t length;
    size_t capacity;
} memfd;

int memfd_create(const char *name, unsigned flags)
{
    (void)name;
    (void)flags;
    memset(&memfd, 0, sizeof(memfd));
    return MEMFD;
}

ssize_t memfd_write(const void *buffer, size_t length)
{
    if (length > memfd.capacity - memfd.length) {
        size_t capacity = 2 * (memfd.length + length);
        char *bytes = realloc(memfd.bytes, capacity);
        if (!bytes)
            return -1;
        memfd.bytes = bytes;
        memfd.capacity = capacity;
    }
    memcpy(memfd.bytes + memfd.length, buffer, length);
    memfd.length += length;
    return (ssize_t)length;
}

int memfd_close(void)
{
    free(memfd.bytes);
    memset(&memfd, 0, sizeof(memfd));
    return 0;
}

/* Of lseek(2) and pread(2) that much is there: where the end is, and bytes before it. */
off_t lseek(int fd, off_t offset, int whence)
{
    if (fd == MEMFD && offset == 0 && whence == SEEK_CUR)
        return (off_t)memfd.length;
    errno = EINVAL;
    return -1;
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
    if (fd != MEMFD || offset < 0 || (size_t)offset > memfd.length) {
        errno = EINVAL;
        return -1;
    }
    size_t rest = memfd.length - (size_t)offset;
    if (length > rest)
        length = rest;
    if (length > 0)
        memcpy(buffer, memfd.bytes + offset, length);
    return (ssize_t)length;
}
