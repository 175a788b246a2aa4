/* A preload for the command itself: what FAIL names fails, as it would for want of memory. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

static int fails(const char *name)
{
    const char *wanted = getenv("FAIL");

    errno = ENOMEM;
    return wanted && strcmp(wanted, name) == 0;
}

int setenv(const char *name, const char *value, int replace)
{
    int (*real)(const char *, const char *, int) = dlsym(RTLD_NEXT, "setenv");

    return fails("setenv") ? -1 : real(name, value, replace);
}

int fstatvfs(int descriptor, struct statvfs *status)
{
    int (*real)(int, struct statvfs *) = dlsym(RTLD_NEXT, "fstatvfs");

    return fails("fstatvfs") ? -1 : real(descriptor, status);
}

FILE *open_memstream(char **text, size_t *length)
{
    FILE *(*real)(char **, size_t *) = dlsym(RTLD_NEXT, "open_memstream");

    return fails("open_memstream") ? NULL : real(text, length);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    void *(*real)(void *, size_t, size_t) = dlsym(RTLD_NEXT, "reallocarray");

    return fails("reallocarray") ? NULL : real(memory, count, size);
}
