#include <criterion/criterion.h>
#include <stdio.h>

#include "../../../shim/tool/learn/additions.h"

static void add(struct additions *additions, const char *name, const char *condition)
{
    cr_assert_eq(additions_add(additions, name, condition, 1, NULL), 0);
}

static void stands(const struct additions *additions, size_t at, const char *name,
                   const char *condition)
{
    cr_assert_lt(at, additions->count);
    cr_expect_str_eq(additions->items[at].name, name);
    if (condition)
        cr_expect_str_eq(additions->items[at].condition, condition);
    else
        cr_expect_null(additions->items[at].condition);
}

Test(additions, stand_in_the_order_of_their_names_and_then_of_their_conditions)
{
    struct additions additions = {0};

    add(&additions, "write", NULL);
    add(&additions, "ioctl", "request == TCGETS");
    add(&additions, "access", NULL);
    add(&additions, "ioctl", "request == FIONREAD");
    add(&additions, "ioctl", NULL);
    cr_assert_eq(additions.count, 5);
    stands(&additions, 0, "access", NULL);
    stands(&additions, 1, "ioctl", NULL);
    stands(&additions, 2, "ioctl", "request == FIONREAD");
    stands(&additions, 3, "ioctl", "request == TCGETS");
    stands(&additions, 4, "write", NULL);
    additions_release(&additions);
    cr_expect_eq(additions.count, 0);
    cr_expect_null(additions.items);
}

Test(additions, keep_their_order_over_hundreds)
{
    struct additions additions = {0};
    char name[8];

    for (unsigned i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "%03u", i * 7 % 500);
        add(&additions, name, NULL);
    }
    cr_assert_eq(additions.count, 500);
    for (unsigned i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "%03u", i);
        stands(&additions, i, name, NULL);
    }
    additions_release(&additions);
}

Test(additions, own_copies_of_what_they_are_given)
{
    struct additions additions = {0};
    char name[] = "read";
    char condition[] = "fd == 0";
    char site[] = "libc.so.6!read+0x7";

    cr_assert_eq(additions_add(&additions, name, condition, 42, site), 0);
    name[0] = condition[0] = site[0] = '!';
    stands(&additions, 0, "read", "fd == 0");
    cr_expect_eq(additions.items[0].count, 42);
    cr_expect_str_eq(additions.items[0].site, "libc.so.6!read+0x7");
    additions_release(&additions);
}

Test(additions, have_a_note_only_where_they_are_given_one)
{
    struct additions additions = {0};
    char note[] = "first";

    add(&additions, "ioctl", NULL);
    add(&additions, "ioctl", "request == TCGETS");
    add(&additions, "read", NULL);
    cr_assert_eq(additions_note(&additions, "ioctl", NULL, "a name"), 0);
    cr_assert_eq(additions_note(&additions, "ioctl", "request == TCGETS", note), 0);
    cr_assert_eq(additions_note(&additions, "ioctl", "request == TCGETS", "second"), 0);
    cr_expect_str_eq(additions.items[0].note, "a name");
    cr_expect_str_eq(additions.items[1].note, "second");
    cr_expect_null(additions.items[2].note);
    cr_assert_eq(additions_note(&additions, "ioctl", NULL, NULL), 0);
    cr_expect_null(additions.items[0].note);
    additions_release(&additions);
}
