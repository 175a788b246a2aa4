/* What becomes of right whitelists; test_bad_input.c has the wrong ones. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../config/reader.h"

static char folder[] = "/tmp/portcullis-XXXXXX";
static struct whitelist whitelist;
static struct diagnostics diagnostics;

static const char *const FILES[] = {"main.ini",  "one.ini",     "two.ini",
                                    "three.ini", "sub/one.ini", "sub/two.ini"};

static void enter_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(mkdir("sub", 0700), 0);
}

static void remove_folder(void)
{
    whitelist_release(&whitelist);
    diagnostics_release(&diagnostics);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
        unlink(FILES[i]);
    rmdir("sub");
    rmdir(folder);
}

TestSuite(reader, .init = enter_folder, .fini = remove_folder, .timeout = 60);

static void make_file(const char *path, const char *text)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

static void print(void *context, const char *text, size_t length)
{
    (void)context;
    cr_log_error("%.*s", (int)length, text);
}

static void read_file(const char *path)
{
    int error = reader_read_file(path, &whitelist, &diagnostics);

    diagnostics_tell(&diagnostics, print, NULL);
    cr_assert_eq(error, 0);
}

static void read_text(const char *text)
{
    int error = reader_read_text("main.ini", text, strlen(text), &whitelist, &diagnostics);

    diagnostics_tell(&diagnostics, print, NULL);
    cr_assert_eq(error, 0);
}

/* All entries as "FILE:LINE NAME", one after another; to be freed. */
static char *entries(void)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    for (size_t i = 0; i < whitelist.entry_count; i++) {
        const struct entry *entry = &whitelist.entries[i];
        fprintf(stream, "%s%s:%u %s%s%s%s", i ? ", " : "", entry->place.file, entry->place.line,
                entry->section == SECTION_DENY ? "!" : "", entry->subject.optional ? "?" : "",
                entry->subject.kind == SUBJECT_GROUP ? "@" : "", entry->subject.name);
        if (entry->conditional)
            fprintf(stream, " if %s", entry->condition_text);
    }
    fclose(stream);
    return text;
}

static void has_entries(const char *expected)
{
    char *text = entries();

    cr_expect_str_eq(text, expected, "%s", text);
    free(text);
}

Test(reader, every_line_knows_its_place)
{
    read_text("; comment\n[allow]\nsyscalls = read, @stdio ?frobnicate\n\nsyscalls = 0x10\n"
              "write = fd in 1..2 ; out\n[deny]\nptrace = kill\nsocket=EAFNOSUPPORT  if "
              "domain == AF_NETLINK\n");
    has_entries("main.ini:3 read, main.ini:3 @stdio, main.ini:3 ?frobnicate, main.ini:5 0x10, "
                "main.ini:6 write if fd in 1..2, main.ini:8 !ptrace, "
                "main.ini:9 !socket if domain == AF_NETLINK");
    cr_expect_eq(whitelist.entries[3].subject.kind, SUBJECT_NUMBER);
    cr_expect_eq(whitelist.entries[3].subject.number, 16);
    cr_expect_eq(whitelist.entries[4].condition.count, 1);
    cr_expect_eq(whitelist.entries[5].action.kind, ACTION_KILL);
    cr_expect_eq(whitelist.entries[6].action.kind, ACTION_ERRNO);
    cr_expect_eq(whitelist.entries[6].action.error, EAFNOSUPPORT);
}

Test(reader, a_condition_on_a_group_is_one_on_each_member)
{
    read_text("[allow]\n@chown = owner == 0\n");
    has_entries("main.ini:2 chown if owner == 0, main.ini:2 fchown if owner == 0, "
                "main.ini:2 fchownat if owner == 0, main.ini:2 lchown if owner == 0");
    cr_expect_eq(whitelist.entries[1].condition.clauses[0].argument, 1);
    cr_expect_eq(whitelist.entries[2].condition.clauses[0].argument, 2);
}

Test(reader, what_is_not_set_is_built_in)
{
    read_text("[allow]\nsyscalls = read\n");
    cr_expect_eq(whitelist.settings.default_action.kind, ACTION_ERRNO);
    cr_expect_eq(whitelist.settings.default_action.error, EPERM);
    cr_expect_eq(whitelist.settings.default_place.line, 0);
    cr_expect_str_eq(whitelist.settings.default_place.file, "main.ini");
    cr_expect_eq(whitelist.settings.children, CHILDREN_INHERIT);
    cr_expect_not(whitelist.settings.audit);
    cr_expect(whitelist.settings.no_new_privileges);
    cr_expect_eq(whitelist.settings.program_count, 0);
    cr_expect_str_eq(whitelist.name, "main.ini");
}

Test(reader, every_setting_is_read)
{
    read_text("[filter]\ndefault = ENOSYS\naudit = yes\nchildren = reload\n"
              "program = /bin/a /bin/b, /bin/c\nno-new-privileges = no\n[allow]\nsyscalls=read\n");
    cr_expect_eq(whitelist.settings.default_action.error, ENOSYS);
    cr_expect_eq(whitelist.settings.default_place.line, 2);
    cr_expect(whitelist.settings.audit);
    cr_expect_eq(whitelist.settings.children, CHILDREN_RELOAD);
    cr_expect_not(whitelist.settings.no_new_privileges);
    cr_assert_eq(whitelist.settings.program_count, 3);
    cr_expect_str_eq(whitelist.settings.programs[0], "/bin/a");
    cr_expect_str_eq(whitelist.settings.programs[2], "/bin/c");
    cr_expect_eq(whitelist.settings.program_place.line, 5);
}

Test(reader, every_action_is_a_default)
{
    static const struct {
        const char *text;
        struct action action;
    } SAMPLES[] = {
        {"kill", {ACTION_KILL, 0}},      {"trap", {ACTION_TRAP, 0}},
        {"log", {ACTION_LOG, 0}},        {"allow", {ACTION_ALLOW, 0}},
        {"EACCES", {ACTION_ERRNO, 13}},  {"38", {ACTION_ERRNO, 38}},
        {"0x26", {ACTION_ERRNO, 38}},    {"4094", {ACTION_ERRNO, 4094}},
        {"EAGAIN", {ACTION_ERRNO, 11}},  {"EWOULDBLOCK", {ACTION_ERRNO, 11}},
        {"ENOTSUP", {ACTION_ERRNO, 95}},
    };

    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        char text[100];
        snprintf(text, sizeof(text), "[filter]\ndefault = %s\n", SAMPLES[i].text);
        read_text(text);
        cr_expect_eq(whitelist.settings.default_action.kind, SAMPLES[i].action.kind, "%s", text);
        cr_expect_eq(whitelist.settings.default_action.error, SAMPLES[i].action.error, "%s", text);
        whitelist_release(&whitelist);
    }
}

Test(reader, includes_expand_where_they_stand)
{
    make_file("main.ini", "[allow]\nsyscalls = read\n[filter]\ninclude = one.ini\n"
                          "[allow]\nsyscalls = write\n");
    make_file("one.ini", "[allow]\nsyscalls = open\n[filter]\ninclude = two.ini\n"
                         "[deny]\nptrace = kill\n");
    make_file("two.ini", "[allow]\nsyscalls = close");
    read_file("main.ini");
    has_entries("main.ini:2 read, one.ini:2 open, two.ini:2 close, one.ini:6 !ptrace, "
                "main.ini:6 write");
}

Test(reader, an_include_is_relative_to_the_file_it_stands_in)
{
    char path[100];

    make_file("main.ini", "[filter]\ninclude = sub/one.ini\n");
    make_file("sub/one.ini", "[filter]\ninclude = two.ini\ninclude = ../one.ini\n");
    make_file("sub/two.ini", "[allow]\nsyscalls = read\n");
    make_file("one.ini", "[allow]\nsyscalls = write\n");
    read_file("main.ini");
    has_entries("sub/two.ini:2 read, sub/../one.ini:2 write");
    whitelist_release(&whitelist);

    snprintf(path, sizeof(path), "[filter]\ninclude = %s/one.ini\n", folder);
    make_file("sub/one.ini", path);
    cr_assert_eq(chdir("/"), 0);
    snprintf(path, sizeof(path), "%s/main.ini", folder);
    read_file(path);
    cr_expect_eq(whitelist.entry_count, 1);
    cr_assert_eq(chdir(folder), 0);
}

Test(reader, a_file_may_be_included_twice_but_not_by_itself)
{
    make_file("main.ini", "[filter]\ninclude = one.ini\ninclude = two.ini\n");
    make_file("one.ini", "[filter]\ninclude = three.ini\n");
    make_file("two.ini", "[filter]\ninclude = three.ini\n");
    make_file("three.ini", "[allow]\nsyscalls = read\n");
    read_file("main.ini");
    has_entries("three.ini:2 read, three.ini:2 read");
    whitelist_release(&whitelist);

    make_file("three.ini", "[filter]\ninclude = one.ini\n");
    cr_expect_eq(reader_read_file("main.ini", &whitelist, &diagnostics), -EINVAL);
}

Test(reader, what_a_file_sets_beats_what_it_includes)
{
    make_file("main.ini", "[filter]\ndefault = EACCES\ninclude = one.ini\naudit = no\n"
                          "program = /bin/main\n");
    make_file("one.ini", "[filter]\ndefault = kill\naudit = yes\nchildren = reload\n"
                         "program = /bin/one\nno-new-privileges = no\n[allow]\nsyscalls=read\n");
    read_file("main.ini");
    cr_expect_eq(whitelist.settings.default_action.error, EACCES);
    cr_expect_str_eq(whitelist.settings.default_place.file, "main.ini");
    cr_expect_not(whitelist.settings.audit);
    cr_expect_eq(whitelist.settings.children, CHILDREN_RELOAD);
    cr_expect_str_eq(whitelist.settings.children_place.file, "one.ini");
    cr_expect_not(whitelist.settings.no_new_privileges);
    cr_assert_eq(whitelist.settings.program_count, 1);
    cr_expect_str_eq(whitelist.settings.programs[0], "/bin/main");
}

Test(reader, of_two_included_files_the_later_one_counts)
{
    make_file("main.ini", "[filter]\ninclude = one.ini\ninclude = two.ini\n");
    make_file("one.ini", "[filter]\ndefault = kill\naudit = yes\nprogram = /bin/a /bin/b\n"
                         "[allow]\nsyscalls = read\n");
    make_file("two.ini", "[filter]\ndefault = trap\nprogram = /bin/c\n[allow]\nsyscalls = read\n");
    read_file("main.ini");
    cr_expect_eq(whitelist.settings.default_action.kind, ACTION_TRAP);
    cr_expect(whitelist.settings.audit);
    cr_assert_eq(whitelist.settings.program_count, 1, "a list is taken as a whole");
    cr_expect_str_eq(whitelist.settings.programs[0], "/bin/c");
}

Test(reader, settings_come_through_several_includes)
{
    make_file("main.ini", "[filter]\ninclude = one.ini\n");
    make_file("one.ini", "[filter]\ninclude = two.ini\naudit = yes\n");
    make_file("two.ini", "[filter]\nchildren = reload\naudit = no\n[allow]\nsyscalls = read\n");
    read_file("main.ini");
    cr_expect(whitelist.settings.audit);
    cr_expect_eq(whitelist.settings.children, CHILDREN_RELOAD);
}

Test(reader, after_a_mistake_reading_goes_on)
{
    static const char TEXT[] = "[allow]\nread = fd == x\nsyscalls = write\n[deny]\nptrace = x\n";

    cr_expect_eq(reader_read_text("main.ini", TEXT, strlen(TEXT), &whitelist, &diagnostics),
                 -EINVAL);
    cr_expect_eq(diagnostics.errors, 2);
    has_entries("main.ini:2 read if fd == x, main.ini:3 write");
    cr_expect_eq(whitelist.entries[0].condition.count, 0);
}

Test(reader, bytes_behind_the_length_are_not_read)
{
    static const char TEXT[] = "[allow]\nsyscalls = readwrite\n";

    cr_expect_eq(reader_read_text("main.ini", TEXT, strlen(TEXT) - 6, &whitelist, &diagnostics), 0);
    has_entries("main.ini:2 read");
}

/* inih would split it, and take the end for a line of its own. */
Test(reader, the_end_of_a_long_comment_is_no_line)
{
    char text[400];

    snprintf(text, sizeof(text), "[allow]\nsyscalls = read\n;%*ssyscalls = open\n", 200, "");
    cr_expect_eq(reader_read_text("main.ini", text, strlen(text), &whitelist, &diagnostics),
                 -EINVAL);
    cr_expect_eq(diagnostics.errors, 1);
    has_entries("main.ini:2 read");
}
