#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/values.h"
#include "../helpers/random.h"
#include "../helpers/random_conditions.h"

enum { ARGUMENTS = 6 };

static struct condition parse(const char *syscall, const char *text)
{
    struct diagnostics diagnostics = {0};
    struct condition condition;
    struct place place = {"test.ini", 1};

    cr_assert_eq(
        condition_parse(text, syscall, prototype_find(syscall), place, &diagnostics, &condition), 0,
        "%s: %s", syscall, text);
    return condition;
}

static bool has(const struct values *values, uint64_t number)
{
    for (size_t i = 0; i < values->count; i++) {
        if ((number & values->blocks[i].mask) == values->blocks[i].value)
            return true;
    }
    return false;
}

static struct values fold(const char *syscall, const char *text, unsigned argument)
{
    struct condition condition = parse(syscall, text);
    struct values values;

    cr_assert_eq(values_fold(&condition, argument, &values), 0, "%s", text);
    condition_release(&condition);
    return values;
}

/* read's COUNT in all its 64 bits, fd in 32. */
static void has_blocks(const char *syscall, const char *text, unsigned argument, size_t count,
                       const struct block *blocks)
{
    struct values values = fold(syscall, text, argument);

    cr_expect_eq(values.count, count, "%s: %zu blocks", text, values.count);
    for (size_t i = 0; i < count && i < values.count; i++) {
        cr_expect_eq(values.blocks[i].mask, blocks[i].mask, "%s: %zu: 0x%lx", text, i,
                     (unsigned long)values.blocks[i].mask);
        cr_expect_eq(values.blocks[i].value, blocks[i].value, "%s: %zu: 0x%lx", text, i,
                     (unsigned long)values.blocks[i].value);
    }
    values_release(&values);
    cr_expect_null(values.blocks);
}

#define BLOCKS(syscall, text, argument, ...)                                                       \
    has_blocks(syscall, text, argument,                                                            \
               sizeof((const struct block[]){__VA_ARGS__}) / sizeof(struct block),                 \
               (const struct block[]){__VA_ARGS__})

static size_t count_of(const char *syscall, const char *text, unsigned argument)
{
    struct values values = fold(syscall, text, argument);
    size_t count = values.count;

    values_release(&values);
    return count;
}

static const uint64_t ALL = UINT64_MAX;
static const uint64_t LOW = UINT32_MAX;

Test(values, a_range_becomes_aligned_blocks)
{
    BLOCKS("read", "count in 1000..2000", 2, {ALL - 7, 1000}, {ALL - 15, 1008}, {ALL - 511, 1024},
           {ALL - 255, 1536}, {ALL - 127, 1792}, {ALL - 63, 1920}, {ALL - 15, 1984}, {ALL, 2000});
    BLOCKS("read", "count in 0..4095", 2, {ALL - 4095, 0});
    BLOCKS("read", "count <= 4096", 2, {ALL - 4095, 0}, {ALL, 4096});
    BLOCKS("read", "count < 4096", 2, {ALL - 4095, 0});
    BLOCKS("read", "count > 0x7fffffffffffffff", 2, {(uint64_t)1 << 63, (uint64_t)1 << 63});
    BLOCKS("read", "count >= 0", 2, {0, 0});
    BLOCKS("read", "count in 0..0xffffffffffffffff", 2, {0, 0});
}

Test(values, blocks_are_as_wide_as_the_argument)
{
    BLOCKS("read", "fd == 3", 0, {LOW, 3});
    BLOCKS("read", "count == 3", 2, {ALL, 3});
    BLOCKS("fchmod", "mode == 0755", 1, {0xffff, 0755});
    BLOCKS("read", "fd in 0..0xffffffff", 0, {0, 0});
    BLOCKS("fchmod", "mode <= 0xffff", 1, {0, 0});
    BLOCKS("openat", "dirfd == AT_FDCWD", 0, {LOW, 0xffffff9c});
}

Test(values, ranges_that_touch_are_joined)
{
    BLOCKS("read", "count in 0..3 4..7", 2, {ALL - 7, 0});
    BLOCKS("read", "count in 7 5 3 1 6 4 2 0", 2, {ALL - 7, 0});
    BLOCKS("read", "count in 0..6 2..7 3", 2, {ALL - 7, 0});
    BLOCKS("read", "count in 0 2", 2, {ALL, 0}, {ALL, 2});
}

Test(values, a_complement_is_all_the_rest)
{
    cr_expect_eq(count_of("read", "fd != 3", 0), 32);
    cr_expect_eq(count_of("read", "count != 3", 2), 64);
    cr_expect_eq(count_of("fchmod", "mode != 0", 1), 16);
    BLOCKS("read", "count not in 0x8000000000000000..0xffffffffffffffff", 2,
           {(uint64_t)1 << 63, 0});
    BLOCKS("read", "fd not in 0..15 32..0xffffffff", 0, {LOW - 15, 16});
}

Test(values, what_cannot_be_is_no_block)
{
    cr_expect_eq(count_of("read", "count < 0", 2), 0);
    cr_expect_eq(count_of("read", "count not in 0..0xffffffffffffffff", 2), 0);
    cr_expect_eq(count_of("read", "fd == 3 and fd == 4", 0), 0);
    cr_expect_eq(count_of("read", "fd > 4 and fd < 5", 0), 0);
    cr_expect_eq(count_of("openat", "flags with O_CREAT and flags without O_CREAT", 2), 0);
    cr_expect_eq(count_of("openat", "flags & 3 == 4", 2), 0);
    cr_expect_eq(count_of("openat", "flags & 3 with 4", 2), 0);
}

Test(values, signed_ranges_may_lie_across_zero)
{
    BLOCKS("lseek", "offset in -4..3", 1, {ALL - 3, 0}, {ALL - 3, ALL - 3});
    BLOCKS("lseek", "offset < 0", 1, {(uint64_t)1 << 63, (uint64_t)1 << 63});
    BLOCKS("lseek", "offset >= 0", 1, {(uint64_t)1 << 63, 0});
    BLOCKS("kill", "pid < 0", 0, {0x80000000, 0x80000000});
    BLOCKS("kill", "pid >= -1 and pid <= 0", 0, {LOW, 0}, {LOW, LOW});
    BLOCKS("kill", "pid not in -1..0x7fffffff and pid > -5", 0, {LOW - 1, LOW - 3}, {LOW, LOW - 1});
}

Test(values, flags_are_one_block)
{
    BLOCKS("openat", "flags with 0xc0", 2, {0xc0, 0xc0});
    BLOCKS("openat", "flags without 0xc0", 2, {0xc0, 0});
    BLOCKS("openat", "flags only 0x43", 2, {LOW - 0x43, 0});
    BLOCKS("openat", "flags with 0x40 and flags without 0x80", 2, {0xc0, 0x40});
}

Test(values, a_mask_takes_bits_away)
{
    BLOCKS("openat", "flags & O_ACCMODE == O_RDWR", 2, {3, 2});
    BLOCKS("openat", "flags & O_ACCMODE in 0 1", 2, {2, 0});
    BLOCKS("openat", "flags & 3 != 3", 2, {2, 0}, {3, 2});
    BLOCKS("openat", "flags & 0xf0 == 0", 2, {0xf0, 0});
}

Test(values, clauses_on_one_argument_meet)
{
    BLOCKS("read", "count >= 1 and count <= 2", 2, {ALL, 1}, {ALL, 2});
    BLOCKS("read", "count in 0..100 and count in 64..1000 and count != 100", 2, {ALL - 31, 64},
           {ALL - 3, 96});
    BLOCKS("openat", "flags in 0..7 and flags & 3 == 1", 2, {LOW - 4, 1});
}

Test(values, other_arguments_are_left_alone)
{
    BLOCKS("read", "count == 4096 and fd == 3", 1, {0, 0});
    BLOCKS("read", "count == 4096 and fd == 3", 0, {LOW, 3});
    BLOCKS("read", "count == 4096 and fd == 3", 2, {ALL, 4096});
}

Test(values, without_a_clause_every_value_is_one)
{
    const struct condition none = {0};
    struct values values;

    for (unsigned i = 0; i < ARGUMENTS; i++) {
        cr_assert_eq(values_fold(&none, i, &values), 0);
        cr_expect_eq(values.count, 1);
        cr_expect_eq(values.blocks[0].mask, 0);
        cr_expect_eq(values.blocks[0].value, 0);
        values_release(&values);
    }
}

/* "a0 & 0x5...5 != 0 and a0 & 0xa...a != 0": 32 blocks each, 1,024 in common. */
Test(values, too_many_blocks_are_refused)
{
    static const char TEXT[] = "a0 & 0x5555555555555555 != 0 and a0 & 0xaaaaaaaaaaaaaaaa != 0"
                               " and a0 not in 1..0xfffffffffffffffe and a0 != 0x123";
    struct condition condition = parse("frobnicate", TEXT);
    struct values values;

    cr_expect_eq(values_fold(&condition, 0, &values), 0);
    values_release(&values);
    condition_release(&condition);

    condition = parse("frobnicate", "a0 & 0x1249249249249249 != 0 and a0 & 0x2492492492492492 != 0 "
                                    "and a0 & 0x4924924924924924 != 0");
    cr_expect_eq(values_fold(&condition, 0, &values), -E2BIG);
    values_release(&values);
    condition_release(&condition);
}

/* A call that random conditions can be made up for. */
static const struct prototype *pick_prototype(struct random *random)
{
    const struct prototype *prototype;

    do
        prototype = prototype_at(random_below(random, (unsigned)prototype_count()));
    while (!random_condition_possible(prototype));
    return prototype;
}

static uint64_t pick_argument(struct random *random, const struct condition *condition,
                              unsigned argument)
{
    const struct clause *clause =
        &condition->clauses[random_below(random, (unsigned)condition->count)];
    const struct range *range = &clause->ranges[random_below(random, (unsigned)clause->count)];
    uint64_t border = random_one_in(random, 2) ? range->low : range->high;

    if (clause->argument != argument || random_one_in(random, 4))
        return random_edge(random, 64);
    border += random_below(random, 3) - 1;
    if (random_one_in(random, 3))
        border ^= random_edge(random, clause->width);
    return clause->width < 64 && random_one_in(random, 2)
               ? border | random_next(random) << clause->width
               : border;
}

Test(values, blocks_say_what_the_condition_says, .timeout = 300)
{
    struct random random = random_begin("values");
    size_t held = 0;

    for (int i = 0; i < 20000; i++) {
        const struct prototype *prototype = pick_prototype(&random);
        struct random_condition made_up;
        random_condition(&random, prototype, 3, &made_up);
        struct condition condition = parse(prototype_text(prototype->name), made_up.text);
        struct values values[ARGUMENTS];
        for (unsigned k = 0; k < ARGUMENTS; k++)
            cr_assert_eq(values_fold(&condition, k, &values[k]), 0, "%s", made_up.text);
        for (int try = 0; try < 20; try++) {
            uint64_t arguments[ARGUMENTS];
            bool all = true;
            for (unsigned k = 0; k < ARGUMENTS; k++) {
                arguments[k] = pick_argument(&random, &condition, k);
                all &= has(&values[k], arguments[k]);
            }
            bool expected = condition_matches(&condition, arguments);
            held += expected;
            cr_assert_eq(all, expected, "%s: %s: %lx %lx %lx %lx %lx %lx",
                         prototype_text(prototype->name), made_up.text, (unsigned long)arguments[0],
                         (unsigned long)arguments[1], (unsigned long)arguments[2],
                         (unsigned long)arguments[3], (unsigned long)arguments[4],
                         (unsigned long)arguments[5]);
        }
        for (unsigned k = 0; k < ARGUMENTS; k++)
            values_release(&values[k]);
        condition_release(&condition);
    }
    cr_expect_gt(held, 10000, "too few of 400,000 hold to mean anything: %zu", held);
}
