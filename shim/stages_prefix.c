#include "stages_prefix.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "compiled.h"

/* Distances in instructions, from the first on. S: how many stages. */
enum {
    AT_SECCOMP = 8,
    AT_HIGH = 13, /* the halves of the addresses, compared */
    AT_STAGES = 15,
    LENGTH_ROBUST_LIST = 2,
    LENGTH_UNSHARE = 5,
    LENGTH_RETURNS = 2,
    LENGTH_FIXED = AT_STAGES + 1 + LENGTH_ROBUST_LIST + LENGTH_UNSHARE + LENGTH_RETURNS,
    ANSWER_INVALID = 1, /* a flag that unshare(2) refuses */
};

struct writer {
    struct sock_filter *next;
    size_t at;
};

size_t prefix_length(size_t stages)
{
    return LENGTH_FIXED + stages;
}

static void load(struct writer *writer, size_t offset)
{
    *writer->next++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
    writer->at++;
}

/* To the instruction YES if what was loaded is VALUE, else to NO. */
static void compare(struct writer *writer, uint32_t value, size_t yes, size_t no)
{
    size_t from = writer->at + 1;

    *writer->next++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value,
                                                   (uint8_t)(yes - from), (uint8_t)(no - from));
    writer->at++;
}

static void jump(struct writer *writer, size_t to)
{
    *writer->next++ =
        (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(to - writer->at - 1));
    writer->at++;
}

static void give(struct writer *writer, uint32_t action)
{
    *writer->next++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
    writer->at++;
}

/* Little-endian machines, all that are known here. */
static size_t low_half(unsigned argument)
{
    return offsetof(struct seccomp_data, args) + (size_t)8 * argument;
}

static size_t high_half(unsigned argument)
{
    return low_half(argument) + 4;
}

void prefix_write(struct sock_filter *instructions, size_t own, const struct sock_fprog *programs,
                  size_t count, unsigned flags)
{
    size_t end = prefix_length(count - 1);
    size_t already = end - 1;
    size_t allow = end - 2;
    size_t unshare = allow - LENGTH_UNSHARE;
    size_t robust_list = unshare - LENGTH_ROBUST_LIST;
    struct writer writer = {instructions, 0};

    load(&writer, offsetof(struct seccomp_data, arch));
    compare(&writer, compiled_machine(), 2, end);
    load(&writer, offsetof(struct seccomp_data, nr));
    compare(&writer, SYS_seccomp, AT_SECCOMP, 4);
    compare(&writer, SYS_get_robust_list, robust_list, 5);
    compare(&writer, SYS_unshare, unshare, 6);
    compare(&writer, SYS_sched_yield, allow, 7);
    jump(&writer, end);

    load(&writer, low_half(0));
    compare(&writer, SECCOMP_SET_MODE_FILTER, writer.at + 1, end);
    load(&writer, low_half(1));
    compare(&writer, flags, writer.at + 1, end);
    /* all of them lie in one page */
    load(&writer, high_half(2));
    compare(&writer, (uint32_t)((uintptr_t)programs >> 16 >> 16), writer.at + 1, end);
    load(&writer, low_half(2));
    for (size_t i = 1; i < count; i++)
        compare(&writer, (uint32_t)(uintptr_t)&programs[i], i == own ? already : allow,
                writer.at + 1);
    jump(&writer, end);

    load(&writer, low_half(0));
    compare(&writer, 0, allow, end);

    load(&writer, high_half(0));
    compare(&writer, 0, writer.at + 1, end);
    load(&writer, low_half(0));
    compare(&writer, CLONE_VM, allow, writer.at + 1);
    compare(&writer, ANSWER_INVALID, allow, end);

    give(&writer, SECCOMP_RET_ALLOW);
    give(&writer, SECCOMP_RET_ERRNO | EALREADY);
}

const struct sock_fprog *prefix_programs(const struct sock_filter *instructions)
{
    uint64_t high = instructions[AT_HIGH].k;

    return (const struct sock_fprog *)(uintptr_t)(high << 32 | instructions[AT_STAGES].k) - 1;
}
