/* What is learned, put into texts of whitelists: where it goes, and that nothing else changes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../helpers/merging.h"

Test(merge, a_new_file_has_a_header_names_and_conditions)
{
    merges(NULL, "read\nwrite\nioctl = request == TCGETS\nmmap = prot without PROT_EXEC",
           MERGING_HEADER "; 1 run, 10 calls seen\n"
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
           MERGING_HEADER "; 1 run, 10 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n"
                          "ioctl = request == TCGETS\n");
}

Test(merge, an_empty_file_is_like_none)
{
    merges("", "read",
           MERGING_HEADER "; 1 run, 10 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n"
                          "; learned:\nsyscalls = read\n");
}

Test(merge, nothing_to_add_changes_nothing)
{
    cr_expect_null(merging_result("[allow]\nsyscalls = read\n", "", &MERGING_FACTS));
    cr_expect_null(merging_result(NULL, "", &MERGING_FACTS));
}

Test(merge, a_second_run_keeps_the_names_sorted_and_counts_itself)
{
    merges(
        MERGING_HEADER "; 1 run, 10 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n; learned:\n"
                       "syscalls = close read\n\nioctl = request == TCGETS\n",
        "brk\nmmap = prot without PROT_EXEC\nopenat\nwrite\nfcntl = cmd == F_GETFL",
        MERGING_HEADER "; 2 runs, 20 calls seen\n[filter]\ndefault = EPERM\n\n[allow]\n; learned:\n"
                       "syscalls = brk close openat read write\n\nfcntl = cmd == F_GETFL\n"
                       "ioctl = request == TCGETS\nmmap = prot without PROT_EXEC\n");
}

Test(merge, one_call_is_one_call)
{
    struct merge_facts facts = MERGING_FACTS;
    facts.calls = 1;
    merges_with(NULL, "read", &facts,
                MERGING_HEADER "; 1 run, 1 call seen\n[filter]\ndefault = EPERM\n\n[allow]\n"
                               "; learned:\nsyscalls = read\n");
}

Test(merge, a_run_that_is_merged_twice_is_counted_once)
{
    struct merge_facts facts = MERGING_FACTS;
    facts.calls = 3;
    facts.again = true;
    merges_with(MERGING_HEADER "; 1 run, 10 calls seen\n[allow]\n; learned:\nsyscalls = read\n",
                "write", &facts,
                MERGING_HEADER
                "; 1 run, 13 calls seen\n[allow]\n; learned:\nsyscalls = read write\n");
}

Test(merge, a_run_of_another_program_is_named_in_the_header)
{
    struct merge_facts facts = MERGING_FACTS;
    const char *after = MERGING_HEADER "; 2 runs, 20 calls seen, at home\n\n[allow]\n; learned:\n"
                                       "syscalls = read write\n";
    facts.heading = "learned from: ls /etc";
    merges_with(MERGING_HEADER
                "; 1 run, 10 calls seen, at home\n\n[allow]\n; learned:\nsyscalls = read\n",
                "write", &facts,
                "; learned from: ls -lR /usr\n; learned from: ls /etc\n"
                "; by portcullis " PORTCULLIS_VERSION ", on Linux 6.18.0 x86_64, glibc 2.36\n"
                "; 2 runs, 20 calls seen, at home\n\n[allow]\n; learned:\nsyscalls = read write\n");
    merges(MERGING_HEADER
           "; 1 run, 10 calls seen, at home\n\n[allow]\n; learned:\nsyscalls = read\n",
           "write", after);
}

Test(merge, a_header_does_not_grow_for_ever)
{
    char *text = merging_result(NULL, "read", &MERGING_FACTS);
    char names[64][24];
    size_t lines = 0;

    for (unsigned i = 0; i < 64; i++) {
        struct merge_facts facts = MERGING_FACTS;
        snprintf(names[i], sizeof(names[i]), "learned from: run %u", i);
        facts.heading = names[i];
        char name[32];
        snprintf(name, sizeof(name), "%u", 200 + i);
        char *next = merging_result(text, name, &facts);
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
    merges("[allow]\r\nsyscalls = read\r", "write",
           "[allow]\r\nsyscalls = read\r\n; learned:\r\nsyscalls = write\r\n");
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
            memcpy(last, name, sizeof(last));
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
        char *next = merging_result(text, name, &MERGING_FACTS);
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
