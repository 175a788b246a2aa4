#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../../shim/tool/formats/strace_table.h"

#define USUAL "% time     seconds  usecs/call     calls    errors syscall"

/* ROW below HEAD is "NAME COUNT"; "" for none. */
static void expect_row(const char *head, const char *row, const char *wanted)
{
    struct strace_table table;
    struct strace_text name;
    unsigned long count = 0;
    char got[128] = "";

    cr_assert(strace_table_head(head, &table), "%s", head);
    if (strace_table_row(&table, row, &name, &count))
        snprintf(got, sizeof(got), "%.*s %lu", (int)name.length, name.start, count);
    cr_expect_str_eq(got, wanted, "%s: %s", row, got);
}

Test(strace_table, has_rows_with_errors_or_without)
{
    expect_row(USUAL, "  0.00    0.000000           0         8           mmap", "mmap 8");
    expect_row(USUAL, " 42.10    0.000100          10         3         1 access", "access 3");
    expect_row(USUAL, "100.00    0.000000           0        29         1 total", "");
    expect_row(USUAL, "------ ----------- ----------- --------- --------- ----------------", "");
    expect_row(USUAL, "", "");
    expect_row(USUAL, "  0.00    0.000000           0         0           mmap", "");
}

Test(strace_table, may_have_commas)
{
    expect_row(USUAL, " 33,78    0,000229          28         8           mmap", "mmap 8");
    expect_row(USUAL, " 12,83    0,000087          29         3         1 read", "read 3");
}

Test(strace_table, has_the_columns_that_were_asked_for)
{
    expect_row("syscall              calls", "read                     4", "read 4");
    expect_row("% time shortest  longest    errors     calls syscall",
               "  0.00 0.000000 0.000000                   2 close", "close 2");
    expect_row("% time shortest  longest    errors     calls syscall",
               "  0.00 0.000000 0.000000         1         2 close", "close 2");
    expect_row("   errors syscall", "          read", "read 1");
    expect_row("   errors syscall", "        1 access", "access 1");
    expect_row("syscall", "read", "read 1");
    expect_row("syscall              calls", "total                   13", "");
    expect_row("syscall              calls", "read 4 5", "");
    expect_row("syscall              calls", "read write 5", "");
    expect_row("syscall              calls", "read", "");
}

Test(strace_table, has_a_head_of_known_columns_and_a_name)
{
    struct strace_table table;

    cr_expect_not(strace_table_head("", &table));
    cr_expect_not(strace_table_head("calls errors", &table));
    cr_expect_not(strace_table_head("syscall calls frob", &table));
    cr_expect_not(strace_table_head("% syscall", &table));
    cr_expect_not(strace_table_head("syscall syscall", &table));
    cr_expect_not(
        strace_table_head("syscall calls calls calls calls calls calls calls calls calls", &table));
}

Test(strace_table, ends_with_a_ruler_and_a_sum)
{
    cr_expect(strace_table_ends("------ ----------- ----------------"));
    cr_expect(strace_table_ends("100.00    0.000000           0        29         1 total"));
    cr_expect(strace_table_ends("total                   13"));
    cr_expect_not(strace_table_ends(""));
    cr_expect_not(strace_table_ends("read 4"));
}
