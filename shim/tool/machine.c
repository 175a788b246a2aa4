/* What a list is learned on. The command has a C library of its own, which is not the programs'. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tool.h"

enum { VERSION_MAX = 32 };

/* Where the x86-64 ABI wants it. Its release is in what it prints for --version. */
static const char LOADER[] = "/lib64/ld-linux-x86-64.so.2";
static const char RELEASE[] = " release version ";

/* The release that TEXT tells of, or "". */
static void find_release(const char *text, size_t size, char version[VERSION_MAX])
{
    const char *found = memmem(text, size, RELEASE, strlen(RELEASE));
    const char *end = text + size;
    size_t length = 0;

    version[0] = '\0';
    if (!found)
        return;
    found += strlen(RELEASE);
    while (found + length < end && length < VERSION_MAX - 1 &&
           strchr(".0123456789", found[length]) && found[length] != '\0')
        length++;
    while (length > 0 && found[length - 1] == '.')
        length--; /* the end of the sentence */
    memcpy(version, found, length);
    version[length] = '\0';
}

/* glibc's version, as its loader has it, or "" where there is none. */
static void find_glibc(char version[VERSION_MAX])
{
    int loader = open(LOADER, O_RDONLY | O_CLOEXEC);
    struct stat status;

    version[0] = '\0';
    if (loader < 0)
        return;
    if (fstat(loader, &status) == 0 && status.st_size > 0) {
        size_t size = (size_t)status.st_size;
        void *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, loader, 0);
        if (text != MAP_FAILED) {
            find_release(text, size, version);
            munmap(text, size);
        }
    }
    close(loader);
}

const char *tool_machine(char text[TOOL_MACHINE_MAX])
{
    struct utsname system = {0};
    char glibc[VERSION_MAX];

    uname(&system);
    find_glibc(glibc);
    snprintf(text, TOOL_MACHINE_MAX, "%s %s %s%s%s", system.sysname, system.release, system.machine,
             glibc[0] ? ", glibc " : "", glibc);
    return text;
}
