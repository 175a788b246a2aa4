/* What merging writes into comments and takes out of them; none ends before its line. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"
#include "../../helpers/merging.h"

Test(merge, counts_and_sites_are_told_if_wanted)
{
    struct merge_facts facts = MERGING_FACTS;
    facts.annotate = true;
    merges_with("[allow]\n; learned:\nsyscalls = brk close read\n",
                "write\ndup\nlseek\nioctl = fd == 1", &facts,
                "[allow]\n"
                "; learned:\n"
                "syscalls = brk close\n"
                "syscalls = dup ; seen 3 times, first from libc.so.6!read+0x14\n"
                "syscalls = lseek ; seen 3 times, first from libc.so.6!read+0x14\n"
                "syscalls = read\n"
                "syscalls = write ; seen 3 times, first from libc.so.6!read+0x14\n"
                "\n"
                "ioctl = fd == 1 ; seen 3 times, first from libc.so.6!read+0x14\n");
}

Test(merge, names_join_no_line_with_a_remark)
{
    merges("[allow]\n; learned:\nsyscalls = brk ; seen 1 time\nsyscalls = read ; seen 2 times\n",
           "access\nclose\nlseek\nwrite\nwritev",
           "[allow]\n; learned:\nsyscalls = access\nsyscalls = brk ; seen 1 time\n"
           "syscalls = close lseek\nsyscalls = read ; seen 2 times\nsyscalls = write writev\n");
}

static char *annotated(const char *name, const char *condition, uint64_t count, const char *site,
                       const char *note)
{
    struct merge_facts facts = MERGING_FACTS;
    struct additions additions = {0};
    size_t length;
    char *result;

    facts.annotate = count > 0;
    cr_assert_eq(additions_add(&additions, name, condition, count, site), 0);
    cr_assert_eq(additions_note(&additions, name, condition, note), 0);
    cr_assert_eq(merge_text("[allow]\nsyscalls = read\n", 23, &additions, &facts, &result, &length),
                 0);
    cr_assert(result);
    merging_check(result, length);
    additions_release(&additions);
    return result;
}

Test(merge, a_remark_tells_what_is_known)
{
    static const struct {
        const char *condition;
        uint64_t count;
        const char *site;
        const char *note;
        const char *line;
    } TESTS[] = {
        {NULL, 1, NULL, NULL, "\nsyscalls = ioctl ; seen 1 time\n"},
        {NULL, 2, "a.out+0x1", NULL, "\nsyscalls = ioctl ; seen 2 times, first from a.out+0x1\n"},
        {NULL, 0, "a.out+0x1", NULL, "\nsyscalls = ioctl\n"},
        {NULL, 0, "a.out+0x1", "too many", "\nsyscalls = ioctl ; too many\n"},
        {"fd == 1", 2, NULL, "too many", "\nioctl = fd == 1 ; too many; seen 2 times\n"},
        {NULL, 1, "\n[deny]\nread = kill\x1b[2J", NULL,
         "\nsyscalls = ioctl ; seen 1 time, first from ?[deny]?read = kill?[2J\n"},
    };

    for (size_t i = 0; i < sizeof(TESTS) / sizeof(TESTS[0]); i++) {
        char *text =
            annotated("ioctl", TESTS[i].condition, TESTS[i].count, TESTS[i].site, TESTS[i].note);
        cr_expect(strstr(text, TESTS[i].line), "no%sin:\n%s", TESTS[i].line, text);
        free(text);
    }
}

Test(merge, a_long_remark_is_cut_and_one_without_room_left_out)
{
    char condition[LINE_BYTES_MAX];
    char site[1000];

    memset(site, 's', sizeof(site) - 1);
    site[sizeof(site) - 1] = '\0';
    char *text = annotated("ioctl", NULL, 1, site, NULL);
    const char *line = strstr(text, "syscalls = ioctl ; seen 1 time, first from sss");
    cr_assert(line);
    cr_expect_eq(strcspn(line, "\n"), LINE_BYTES_MAX);
    cr_expect(strstr(line, "sss...\n"));
    free(text);

    int used = snprintf(condition, sizeof(condition), "request in");
    while (used + (int)strlen("ioctl =  1234567") < LINE_BYTES_MAX)
        used += snprintf(condition + used, sizeof(condition) - (size_t)used, " 1234567");
    text = annotated("ioctl", condition, 1, site, NULL);
    cr_expect(strstr(text, " 1234567\n"), "%s", text);
    free(text);
}

Test(merge, a_heading_breaks_out_of_no_comment)
{
    struct merge_facts facts = MERGING_FACTS;
    facts.heading = "learned from: sh -c x\n[filter]\ndefault = allow\r\x1b]0;t\x07\xff";
    merges_with(NULL, "read", &facts,
                "; learned from: sh -c x?[filter]?default = allow??]0;t??\n"
                "; by portcullis " PORTCULLIS_VERSION ", on Linux 6.18.0 x86_64, glibc 2.36\n"
                "; 1 run, 10 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n"
                "; learned:\nsyscalls = read\n");
}

Test(merge, a_long_heading_is_wrapped_and_at_last_cut)
{
    static char heading[200000];
    struct merge_facts facts = MERGING_FACTS;
    size_t lines = 0;

    for (size_t at = 0; at + 10 < sizeof(heading); at += 9)
        snprintf(heading + at, 10, "argument ");
    heading[5000] = '\0';
    for (int words = 0; words < 2; words++) {
        facts.heading = heading;
        char *text = merging_result(NULL, "read", &facts);
        for (const char *line = text; strncmp(line, "; by", 4) != 0; lines++) {
            cr_expect_leq(strcspn(line, "\n"), 100);
            cr_expect_eq(strncmp(line, "; ", 2), 0);
            line = strchr(line, '\n') + 1;
        }
        cr_expect_leq(lines, 9, "%zu", lines);
        cr_expect(strstr(text, "...\n; by "));
        free(text);
        lines = 0;
        memset(heading, 'x', sizeof(heading) - 1); /* and without a blank to break at */
    }
}

Test(merge, what_is_no_line_is_refused)
{
    static const struct {
        const char *name;
        const char *condition;
    } TESTS[] = {
        {"", NULL},
        {"read\n[filter]\ndefault = allow", NULL},
        {"read write", NULL},
        {"@stdio", NULL},
        {"syscalls", "@stdio"},
        {"[deny]", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
        {"read", ""},
        {"read", " fd == 1"},
        {"read", "fd == 1\nwrite = fd == 2"},
        {"read", "fd == 1 ; comment"},
        {"read", "fd == 1 # comment"},
        {"read", "fd == \x7f"},
    };
    char longer[LINE_BYTES_MAX + 1];

    memset(longer, '1', sizeof(longer));
    longer[LINE_BYTES_MAX - strlen("read = ") + 1] = '\0';
    for (size_t i = 0; i <= sizeof(TESTS) / sizeof(TESTS[0]); i++) {
        struct additions additions = {0};
        bool last = i == sizeof(TESTS) / sizeof(TESTS[0]);
        size_t length;
        char *result;
        cr_assert_eq(additions_add(&additions, last ? "read" : TESTS[i].name,
                                   last ? longer : TESTS[i].condition, 0, NULL),
                     0);
        int error = merge_text(NULL, 0, &additions, &MERGING_FACTS, &result, &length);
        cr_expect_eq(error, -EINVAL, "%zu: %d", i, error);
        cr_expect_null(result);
        additions_release(&additions);
    }
}

#define LIKELY                                                                                     \
    "\n; not seen, but likely needed:\n; abort():\n;syscalls = getpid gettid tgkill\n"             \
    "; something else:\n;syscalls = uname\n"

Test(merge, what_is_listed_is_no_more_likely)
{
    merges("[allow]\n; learned:\nsyscalls = read\n" LIKELY, "gettid",
           "[allow]\n; learned:\nsyscalls = gettid read\n"
           "\n; not seen, but likely needed:\n; abort():\n;syscalls = getpid tgkill\n"
           "; something else:\n;syscalls = uname\n");
    merges("[allow]\n; learned:\nsyscalls = read\n" LIKELY, "uname\ntgkill = sig == SIGABRT",
           "[allow]\n; learned:\nsyscalls = read uname\n\ntgkill = sig == SIGABRT\n"
           "\n; not seen, but likely needed:\n; abort():\n;syscalls = getpid gettid\n");
    merges("[allow]\n; learned:\nsyscalls = read\n" LIKELY, "getpid\ngettid\nuname\ntgkill",
           "[allow]\n; learned:\nsyscalls = getpid gettid read tgkill uname\n");
    merges("[allow]\n; learned:\nsyscalls = read\n" LIKELY "\n[deny]\nptrace = kill\n",
           "getpid\ngettid\nuname\ntgkill",
           "[allow]\n; learned:\nsyscalls = getpid gettid read tgkill uname\n\n"
           "[deny]\nptrace = kill\n");
}

Test(merge, lines_that_a_user_uncommented_are_the_users)
{
    merges(
        "[allow]\n; learned:\nsyscalls = read\n\n; not seen, but likely needed:\n; abort():\n"
        "syscalls = getpid gettid tgkill\n; something else:\n;syscalls = uname gettid\n",
        "write",
        "[allow]\n; learned:\nsyscalls = read write\n\n; not seen, but likely needed:\n; abort():\n"
        "syscalls = getpid gettid tgkill\n; something else:\n;syscalls = uname\n");
}

Test(merge, what_a_user_took_out_does_not_come_back)
{
    struct merge_facts facts = MERGING_FACTS;
    facts.likely = true;
    char *text = merging_result(NULL, "read", &facts);
    char *block = strstr(text, "\n; not seen, but likely needed:\n");
    cr_assert(block);
    *block = '\0';
    char *after = merging_result(text, "kcmp", &facts);
    cr_expect_null(strstr(after, "likely"), "%s", after);
    free(after);
    snprintf(block, strlen("\n; not seen, but likely needed:\n; mine:\n;syscalls = uname\n") + 1,
             "\n; not seen, but likely needed:\n; mine:\n;syscalls = uname\n");
    after = merging_result(text, "kcmp", &facts);
    cr_expect(strstr(after, "\n\n; not seen, but likely needed:\n; mine:\n;syscalls = uname\n"));
    cr_expect(strlen(strstr(after, "; mine:")) == strlen("; mine:\n;syscalls = uname\n"), "%s",
              after);
    free(after);
    free(text);
}

Test(merge, what_becomes_likely_is_proposed_then)
{
    static const char MORE[] = "clone\nconnect\nexecve\nfutex\nopenat\nsocket = domain == AF_INET";
    struct merge_facts facts = MERGING_FACTS;
    char all[256];
    size_t rows = 0;

    facts.likely = true;
    snprintf(all, sizeof(all), "read\n%s", MORE);
    char *at_once = merging_result(NULL, all, &facts);
    char *first = merging_result(NULL, "read", &facts);
    char *then = merging_result(first, MORE, &facts);
    const char *row = strstr(at_once, "; not seen");
    cr_assert(row);
    for (; *row != '\0'; row += strcspn(row, "\n") + 1) {
        char line[128];
        snprintf(line, sizeof(line), "\n%.*s\n", (int)strcspn(row, "\n"), row);
        cr_expect(strstr(then, line), "no%sin:\n%s", line, then);
        rows++;
    }
    cr_expect_gt(rows, 4);
    cr_expect_null(strstr(strstr(then, "; not seen"), "connect"), "%s", then);
    free(at_once);
    free(first);
    free(then);
}

Test(merge, each_likely_line_is_one_as_soon_as_it_is_uncommented)
{
    struct merge_facts facts = MERGING_FACTS;
    size_t lines = 0;

    facts.likely = true;
    char *text =
        merging_result(NULL, "read\nsocket = domain == AF_INET\nexecve\nclone\nfutex", &facts);
    cr_assert(strstr(text, "\n\n; not seen, but likely needed:\n"));
    for (char *line = text; (line = strstr(line, "\n;syscalls = ")); lines++) {
        size_t length = strcspn(line + 1, "\n");
        cr_expect_leq(length, 100);
        cr_expect_null(memmem(line, length, " read ", 6));
        memmove(line + 1, line + 2, strlen(line + 2) + 1);
    }
    cr_expect_geq(lines, 2);
    merging_check(text, strlen(text));
    free(text);
}
