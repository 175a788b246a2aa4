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
    cr_assert_eq(wanted("/bin/sh", "/bin/cat"), 0);
    cr_assert_eq(diagnostics.errors, 0);
}

Test(program, behind_a_question_mark_it_need_not_be_there)
{
    char optional[80];

    snprintf(optional, sizeof(optional), "?%s", alias);
    cr_assert_eq(wanted(optional, NULL), 1);
    cr_assert_eq(wanted("?/usr/lib/none/bin/it", optional), 1);
    cr_assert_eq(wanted("?/usr/lib/none/bin/it", "/bin/sh"), 0);
    cr_assert_eq(wanted("?/usr/lib/none/bin/it", NULL), 0);
    cr_assert_eq(diagnostics.errors, 0);
    cr_assert_eq(wanted("?/usr", NULL), -EINVAL);
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

static void make_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

Test(program, that_no_process_ever_executes_is_a_mistake_in_its_line)
{
    char script[64];
    snprintf(script, sizeof(script), "%s/script", folder);
    make_file(script, "#!/bin/sh\n");
    cr_expect_eq(wanted(script, alias), -EINVAL);
    cr_expect_eq(wanted("/", "/dev/null"), -EINVAL);
    char text[512] = "";
    char wanted_text[512];
    snprintf(
        wanted_text, sizeof(wanted_text),
        "x.ini:3: error: cannot look at program '%s': it is a script, or no ELF file; name the "
        "program that runs it\n"
        "x.ini:3: error: cannot look at program '/': it is not a regular file\n"
        "x.ini:3: error: cannot look at program '/dev/null': it is not a regular file\n",
        script);
    diagnostics_tell(&diagnostics, collect, text);
    cr_expect_str_eq(text, wanted_text);
    unlink(script);
}

Test(program, that_was_replaced_is_known_by_the_name_that_it_had)
{
    char old[64], other[64], link[64];
    snprintf(old, sizeof(old), "%s/old", folder);
    snprintf(link, sizeof(link), "%s/link", folder);
    snprintf(other, sizeof(other), "%s/old (deleted)", folder);
    make_file(old, "\177ELF");
    make_file(other, "\177ELF");
    cr_assert_eq(symlink(old, link), 0);
    /* the kernel's link has such a text, too */
    char deleted[64];
    snprintf(deleted, sizeof(deleted), "%s/deleted", folder);
    cr_assert_eq(symlink(other, deleted), 0);
    cr_expect_eq(program_other(deleted, old, true), 1);
    cr_expect_eq(program_other(deleted, link, true), 1);
    cr_expect_eq(program_other(deleted, other, true), 0);
    cr_expect_eq(program_other(deleted, "/bin/cat", true), 0);
    cr_expect_eq(program_other(link, old, true), 0);
    cr_expect_eq(program_other(old, old, true), -EINVAL);
    unlink(deleted);
    unlink(link);
    unlink(other);
    unlink(old);
}
