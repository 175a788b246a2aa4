/* A list of one release of the C library holds with another. */
#include <criterion/criterion.h>
#include <string.h>

#include "../../../shim/tool/learn/swapped.h"
#include "../../helpers/pipeline.h"

static void seen(struct additions *additions, const char *name, const char *condition)
{
    cr_assert_eq(additions_add(additions, name, condition, 7, NULL), 0);
}

/* The names, in order, a space between. */
static void expect(const struct additions *additions, const char *names)
{
    char text[128] = "";

    for (size_t i = 0; i < additions->count; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, additions->items[i].name);
        strcat(text, additions->items[i].condition ? "?" : "");
    }
    cr_expect_str_eq(text, names);
}

/* What is added to the call NAME, where the file is TEXT (NULL: there is none). */
static void expect_with(const char *text, const char *name, const char *names)
{
    struct pipeline pipeline = {0};
    struct additions additions = {0};

    cr_assert(!text || pipeline_read_text(text, &pipeline) == 0);
    seen(&additions, name, NULL);
    cr_assert_eq(swapped_add(&additions, text ? &pipeline.rules : NULL), 0);
    expect(&additions, names);
    additions_release(&additions);
    pipeline_release(&pipeline);
}

Test(swapped, fstat_and_newfstatat_come_together)
{
    expect_with(NULL, "newfstatat", "fstat newfstatat");
    expect_with(NULL, "fstat", "fstat newfstatat");
    expect_with("[allow]\nsyscalls = read\n", "fstat", "fstat newfstatat");
}

Test(swapped, other_calls_come_alone)
{
    expect_with(NULL, "read", "read");
    expect_with(NULL, "statx", "statx");
}

Test(swapped, lines_of_the_file_are_left_as_they_are)
{
    expect_with("[allow]\nnewfstatat = flags with AT_EMPTY_PATH\n", "fstat", "fstat");
    expect_with("[allow]\nsyscalls = read\n[deny]\nfstat = kill\n", "newfstatat", "newfstatat");
}

Test(swapped, what_was_not_seen_has_no_count)
{
    struct additions additions = {0};

    seen(&additions, "newfstatat", "dfd == 3");
    cr_assert_eq(swapped_add(&additions, NULL), 0);
    expect(&additions, "fstat newfstatat?");
    cr_expect_eq(additions.items[0].count, 0);
    cr_assert_eq(swapped_add(&additions, NULL), 0);
    expect(&additions, "fstat newfstatat?");
    additions_release(&additions);
}
