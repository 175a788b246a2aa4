#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../config/condition.h"

static int parse(const char *syscall, const char *text, struct condition *condition)
{
    struct diagnostics diagnostics = {0};
    struct place place = {"test.ini", 1};

    int error =
        condition_parse(text, syscall, prototype_find(syscall), place, &diagnostics, condition);
    cr_expect_eq(error == -EINVAL, diagnostics.errors > 0, "'%s'", text);
    diagnostics_release(&diagnostics);
    return error;
}

/* Whether SYSCALL with VALUE for its argument INDEX (the others are 0) meets TEXT. */
static bool holds(const char *syscall, const char *text, unsigned index, uint64_t value)
{
    uint64_t arguments[6] = {0};
    struct condition condition;

    arguments[index] = value;
    cr_assert_eq(parse(syscall, text, &condition), 0, "'%s'", text);
    bool result = condition_matches(&condition, arguments);
    condition_release(&condition);
    return result;
}

struct sample {
    const char *text;
    uint64_t value;
    bool expected;
};

static void agree(const char *syscall, unsigned index, const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(holds(syscall, samples[i].text, index, samples[i].value), samples[i].expected,
                     "%s: %s: 0x%lx", syscall, samples[i].text, (unsigned long)samples[i].value);
}

#define AGREE(syscall, index, ...)                                                                 \
    agree(syscall, index, (const struct sample[]){__VA_ARGS__},                                    \
          sizeof((const struct sample[]){__VA_ARGS__}) / sizeof(struct sample))

static const uint64_t GARBAGE = 0xdeadbeef00000000;

Test(condition, every_comparison_of_an_unsigned_number)
{
    AGREE("read", 2, {"count == 5", 5, true}, {"count == 5", 6, false}, {"count != 5", 5, false},
          {"count != 5", 4, true}, {"count < 5", 4, true}, {"count < 5", 5, false},
          {"count <= 5", 5, true}, {"count <= 5", 6, false}, {"count > 5", 6, true},
          {"count > 5", 5, false}, {"count >= 5", 5, true}, {"count >= 5", 4, false},
          {"count > 5", UINT64_MAX, true}, {"count < 5", UINT64_MAX, false},
          {"count < 0", 0, false}, {"count >= 0", UINT64_MAX, true}, {"count in 1 3 5..7", 3, true},
          {"count in 1 3 5..7", 4, false}, {"count in 1,3,5..7", 5, true},
          {"count in 1,3 , 5..7", 7, true}, {"count in 1 3 5..7", 8, false},
          {"count not in 1 3 5..7", 6, false}, {"count not in 1 3 5..7", 8, true},
          {"count in 5..5", 5, true}, {"count in 0..18446744073709551615", UINT64_MAX, true},
          {"count not in 0..18446744073709551615", 7, false});
}

Test(condition, flags_are_all_none_or_no_others)
{
    AGREE("openat", 2, {"flags with O_CREAT|O_EXCL", O_CREAT | O_EXCL | O_RDWR, true},
          {"flags with O_CREAT|O_EXCL", O_CREAT, false}, {"flags with O_CREAT", 0, false},
          {"flags without O_CREAT|O_EXCL", O_EXCL, false},
          {"flags without O_CREAT|O_EXCL", O_RDWR, true}, {"flags without O_CREAT", 0, true},
          {"flags only O_CREAT|O_EXCL", O_EXCL, true}, {"flags only O_CREAT|O_EXCL", 0, true},
          {"flags only O_CREAT|O_EXCL", O_CREAT | O_APPEND, false},
          {"flags only O_ACCMODE", O_RDWR, true}, {"flags with O_ACCMODE", O_RDWR, false},
          {"flags with O_ACCMODE", 3, true});
}

Test(condition, a_mask_cuts_a_number_out)
{
    AGREE("openat", 2, {"flags & O_ACCMODE == O_RDONLY", O_CREAT, true},
          {"flags & O_ACCMODE == O_RDONLY", O_CREAT | O_WRONLY, false},
          {"flags & O_ACCMODE != O_RDONLY", O_RDWR, true},
          {"flags & O_ACCMODE in O_WRONLY O_RDWR", O_RDWR | O_APPEND, true},
          {"flags & O_ACCMODE not in O_WRONLY O_RDWR", O_RDWR | O_APPEND, false},
          {"flags & O_CREAT|O_EXCL == O_CREAT", O_CREAT | O_TRUNC, true},
          {"flags & O_CREAT|O_EXCL == O_CREAT", O_CREAT | O_EXCL, false},
          {"flags & 0xf0 > 0x20", 0x33f, true}, {"flags & 0xf0 > 0x20", 0xf2f, false},
          {"flags & 0xf0 in 0x20..0x40", 0x35, true});
    AGREE("socket", 1, {"type & SOCK_TYPE_MASK == SOCK_STREAM", SOCK_STREAM | SOCK_CLOEXEC, true},
          {"type & SOCK_TYPE_MASK == SOCK_STREAM", SOCK_DGRAM | SOCK_CLOEXEC, false});
}

Test(condition, only_the_bits_that_the_kernel_consumes_count)
{
    AGREE("socket", 0, {"domain == AF_UNIX", GARBAGE | AF_UNIX, true},
          {"domain != AF_UNIX", GARBAGE | AF_UNIX, false},
          {"domain in AF_UNIX", GARBAGE | AF_INET, false}, {"domain < 2", GARBAGE | 1, true});
    AGREE("openat", 0, {"dirfd == AT_FDCWD", 0xffffff9c, true},
          {"dirfd == AT_FDCWD", (uint64_t)-100, true},
          {"dirfd == AT_FDCWD", GARBAGE | 0xffffff9c, true},
          {"dirfd == AT_FDCWD", 0xffffff9d, false}, {"dirfd == -100", 0xffffff9c, true},
          {"dirfd == 0xffffff9c", (uint64_t)-100, true});
    AGREE("fchmod", 1, {"mode == 0755", 0xabcd01ed, true}, {"mode == 0755", GARBAGE | 0755, true},
          {"mode without 04000", 0xffff0000 | 0755, true}, {"mode without 04000", 04755, false},
          {"mode < 0x10", 0x10008, true}, {"mode == -1", 0xffff, true});
    AGREE("read", 2, {"count == 5", GARBAGE | 5, false}, {"count != 5", GARBAGE | 5, true});
}

Test(condition, order_has_the_sign_of_the_type)
{
    AGREE("lseek", 1, {"offset < 0", (uint64_t)-1, true}, {"offset < 0", 0, false},
          {"offset >= -1", (uint64_t)-2, false}, {"offset in -5..5", (uint64_t)-5, true},
          {"offset in -5..5", 5, true}, {"offset in -5..5", (uint64_t)-6, false},
          {"offset in -5..5", 6, false}, {"offset <= -1", (uint64_t)1 << 63, true},
          {"offset > -9223372036854775808", (uint64_t)1 << 63, false});
    AGREE("kill", 0, {"pid < 0", 0xffffffff, true}, {"pid < 0", GARBAGE | 0x80000000, true},
          {"pid < 0", GARBAGE, false}, {"pid > 0", 0x7fffffff, true},
          {"pid >= -1", 0xfffffffe, false}, {"pid in -2..1", GARBAGE | 0xfffffffe, true});
    AGREE("read", 0, {"fd > 2147483647", 0xffffffff, true}, {"fd < 3", 0xffffffff, false});
}

Test(condition, a_mask_makes_a_signed_number_unsigned)
{
    AGREE("kill", 0, {"pid & 0x80000000 > 0", 0x80000000, true},
          {"pid & 0xffffffff >= 0x80000000", 0xffffffff, true},
          {"pid & 0xffffffff < 5", 0xffffffff, false});
}

Test(condition, a_pointer_is_null_or_not)
{
    AGREE("read", 1, {"buf == 0", 0, true}, {"buf == 0", GARBAGE, false}, {"buf != 0", 1, true},
          {"buf != 0", 0, false});
}

Test(condition, all_clauses_have_to_hold)
{
    static const char TEXT[] = "fd in 1..2 and count <= 4096 and fd != 2";
    struct condition condition;

    cr_assert_eq(parse("write", TEXT, &condition), 0);
    cr_expect_eq(condition.count, 3);
    cr_expect(condition_matches(&condition, (const uint64_t[6]){1, 0, 4096}));
    cr_expect_not(condition_matches(&condition, (const uint64_t[6]){2, 0, 4096}));
    cr_expect_not(condition_matches(&condition, (const uint64_t[6]){1, 0, 4097}));
    cr_expect_not(condition_matches(&condition, (const uint64_t[6]){0, 0, 1}));
    condition_release(&condition);
    cr_expect_eq(condition.count, 0);
    cr_expect_null(condition.clauses);
}

Test(condition, no_clause_always_holds)
{
    const struct condition none = {0};

    cr_expect(condition_matches(&none, (const uint64_t[6]){1, 2, 3, 4, 5, 6}));
}

Test(condition, arguments_have_the_manuals_the_kernels_and_plain_names)
{
    static const char *const TEXTS[] = {"domain == 1", "family == 1", "a0 == 1"};

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        cr_expect(holds("socket", TEXTS[i], 0, GARBAGE | 1), "%s", TEXTS[i]);
        cr_expect_not(holds("socket", TEXTS[i], 0, 2), "%s", TEXTS[i]);
    }
}

Test(condition, without_a_prototype_all_64_bits_of_six_arguments_count)
{
    cr_expect(holds("frobnicate", "a5 == 1", 5, 1));
    cr_expect_not(holds("frobnicate", "a5 == 1", 5, GARBAGE | 1));
    cr_expect(holds("frobnicate", "a0 > 0x7fffffffffffffff", 0, UINT64_MAX));
}

Test(condition, names_without_a_prototype_are_left_to_the_caller)
{
    struct condition condition;

    cr_expect_eq(parse("frobnicate", "fd == 1", &condition), -ENOENT);
    cr_expect_eq(parse("frobnicate", "a0 == 1 and a6 == 1", &condition), -ENOENT);
    cr_expect_eq(parse("frobnicate", "fd == 1 and a0 == x", &condition), -EINVAL);
    cr_expect_eq(condition.count, 0);
}

Test(condition, a_wrong_one_is_left_empty)
{
    static const char *const WRONG[] = {"",
                                        "fd",
                                        "fd ==",
                                        "fd == 1 and",
                                        "fd == 1 2",
                                        "fd in",
                                        "fd == 1 and x == 2",
                                        "count with 0",
                                        "fd & 0 == 0",
                                        "fd == 1 or fd == 2",
                                        "buf == 1",
                                        "fd in 3..1"};

    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct condition condition = {.count = 99};
        cr_expect_eq(parse("read", WRONG[i], &condition), -EINVAL, "'%s'", WRONG[i]);
        cr_expect_eq(condition.count, 0, "'%s'", WRONG[i]);
        cr_expect_null(condition.clauses, "'%s'", WRONG[i]);
    }
}

Test(condition, a_clause_knows_width_sign_and_mask)
{
    struct condition condition;

    cr_assert_eq(parse("openat", "dirfd >= -1 and mode == 0 and flags & 3 == 1", &condition), 0);
    cr_expect_eq(condition.clauses[0].width, 32);
    cr_expect(condition.clauses[0].is_signed);
    cr_expect_eq(condition.clauses[0].mask, UINT64_MAX);
    cr_expect_eq(clause_bits(&condition.clauses[0]), UINT32_MAX);
    cr_expect_eq(condition.clauses[1].width, 16);
    cr_expect_eq(clause_bits(&condition.clauses[1]), UINT16_MAX);
    cr_expect_eq(condition.clauses[2].mask, 3);
    cr_expect_not(condition.clauses[2].is_signed);
    condition_release(&condition);
    cr_assert_eq(parse("read", "count == 0", &condition), 0);
    cr_expect_eq(clause_bits(&condition.clauses[0]), UINT64_MAX);
    condition_release(&condition);
}

Test(condition, a_number_may_be_a_constants_name)
{
    int64_t value = 42;

    cr_expect(condition_number("AF_UNIX", &value));
    cr_expect_eq(value, AF_UNIX);
    cr_expect(condition_number("AT_FDCWD", &value));
    cr_expect_eq(value, -100);
    cr_expect(condition_number("-0x10", &value));
    cr_expect_eq(value, -16);
    cr_expect(condition_number("0xffffffffffffffff", &value));
    cr_expect_eq(value, -1);
    cr_expect_not(condition_number("AF_FROB", &value));
    cr_expect_not(condition_number("", &value));
    cr_expect_not(condition_number("99999999999999999999", &value));
    cr_expect_eq(value, -1);
}
