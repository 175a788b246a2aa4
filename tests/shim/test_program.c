/* "program = PATH": which executable is meant. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../shim/program.h"

static struct diagnostics diagnostics;
static char folder[] = "/tmp/portcullis-program.XXXXXX";
static char alias[64];

static void make_alias(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(alias, sizeof(alias), "%s/alias", folder);
    char self[4096] = "";
    cr_assert_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
    cr_assert_eq(symlink(self, alias), 0);
}

static void remove_alias(void)
{
    unlink(alias);
    rmdir(folder);
    diagnostics_release(&diagnostics);
}

TestSuite(program, .init = make_alias, .fini = remove_alias);

static int wanted(const char *first, const char *second)
{
    const char *programs[] = {first, second};
    struct settings settings = {.programs = programs,
                                .program_count = second ? 2 : 1,
                                .program_place = {.file = "x.ini", .line = 3}};
    return program_wanted(&settings, &diagnostics);
}

Test(program, without_any_every_executable_is_meant)
{
    struct settings settings = {0};
    cr_assert_eq(program_wanted(&settings, &diagnostics), 1);
}

Test(program, is_known_by_its_file_and_not_by_its_name)
{
    cr_assert_eq(wanted(alias, NULL), 1);
    cr_assert_eq(wanted("/bin/sh", alias), 1);
    cr_assert_eq(wanted("/bin/sh", NULL), 0);
    cr_assert_eq(wanted("/bin/sh", "/"), 0);
    cr_assert_eq(diagnostics.errors, 0);
}

static void collect(void *text, const char *more, size_t length)
{
    strncat(text, more, length);
}

Test(program, that_does_not_exist_is_a_mistake_in_its_line)
{
    cr_assert_eq(wanted("/nowhere/a", alias), -EINVAL);
    cr_assert_eq(wanted("/proc/self/exe/b", alias), -EINVAL);
    char text[512] = "";
    diagnostics_tell(&diagnostics, collect, text);
    cr_assert_str_eq(text, "x.ini:3: error: cannot look at program '/nowhere/a': ENOENT\n"
                           "x.ini:3: error: cannot look at program '/proc/self/exe/b': ENOTDIR\n");
}
