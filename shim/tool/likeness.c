#include "likeness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

#include "../load.h"
#include "../stages_prefix.h"

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

void likeness_want(const struct policy *policy, struct wanted *wanted)
{
    *wanted = (struct wanted){.count = 1 + policy->whitelist.stage_count,
                              .flags = load_flags(policy->whitelist.settings.audit)};
    for (unsigned i = 0; i < wanted->count; i++)
        wanted->programs[i] = *policy_filter(policy, i);
}

/* A loaded program, and where its process keeps those that belong to it. */
struct loaded {
    struct sock_filter code[FILTER_INSTRUCTIONS_MAX];
    size_t count;
    const struct sock_fprog *address;
};

static size_t equal_instructions(const struct sock_filter *one, size_t count,
                                 const struct sock_filter *other, size_t other_count)
{
    size_t equal = 0;

    while (equal < count && equal < other_count &&
           memcmp(&one[equal], &other[equal], sizeof(*one)) == 0)
        equal++;
    return equal;
}

/* How many instructions LOADED shares with the wanted program INDEX, from the start on. */
static size_t compare_program(struct loaded *loaded, const struct wanted *wanted, size_t index)
{
    enum { PREFIX_MAX = 64 };
    struct sock_filter prefix[PREFIX_MAX] = {0};
    const struct filter *program = &wanted->programs[index];
    size_t length = wanted->count > 1 ? prefix_length(wanted->count - 1) : 0;

    loaded->address = NULL;
    if (loaded->count < length || length > PREFIX_MAX)
        return 0;
    if (length > 0) {
        loaded->address = prefix_programs(loaded->code);
        prefix_write(prefix, index, loaded->address, wanted->count, wanted->flags);
    }
    size_t equal = equal_instructions(loaded->code, length, prefix, length);
    if (equal < length)
        return equal;
    return length + equal_instructions(loaded->code + length, loaded->count - length,
                                       program->instructions, program->count);
}

/* Reads the program INDEX of THREAD, from the newest on. Returns 1, 0 (there are no more), or a
 * negative errno. */
static int read_program(pid_t thread, long index, struct loaded *loaded)
{
    long length = ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, NULL);

    if (length < 0)
        return errno == ENOENT ? 0 : -errno;
    loaded->count = 0;
    if (length > FILTER_INSTRUCTIONS_MAX)
        return 1;
    if (ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, loaded->code) != length)
        return -EIO;
    loaded->count = (size_t)length;
    return 1;
}

/* Which of the wanted programs LOADED is. All have to have the same address. */
static void find_program(struct loaded *loaded, const struct wanted *wanted,
                         struct likeness *likeness)
{
    size_t length = wanted->count > 1 ? prefix_length(wanted->count - 1) : 0;

    for (size_t i = 0; i < wanted->count; i++) {
        size_t whole = length + wanted->programs[i].count;
        size_t equal = compare_program(loaded, wanted, i);
        if (i == 0 && equal > likeness->longest_equal)
            likeness->longest_equal = equal;
        if (equal != whole || loaded->count != whole ||
            (likeness->address && likeness->address != loaded->address))
            continue;
        likeness->address = loaded->address;
        likeness->loaded |= UINT32_C(1) << i;
    }
}

int likeness_compare(pid_t thread, const struct wanted *wanted, struct likeness *likeness)
{
    struct loaded *loaded = calloc(1, sizeof(*loaded));
    int result = loaded ? 1 : -ENOMEM;

    *likeness = (struct likeness){0};
    for (long index = 0; result > 0; index++) {
        result = read_program(thread, index, loaded);
        if (result <= 0)
            break;
        likeness->programs++;
        find_program(loaded, wanted, likeness);
    }
    free(loaded);
    return result;
}
