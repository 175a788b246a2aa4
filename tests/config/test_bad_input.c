/* Wrong whitelists and what is said of them: tests/data/bad has each beside the exact text. Those
 * of tests/data/good are right, and nothing is said of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../config/reader.h"
#include "../../shim/filter.h"
#include "../../shim/rules.h"

static void append(void *context, const char *text, size_t length)
{
    fwrite(text, 1, length, context);
}

/* Rules of [allow], and the mistakes of every stage. */
static int understand(const struct whitelist *whitelist, struct diagnostics *diagnostics,
                      struct rules *rules)
{
    int error = rules_build(whitelist, diagnostics, rules);

    for (unsigned i = 1; i <= whitelist->stage_count; i++) {
        struct rules stage;
        int result = rules_build_stage(whitelist, i, diagnostics, &stage);
        error = error ? error : result;
        rules_release(&stage);
    }
    return error;
}

/* What is told of the whitelist PATH: every stage is asked whose input is there. To be freed. */
static char *told(const char *path)
{
    struct whitelist whitelist;
    struct rules rules = {0};
    struct filter filter = {0};
    struct diagnostics diagnostics = {0};
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    int error = reader_read_file(path, &whitelist, &diagnostics);
    if (error == 0 || error == -EINVAL)
        error = understand(&whitelist, &diagnostics, &rules);
    if (error == 0)
        error = filter_build(&rules, (struct place){path, 0}, &diagnostics, &filter);
    cr_expect_eq(error, diagnostics.errors > 0 ? -EINVAL : 0, "%s: %d", path, error);
    cr_expect_eq(filter.count > 0, error == 0, "%s", path);
    diagnostics_tell(&diagnostics, append, stream);
    fclose(stream);
    filter_release(&filter);
    rules_release(&rules);
    whitelist_release(&whitelist);
    diagnostics_release(&diagnostics);
    return text;
}

/* The whole of a small file; to be freed. */
static char *text_of(const char *path)
{
    char *text = calloc(1, 1 << 16);
    FILE *stream = fopen(path, "r");

    if (stream) {
        cr_assert_lt(fread(text, 1, 1 << 16, stream), 1 << 16);
        fclose(stream);
    }
    return text;
}

static glob_t whitelists(const char *folder)
{
    glob_t found;

    cr_assert_eq(chdir(folder), 0, "run from the top of the repository");
    cr_assert_eq(glob("*.ini", 0, NULL, &found), 0);
    return found;
}

Test(bad_input, what_is_said_of_every_wrong_whitelist_is_as_expected)
{
    glob_t found = whitelists("tests/data/bad");

    cr_expect_geq(found.gl_pathc, 60);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        char expected_path[256];
        snprintf(expected_path, sizeof(expected_path), "%.*s.expected", (int)strlen(path) - 4,
                 path);
        char *expected = text_of(expected_path);
        char *text = told(path);
        cr_expect(*expected != '\0', "%s is missing", expected_path);
        cr_expect_str_eq(text, expected, "%s:\n%s", path, text);
        free(text);
        free(expected);
    }
    globfree(&found);
}

Test(bad_input, nothing_is_said_of_right_whitelists)
{
    glob_t found = whitelists("tests/data/good");

    cr_expect_geq(found.gl_pathc, 15);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text = told(found.gl_pathv[i]);
        cr_expect_str_empty(text, "%s", text);
        free(text);
    }
    globfree(&found);
}

static char folder[] = "/tmp/portcullis-XXXXXX";

static void enter_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
    static const char *const FILES[] = {"main.ini", "other", NULL};

    for (size_t i = 0; FILES[i]; i++)
        unlink(FILES[i]);
    rmdir(folder);
}

static void write_file(const char *path, const char *text, size_t size)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    cr_assert_eq(ftruncate(descriptor, (off_t)size), 0);
    close(descriptor);
}

static void includes_other(void)
{
    static const char TEXT[] = "[filter]\ninclude = other\n[allow]\nsyscalls = read\n";

    write_file("main.ini", TEXT, strlen(TEXT));
}

static void is_told(const char *path, const char *expected)
{
    char *text = told(path);

    cr_expect_str_eq(text, expected, "%s", text);
    free(text);
}

TestSuite(bad_file, .init = enter_folder, .fini = remove_folder, .timeout = 60);

Test(bad_file, a_fifo_is_refused_and_not_waited_for)
{
    includes_other();
    cr_assert_eq(mkfifo("other", 0600), 0);
    is_told("main.ini", "main.ini:2: error: cannot read 'other': not a regular file\n");
    is_told("other", "other: error: cannot read 'other': not a regular file\n");
}

Test(bad_file, a_directory_is_refused)
{
    is_told(".", ".: error: cannot read '.': not a regular file\n");
}

Test(bad_file, a_device_without_an_end_is_refused)
{
    is_told("/dev/zero", "/dev/zero: error: cannot read '/dev/zero': not a regular file\n");
}

Test(bad_file, a_missing_file_is_named)
{
    is_told("other", "other: error: cannot read 'other': no such file\n");
    is_told("main.ini/other",
            "main.ini/other: error: cannot read 'main.ini/other': no such file\n");
}

Test(bad_file, a_link_to_itself_is_refused)
{
    cr_assert_eq(symlink("other", "other"), 0);
    is_told("other", "other: error: cannot read 'other': too many symbolic links\n");
}

Test(bad_file, a_file_over_a_mebibyte_is_refused)
{
    includes_other();
    write_file("other", "[allow]\n", (1 << 20) + 1);
    is_told("main.ini", "main.ini:2: error: cannot read 'other': larger than 1 MiB\n");
    write_file("other", "[allow]\n", 100 << 20);
    is_told("other", "other: error: cannot read 'other': larger than 1 MiB\n");
}

Test(bad_file, a_file_of_a_mebibyte_is_read)
{
    char *text = malloc((1 << 20) + 1);
    memset(text, '\n', 1 << 20);
    text[1 << 20] = '\0';
    memcpy(text, "[allow]\nsyscalls = read\n", 24);
    write_file("other", text, 1 << 20);
    free(text);
    is_told("other", "");
}

Test(bad_file, an_unreadable_file_is_refused)
{
    includes_other();
    write_file("other", "[allow]\n", 8);
    cr_assert_eq(chmod("other", 0), 0);
    cr_assert_eq(chmod(".", 0755), 0);
    cr_assert_eq(chmod("main.ini", 0644), 0);
    if (getuid() == 0) /* who may read anything */
        cr_assert_eq(seteuid(65534), 0);
    is_told("main.ini", "main.ini:2: error: cannot read 'other': permission denied\n");
    cr_assert_eq(seteuid(getuid()), 0);
}
