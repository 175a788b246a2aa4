/* What is learned, put into texts of whitelists: where it goes, and that nothing else changes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"
#include "../../../config/reader.h"
#include "../../../shim/rules.h"
#include "../../../shim/tool/learn/merge.h"
#include "../../../shim/tool/tool.h"

static const struct merge_facts FACTS = {
    .heading = "learned from: ls -lR /usr",
    .program = "ls -lR /usr",
    .machine = "Linux 6.18.0 x86_64, glibc 2.36",
    .calls = 10,
};

#define HEADER                                                                                     \
    "; learned from: ls -lR /usr\n; by portcullis " PORTCULLIS_VERSION                             \
    ", on Linux 6.18.0 x86_64, glibc 2.36\n"

/* One addition for each line of TEXT: "read", or "ioctl = request == TCGETS". */
static struct additions additions_of(const char *text)
{
    struct additions additions = {0};
    char *copy = strdup(text);
    char *rest = copy;
    char *line;

    while ((line = strsep(&rest, "\n"))) {
        char *equal = strstr(line, " = ");
        if (equal)
            *equal = '\0';
        if (*line != '\0')
            cr_assert_eq(
                additions_add(&additions, line, equal ? equal + 3 : NULL, 3, "libc.so.6!read+0x14"),
                0);
    }
    free(copy);
    return additions;
}

static void check_readable(const char *text, size_t length)
{
    struct whitelist whitelist;
    struct rules rules = {0};
    struct diagnostics diagnostics = {0};

    int error = reader_read_text("test.ini", text, length, &whitelist, &diagnostics);
    if (!error)
        error = rules_build(&whitelist, &diagnostics, &rules);
    cr_expect_eq(error, 0, "the reader does not take:\n%s", text);
    rules_release(&rules);
    diagnostics_release(&diagnostics);
    whitelist_release(&whitelist);
}

/* BEFORE (NULL: no file) with the additions; owned by the caller. NULL: there was nothing to do. */
static char *merged_with(const char *before, const char *lines, const struct merge_facts *facts)
{
    struct additions additions = additions_of(lines);
    char *result;
    size_t length;

    int error =
        merge_text(before, before ? strlen(before) : 0, &additions, facts, &result, &length);
    cr_assert_eq(error, 0);
    if (result) {
        cr_expect_eq(strlen(result), length);
        check_readable(result, length);
    }
    additions_release(&additions);
    return result;
}

static void merges_with(const char *before, const char *lines, const struct merge_facts *facts,
                        const char *after)
{
    char *result = merged_with(before, lines, facts);

    cr_assert(result);
    cr_expect_str_eq(result, after, "got:\n%s\nwanted:\n%s", result, after);
    free(result);
}

static void merges(const char *before, const char *lines, const char *after)
{
    merges_with(before, lines, &FACTS, after);
}

Test(merge, a_new_file_has_a_header_names_and_conditions)
{
    merges(NULL, "read\nwrite\nioctl = request == TCGETS\nmmap = prot without PROT_EXEC",
           HEADER "; 1 run, 10 calls seen\n"
                  "[filter]\n"
                  "default = EPERM\n"
                  "\n"
                  "[allow]\n"
                  "; learned:\n"
                  "syscalls = read write\n"
                  "\n"
                  "ioctl = request == TCGETS\n"
                  "mmap = prot without PROT_EXEC\n");
}

Test(merge, a_new_file_may_have_conditions_only)
{
    merges(NULL, "ioctl = request == TCGETS",
           HEADER "; 1 run, 10 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n"
                  "ioctl = request == TCGETS\n");
}

Test(merge, an_empty_file_is_like_none)
{
    merges("", "read",
           HEADER "; 1 run, 10 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n"
                  "; learned:\nsyscalls = read\n");
}

Test(merge, nothing_to_add_changes_nothing)
{
    cr_expect_null(merged_with("[allow]\nsyscalls = read\n", "", &FACTS));
    cr_expect_null(merged_with(NULL, "", &FACTS));
}

Test(merge, a_second_run_keeps_the_names_sorted_and_counts_itself)
{
    merges(HEADER "; 1 run, 10 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n; learned:\n"
                  "syscalls = close read\n\nioctl = request == TCGETS\n",
           "brk\nmmap = prot without PROT_EXEC\nopenat\nwrite\nfcntl = cmd == F_GETFL",
           HEADER "; 2 runs, 20 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n; learned:\n"
                  "syscalls = brk close openat read write\n\nfcntl = cmd == F_GETFL\n"
                  "ioctl = request == TCGETS\nmmap = prot without PROT_EXEC\n");
}

Test(merge, one_call_is_one_call)
{
    struct merge_facts facts = FACTS;
    facts.calls = 1;
    merges_with(NULL, "read", &facts,
                HEADER "; 1 run, 1 call seen\n[filter]\ndefault = EPERM\n\n[allow]\n"
                       "; learned:\nsyscalls = read\n");
}

Test(merge, a_run_of_another_program_is_named_in_the_header)
{
    struct merge_facts facts = FACTS;
    const char *after = HEADER "; 2 runs, 20 calls seen, at home\n\n[allow]\n; learned:\n"
                               "syscalls = read write\n";
    facts.heading = "learned from: ls /etc";
    merges_with(HEADER "; 1 run, 10 calls seen, at home\n\n[allow]\n; learned:\nsyscalls = read\n",
                "write", &facts,
                "; learned from: ls -lR /usr\n; learned from: ls /etc\n"
                "; by portcullis " PORTCULLIS_VERSION ", on Linux 6.18.0 x86_64, glibc 2.36\n"
                "; 2 runs, 20 calls seen, at home\n\n[allow]\n; learned:\nsyscalls = read write\n");
    merges(HEADER "; 1 run, 10 calls seen, at home\n\n[allow]\n; learned:\nsyscalls = read\n",
           "write", after);
}

Test(merge, a_header_does_not_grow_for_ever)
{
    char *text = merged_with(NULL, "read", &FACTS);
    char names[64][24];
    size_t lines = 0;

    for (unsigned i = 0; i < 64; i++) {
        struct merge_facts facts = FACTS;
        snprintf(names[i], sizeof(names[i]), "learned from: run %u", i);
        facts.heading = names[i];
        char name[32];
        snprintf(name, sizeof(name), "%u", 200 + i);
        char *next = merged_with(text, name, &facts);
        cr_assert(next);
        free(text);
        text = next;
    }
    for (const char *at = text; (at = strstr(at, "; learned from: ")); at++)
        lines++;
    cr_expect_eq(lines, 24, "%zu:\n%s", lines, text);
    cr_expect(strstr(text, "\n; 65 runs, 650 calls seen\n"));
    free(text);
}

Test(merge, a_count_that_is_no_number_is_left_alone)
{
    merges(
        "; 99999999999999999999999 runs, 1 call seen\n; -1 run, 1 call seen\n; 1 run, x calls "
        "seen\n[allow]\nsyscalls = read\n; 1 run, 10 calls seen\n",
        "write",
        "; 99999999999999999999999 runs, 1 call seen\n; -1 run, 1 call seen\n; 1 run, x calls "
        "seen\n[allow]\nsyscalls = read\n; learned:\nsyscalls = write\n; 1 run, 10 calls seen\n");
}

Test(merge, names_go_behind_the_users_last_names_where_no_learner_was)
{
    merges("[allow]\n"
           "syscalls = wait4 @stdio ; mine\n"
           "ioctl = request == TCGETS\n"
           "syscalls=   ?munmap,mmap\n"
           "; memory\n"
           "brk = addr == 0\n",
           "openat\nchdir",
           "[allow]\n"
           "syscalls = wait4 @stdio ; mine\n"
           "ioctl = request == TCGETS\n"
           "syscalls=   ?munmap,mmap\n"
           "; learned:\n"
           "syscalls = chdir openat\n"
           "; memory\n"
           "brk = addr == 0\n");
}

Test(merge, conditions_go_behind_the_last_line_of_their_call)
{
    merges("[allow]\n"
           "ioctl = request == TCGETS\n"
           "mmap = prot without PROT_EXEC\n"
           "[deny]\n"
           "ioctl = EIO if request == TIOCSTI\n"
           "[allow]\n"
           "ioctl\t=\trequest == FIONREAD   # mine\n"
           "; more\n",
           "ioctl = request == FIONBIO\nfcntl = cmd == F_GETFL",
           "[allow]\n"
           "ioctl = request == TCGETS\n"
           "mmap = prot without PROT_EXEC\n"
           "[deny]\n"
           "ioctl = EIO if request == TIOCSTI\n"
           "[allow]\n"
           "ioctl\t=\trequest == FIONREAD   # mine\n"
           "ioctl = request == FIONBIO\n"
           "fcntl = cmd == F_GETFL\n"
           "; more\n");
}

Test(merge, sections_come_in_any_order)
{
    merges("[deny]\nptrace = kill\n[allow]\nsyscalls = read\n[filter]\ndefault = kill\n",
           "write\nfcntl = cmd == F_GETFL",
           "[deny]\nptrace = kill\n[allow]\nsyscalls = read\n; learned:\nsyscalls = write\n\n"
           "fcntl = cmd == F_GETFL\n[filter]\ndefault = kill\n");
}

Test(merge, a_missing_section_is_made)
{
    merges("[filter]\ndefault = kill\n", "read",
           "[filter]\ndefault = kill\n\n[allow]\n; learned:\nsyscalls = read\n");
    merges("; only a comment", "read",
           "; only a comment\n\n[allow]\n; learned:\nsyscalls = read\n");
}

Test(merge, a_section_without_lines_is_used)
{
    merges("[allow]\n; nothing yet\n\n[deny]\nptrace = kill\n", "read",
           "[allow]\n; learned:\nsyscalls = read\n; nothing yet\n\n[deny]\nptrace = kill\n");
}

Test(merge, a_last_line_without_an_end_gets_one)
{
    merges("[allow]\nsyscalls = read", "write",
           "[allow]\nsyscalls = read\n; learned:\nsyscalls = write\n");
    merges("[allow]\nsyscalls = read\n; end", "write",
           "[allow]\nsyscalls = read\n; learned:\nsyscalls = write\n; end");
    merges("[allow]\nsyscalls = read\r", "write",
           "[allow]\nsyscalls = read\r\n; learned:\nsyscalls = write\n");
}

Test(merge, lines_end_as_they_do_in_the_file)
{
    merges("[allow]\r\nsyscalls = read\r\n", "write\nfcntl = cmd == F_GETFL",
           "[allow]\r\nsyscalls = read\r\n; learned:\r\nsyscalls = write\r\n\r\n"
           "fcntl = cmd == F_GETFL\r\n");
    merges("[allow]\r\nsyscalls = read", "write",
           "[allow]\r\nsyscalls = read\r\n; learned:\r\nsyscalls = write\r\n");
    merges("[allow]\nsyscalls = read\r\n; x\n", "write",
           "[allow]\nsyscalls = read\r\n; learned:\nsyscalls = write\n; x\n");
}

Test(merge, a_byte_order_mark_stays)
{
    merges("\xef\xbb\xbf[allow]\nsyscalls = read\n", "write",
           "\xef\xbb\xbf[allow]\nsyscalls = read\n; learned:\nsyscalls = write\n");
}

Test(merge, what_a_user_wrote_among_the_learned_names_stays)
{
    const char *before = "[allow]\n"
                         "; learned:\n"
                         "syscalls = brk close\n"
                         "syscalls = @threads\n"
                         "syscalls = fcntl ; for flock\n"
                         "; and these by hand\n"
                         "syscalls = umask pipe2\n"
                         "syscalls   = lseek\n"
                         "syscalls = read write\n"
                         "syscalls = chdir\n";
    merges(before, "access\ndup\nopenat\nwait4\nwritev\ngetcwd",
           "[allow]\n"
           "; learned:\n"
           "syscalls = access brk close dup\n"
           "syscalls = @threads\n"
           "syscalls = fcntl ; for flock\n"
           "; and these by hand\n"
           "syscalls = umask pipe2\n"
           "syscalls   = lseek\n"
           "syscalls = getcwd openat read wait4 write writev\n"
           "syscalls = chdir\n");
}

/* The lines of the block in TEXT: short, sorted, and as many names as COUNT. */
static void check_block(const char *text, size_t count)
{
    const char *line = strstr(text, "; learned:\n");
    char last[64] = "";

    cr_assert(line);
    line += strlen("; learned:\n");
    while (strncmp(line, "syscalls = ", 11) == 0) {
        size_t length = strcspn(line, "\n");
        cr_expect_leq(length, 100, "%.*s", (int)length, line);
        const char *end = line + length;
        for (line += 11; line < end; count--) {
            char name[64];
            size_t size = strcspn(line, " \n");
            snprintf(name, sizeof(name), "%.*s", (int)size, line);
            cr_expect_gt(strcmp(name, last), 0, "%s before %s", last, name);
            strcpy(last, name);
            line += size + 1;
        }
    }
    cr_expect_eq(count, 0, "%zu are missing in:\n%s", count, text);
}

Test(merge, many_names_are_wrapped_and_stay_sorted)
{
    char *text = NULL;

    /* in an order of its own: 7 has no factor with 400 in common */
    for (unsigned i = 0; i < 400; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", 100 + i * 7 % 400);
        char *next = merged_with(text, name, &FACTS);
        cr_assert(next);
        free(text);
        text = next;
    }
    check_block(text, 400);
    free(text);
}

Test(merge, a_full_line_hands_names_on_to_the_next)
{
#define FULL "accept accept4 access acct adjtimex alarm bind bpf brk capget capset chdir chmod"
#define FULLER                                                                                     \
    "accept accept4 access acct add_key adjtimex alarm bind bpf brk capget capset chdir chmod"
    merges("[allow]\n; learned:\nsyscalls = " FULL " chown\nsyscalls = read write\n", "add_key",
           "[allow]\n; learned:\nsyscalls = " FULLER "\nsyscalls = chown read write\n");
    merges("[allow]\n; learned:\nsyscalls = " FULL " chown\nsyscalls = @stdio\n", "add_key",
           "[allow]\n; learned:\nsyscalls = " FULLER "\nsyscalls = chown\nsyscalls = @stdio\n");
    merges("[allow]\n; learned:\nsyscalls = " FULL " chown\nsyscalls = read ; mine\n", "add_key",
           "[allow]\n; learned:\nsyscalls = " FULLER
           "\nsyscalls = chown\nsyscalls = read ; mine\n");
}

Test(merge, counts_and_sites_are_told_if_wanted)
{
    struct merge_facts facts = FACTS;
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
    struct merge_facts facts = FACTS;
    struct additions additions = {0};
    size_t length;
    char *result;

    facts.annotate = count > 0;
    cr_assert_eq(additions_add(&additions, name, condition, count, site), 0);
    cr_assert_eq(additions_note(&additions, name, condition, note), 0);
    cr_assert_eq(merge_text("[allow]\nsyscalls = read\n", 23, &additions, &facts, &result, &length),
                 0);
    cr_assert(result);
    check_readable(result, length);
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

    strcpy(condition, "request in");
    while (strlen(condition) + strlen("ioctl = ") + strlen(" 1234567") < LINE_BYTES_MAX)
        strcat(condition, " 1234567");
    text = annotated("ioctl", condition, 1, site, NULL);
    cr_expect(strstr(text, " 1234567\n"), "%s", text);
    free(text);
}

Test(merge, a_heading_breaks_out_of_no_comment)
{
    struct merge_facts facts = FACTS;
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
    struct merge_facts facts = FACTS;
    size_t lines = 0;

    for (size_t at = 0; at + 10 < sizeof(heading); at += 9)
        strcpy(heading + at, "argument ");
    heading[5000] = '\0';
    for (int words = 0; words < 2; words++) {
        facts.heading = heading;
        char *text = merged_with(NULL, "read", &facts);
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
        int error = merge_text(NULL, 0, &additions, &FACTS, &result, &length);
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
    struct merge_facts facts = FACTS;
    facts.likely = true;
    char *text = merged_with(NULL, "read", &facts);
    char *block = strstr(text, "\n; not seen, but likely needed:\n");
    cr_assert(block);
    *block = '\0';
    char *after = merged_with(text, "kcmp", &facts);
    cr_expect_null(strstr(after, "likely"), "%s", after);
    free(after);
    strcpy(block, "\n; not seen, but likely needed:\n; mine:\n;syscalls = uname\n");
    after = merged_with(text, "kcmp", &facts);
    cr_expect(strstr(after, "\n\n; not seen, but likely needed:\n; mine:\n;syscalls = uname\n"));
    cr_expect(strlen(strstr(after, "; mine:")) == strlen("; mine:\n;syscalls = uname\n"), "%s",
              after);
    free(after);
    free(text);
}

Test(merge, each_likely_line_is_one_as_soon_as_it_is_uncommented)
{
    struct merge_facts facts = FACTS;
    size_t lines = 0;

    facts.likely = true;
    char *text =
        merged_with(NULL, "read\nsocket = domain == AF_INET\nexecve\nclone\nfutex", &facts);
    cr_assert(strstr(text, "\n\n; not seen, but likely needed:\n"));
    for (char *line = text; (line = strstr(line, "\n;syscalls = ")); lines++) {
        size_t length = strcspn(line + 1, "\n");
        cr_expect_leq(length, 100);
        cr_expect_null(memmem(line, length, " read ", 6));
        memmove(line + 1, line + 2, strlen(line + 2) + 1);
    }
    cr_expect_geq(lines, 2);
    check_readable(text, strlen(text));
    free(text);
}
