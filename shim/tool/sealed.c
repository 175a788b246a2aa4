#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stages_prefix.h"

enum { PATH_BYTES = 64, PREFIX_MAX = 64 };

/* Whether what LINE of /proc/PID/maps says behind the addresses is of memory that stays as it is:
 * readable, not writable, private, and no file's. A mapping that is shared may be writable
 * elsewhere, and what nobody has written to in a private one is still the file's.
 *
 *     7f0000000000-7f0000001000 r--p 00000000 00:00 0
 */
static bool is_constant(const char *rest)
{
    const char *inode = rest;
    char *end = NULL;

    for (unsigned fields = 0; inode && fields < 3; fields++)
        inode = strchr(inode + 1, ' ');
    return inode && strncmp(rest, " r-", 3) == 0 && rest[3] != '\0' && rest[4] == 'p' &&
           strtoul(inode, &end, 10) == 0 && end != inode;
}

/* Looks at the LENGTH bytes of memory from START on: SEALED_SAME where they stay as they are,
 * SEALED_GONE where none of them is there. */
static int find_rights(pid_t thread, uint64_t start, uint64_t length)
{
    char path[PATH_BYTES], line[512], *rest;
    uint64_t at = start;
    bool constant = true;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    while (fgets(line, sizeof(line), file)) {
        uint64_t low = strtoull(line, &rest, 16);
        uint64_t high = *rest == '-' ? strtoull(rest + 1, &rest, 16) : 0;
        if (at < low || at >= high || at >= start + length)
            continue;
        constant &= is_constant(rest);
        at = high;
    }
    fclose(file);
    if (at == start)
        return SEALED_GONE;
    if (at < start + length)
        return SEALED_OTHER;
    return constant ? SEALED_SAME : SEALED_WRITABLE;
}

/* Reads LENGTH bytes; fewer is -EIO, as where there is nothing. */
static int read_memory(int memory, const void *address, void *bytes, size_t length)
{
    ssize_t got = pread(memory, bytes, length, (off_t)(uintptr_t)address);

    if (got < 0)
        return -errno;
    return (size_t)got == length ? 0 : -EIO;
}

static int compare_program(int memory, const struct sock_fprog *address,
                           const struct wanted *wanted, size_t index, pid_t thread)
{
    size_t prefix = prefix_length(wanted->count - 1);
    const struct filter *body = &wanted->programs[index];
    struct sock_filter front[PREFIX_MAX] = {0};
    struct sock_fprog kept;

    int error = read_memory(memory, address + index, &kept, sizeof(kept));
    if (error)
        return error;
    if (kept.len != prefix + body->count || prefix > PREFIX_MAX)
        return SEALED_OTHER;
    size_t length = kept.len * sizeof(*kept.filter);
    int rights = find_rights(thread, (uint64_t)(uintptr_t)kept.filter, length);
    if (rights != SEALED_SAME)
        return rights == SEALED_GONE ? SEALED_OTHER : rights;
    struct sock_filter *code = malloc(length);
    if (!code)
        return -ENOMEM;
    error = read_memory(memory, kept.filter, code, length);
    prefix_write(front, index, address, wanted->count, wanted->flags);
    bool same = !error && memcmp(code, front, prefix * sizeof(*code)) == 0 &&
                memcmp(code + prefix, body->instructions, body->count * sizeof(*code)) == 0;
    free(code);
    if (error)
        return error;
    return same ? SEALED_SAME : SEALED_OTHER;
}

int sealed_compare(pid_t thread, const struct sock_fprog *address, const struct wanted *wanted,
                   size_t *index)
{
    char path[PATH_BYTES];

    *index = 0;
    int result =
        find_rights(thread, (uint64_t)(uintptr_t)address, wanted->count * sizeof(*address));
    if (result != SEALED_SAME)
        return result;
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)thread);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0)
        return -errno;
    for (size_t i = 0; i < wanted->count && result == SEALED_SAME; i++) {
        *index = i;
        result = compare_program(memory, address, wanted, i, thread);
    }
    close(memory);
    return result;
}

bool sealed_holds(pid_t thread, const struct sock_fprog *address, const struct filter *filter)
{
    size_t length = filter->count * sizeof(*filter->instructions);
    struct sock_filter *code = malloc(length);
    struct sock_fprog program;
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)thread);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    bool holds =
        code && memory >= 0 && read_memory(memory, address, &program, sizeof(program)) == 0 &&
        program.len == filter->count && read_memory(memory, program.filter, code, length) == 0 &&
        memcmp(code, filter->instructions, length) == 0;
    if (memory >= 0)
        close(memory);
    free(code);
    return holds;
}
