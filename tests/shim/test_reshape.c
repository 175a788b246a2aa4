/* A reshaped program answers every call as the one that it was made of, in fewer steps. */
#include <criterion/criterion.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/compiled.h"
#include "../../shim/reshape.h"
#include "../helpers/bpf.h"
#include "../helpers/random.h"

enum { NUMBERS = 600, TUPLES = 20 };

static struct filter copy(const struct sock_filter *code, size_t count)
{
    struct filter filter = {calloc(count, sizeof(*code)), count};

    cr_assert_not_null(filter.instructions);
    memcpy(filter.instructions, code, count * sizeof(*code));
    return filter;
}

/* Compares the two for every number near those that the program speaks of, and sums up steps. */
static void compare(const struct filter *one, const struct filter *other, size_t steps[2])
{
    static const uint32_t ARCHITECTURES[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386,
                                             0, UINT32_MAX};
    static const int FAR[] = {-1, -2, 0x40000000, 0x40000001, 0x3fffffff, 0x7fffffff, -0x7fffffff};
    struct random random = random_begin("reshape");

    for (int i = 0; i < NUMBERS * TUPLES; i++) {
        struct seccomp_data data = {.nr = i / TUPLES};
        if (data.nr >= NUMBERS - 7)
            data.nr = FAR[data.nr - (NUMBERS - 7)];
        for (unsigned a = 0; a < 6; a++)
            data.args[a] = random_edge(&random, random_one_in(&random, 2) ? 32 : 64);
        for (unsigned a = 0; a < sizeof(ARCHITECTURES) / sizeof(*ARCHITECTURES); a++) {
            size_t taken[2];
            data.arch = ARCHITECTURES[a];
            uint32_t wanted = bpf_run(one->instructions, one->count, &data, &taken[0]);
            uint32_t got = bpf_run(other->instructions, other->count, &data, &taken[1]);
            cr_assert(got == wanted, "%d under %#x: %#x, not %#x", data.nr, data.arch, got, wanted);
            steps[0] += taken[0];
            steps[1] += taken[1];
        }
    }
}

static void unchanged(const struct sock_filter *code, size_t count)
{
    struct filter filter = copy(code, count);

    cr_assert(reshape(&filter) == 0);
    cr_assert(filter.count == count);
    cr_assert(memcmp(filter.instructions, code, count * sizeof(*code)) == 0);
    filter_release(&filter);
}

/* A program of COUNT comparisons in a list, each of a number STEP apart; for the first of them,
 * CHECKS questions about arguments; the same CHECKS for all numbers that are not listed, if ALL. */
static struct filter list_of(unsigned count, unsigned step, unsigned checks, bool all)
{
    struct filter filter = {calloc(FILTER_INSTRUCTIONS_MAX, sizeof(struct sock_filter)), 0};
    struct sock_filter *code = filter.instructions;
    size_t at = 0;

    cr_assert_not_null(code);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4);
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, compiled_machine(), 1, 0);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    for (unsigned i = 1; i < count; i++) {
        code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
        code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i * step, 0, 1);
        code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (i % 50));
    }
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, all);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    for (unsigned i = 0; i < checks; i++) {
        code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16 + 8 * (i % 6));
        code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff);
        code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, i, 0, 1);
        code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (i % 999));
    }
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter.count = at;
    cr_assert(bpf_valid(code, at));
    return filter;
}

static void agrees(unsigned count, unsigned step, unsigned checks)
{
    struct filter old = list_of(count, step, checks, false);
    struct filter new = copy(old.instructions, old.count);
    size_t steps[2] = {0};

    cr_assert(reshape(&new) == 0);
    cr_assert(bpf_valid(new.instructions, new.count));
    cr_assert(new.count < old.count);
    compare(&old, &new, steps);
    cr_assert(steps[1] < steps[0]);
    filter_release(&old);
    filter_release(&new);
}

Test(reshape, lists_of_numbers_are_searched_by_halves)
{
    agrees(2, 1, 0);
    agrees(3, 2, 0);
    agrees(40, 3, 0);
    agrees(500, 1, 0);
}

Test(reshape, questions_about_arguments_stay)
{
    agrees(40, 3, 1);
    agrees(40, 3, 30);
}

/* Each of the gaps between the numbers needs them all. */
Test(reshape, what_would_be_longer_stays_as_it_is)
{
    struct filter long_one = list_of(40, 3, 50, true);

    unchanged(long_one.instructions, long_one.count);
    filter_release(&long_one);
}

/* More than 255 instructions lie between: answers are repeated, and jumps made longer. */
Test(reshape, jumps_may_be_far)
{
    agrees(600, 2, 0);
    agrees(300, 2, 200);
    agrees(1000, 1, 0);
}

Test(reshape, program_that_it_does_not_understand_stays_as_it_is)
{
    static const struct sock_filter ARITHMETIC[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)};
    static const struct sock_filter BITS[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)};
    static const struct sock_filter FOREIGN[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)};
    static const struct sock_filter FOREIGN_ARGUMENTS[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)};
    static const struct sock_filter STORES[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                                                BPF_STMT(BPF_ST, 1),
                                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};

    unchanged(ARITHMETIC, sizeof(ARITHMETIC) / sizeof(*ARITHMETIC));
    unchanged(BITS, sizeof(BITS) / sizeof(*BITS));
    unchanged(FOREIGN, sizeof(FOREIGN) / sizeof(*FOREIGN));
    unchanged(FOREIGN_ARGUMENTS, sizeof(FOREIGN_ARGUMENTS) / sizeof(*FOREIGN_ARGUMENTS));
    unchanged(STORES, sizeof(STORES) / sizeof(*STORES));
}
