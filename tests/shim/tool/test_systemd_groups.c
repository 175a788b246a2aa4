#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../../shim/tool/formats/systemd_groups.h"

/* The members of GROUP in TEXT, by name, with a space between. */
static void expect_members(const char *text, const char *group, const char *wanted)
{
    struct systemd_groups groups = {0};
    char *copy = strdup(text);
    char got[512] = "";
    char name[CALL_NAME_MAX];
    size_t used = 0;

    cr_assert_eq(systemd_groups_parse(&groups, copy), 0);
    const struct systemd_group *found = systemd_groups_find(&groups, group);
    for (size_t i = 0; found && i < found->count; i++)
        used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s", i ? " " : "",
                                 call_name(found->numbers[i], name));
    cr_expect_str_eq(found ? got : "none", wanted, "%s: %s", text, got);
    systemd_groups_release(&groups);
    free(copy);
}

Test(systemd_groups, have_members_behind_blanks)
{
    expect_members("@a\n    # words\n    read\n    write\n\n@b\n    close\n", "@a", "read write");
    expect_members("@a\n    read\n\n@b\n    close", "@b", "close");
    expect_members("@a\n    read\n", "@b", "none");
    expect_members("# words\n@a\n    read\n# Ungrouped:\n#   write\n", "@a", "read");
}

Test(systemd_groups, have_the_members_of_those_in_them_once)
{
    expect_members("@b\n  read\n  @a\n  close\n@a\n  read\n  write\n", "@b", "read write close");
    expect_members("@b\n  @nobody\n  read\n", "@b", "read");
}

Test(systemd_groups, leave_out_what_this_architecture_has_not)
{
    expect_members("@a\n  socketcall\n  frob\n  101\n  read\n", "@a", "read");
}

Test(systemd_groups, may_contain_each_other)
{
    expect_members("@a\n  @a\n  @b\n@b\n  @a\n  read\n", "@a", "read");
}

Test(systemd_groups, may_be_none_at_all)
{
    expect_members("", "@a", "none");
    expect_members("@a", "@a", "none");
    expect_members("\n@a\n", "@a", "");
}
