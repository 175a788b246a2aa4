#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "../../config/groups.h"
#include "../../config/numbers.h"
#include "../../config/reader.h"
#include "../../shim/rules.h"

static struct whitelist whitelist;
static struct rules rules;
static struct diagnostics diagnostics;

static void release(void)
{
    rules_release(&rules);
    whitelist_release(&whitelist);
    diagnostics_release(&diagnostics);
}

static void print(void *context, const char *text, size_t length)
{
    (void)context;
    cr_log_error("%.*s", (int)length, text);
}

TestSuite(rules, .fini = release);

static void build(const char *text)
{
    release();
    int error = reader_read_text("test.ini", text, strlen(text), &whitelist, &diagnostics);
    if (!error)
        error = rules_build(&whitelist, &diagnostics, &rules);
    diagnostics_tell(&diagnostics, print, NULL);
    cr_assert_eq(error, 0, "%s", text);
}

static struct verdict decide(int number, uint64_t first)
{
    const uint64_t arguments[6] = {first};

    return rules_decide(&rules, seccomp_arch_native(), number, arguments);
}

/* ERROR is 0 for what has none; LINE is 0 where no line decides. */
static void gets(int number, uint64_t first, enum action_kind kind, unsigned error,
                 enum reason reason, unsigned line)
{
    struct verdict verdict = decide(number, first);

    cr_expect_eq(verdict.action.kind, kind, "%d(%lu): kind %d", number, (unsigned long)first,
                 (int)verdict.action.kind);
    cr_expect_eq(verdict.action.error, error, "%d(%lu): error %u", number, (unsigned long)first,
                 verdict.action.error);
    cr_expect_eq(verdict.reason, reason, "%d(%lu): reason %d", number, (unsigned long)first,
                 (int)verdict.reason);
    unsigned by = verdict.entry ? verdict.entry->place.line : 0;
    cr_expect_eq(by, line, "%d(%lu): line %u", number, (unsigned long)first, by);
}

Test(rules, what_is_listed_is_allowed_and_the_rest_gets_the_default)
{
    build("[allow]\nsyscalls = read\nsyscalls = write\n");
    gets(SYS_read, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
    gets(SYS_write, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 3);
    gets(SYS_open, 0, ACTION_ERRNO, EPERM, REASON_DEFAULT, 0);
    gets(400, 0, ACTION_ERRNO, EPERM, REASON_DEFAULT, 0); /* nobody's */
    gets(-1, 0, ACTION_ERRNO, EPERM, REASON_DEFAULT, 0);
}

Test(rules, any_allowance_that_matches_is_enough)
{
    build("[allow]\nread = fd == 1\nread = fd == 2\n[filter]\ndefault = trap\n");
    gets(SYS_read, 1, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
    gets(SYS_read, 2, ACTION_ALLOW, 0, REASON_ALLOWED, 3);
    gets(SYS_read, 3, ACTION_TRAP, 0, REASON_DEFAULT, 0);
    build("[allow]\nread = fd == 1\nsyscalls = read\n");
    gets(SYS_read, 3, ACTION_ALLOW, 0, REASON_ALLOWED, 3);
}

Test(rules, the_first_denial_that_matches_decides)
{
    build("[deny]\nread = EACCES if fd == 1\nread = kill if fd in 1..2\nread = EBADF if fd < 9\n"
          "[allow]\nread = fd < 20\n");
    gets(SYS_read, 1, ACTION_ERRNO, EACCES, REASON_DENIED, 2);
    gets(SYS_read, 2, ACTION_KILL, 0, REASON_DENIED, 3);
    gets(SYS_read, 3, ACTION_ERRNO, EBADF, REASON_DENIED, 4);
    gets(SYS_read, 9, ACTION_ALLOW, 0, REASON_ALLOWED, 6);
    gets(SYS_read, 20, ACTION_ERRNO, EPERM, REASON_DEFAULT, 0);
}

Test(rules, a_denial_beats_an_allowance_wherever_it_stands)
{
    build("[allow]\nsyscalls = @stdio\n[deny]\nread = EACCES\nwrite = EIO if fd == 1\n"
          "[allow]\nsyscalls = @files\nwrite = fd == 1\n");
    gets(SYS_read, 0, ACTION_ERRNO, EACCES, REASON_DENIED, 4);
    gets(SYS_write, 1, ACTION_ERRNO, EIO, REASON_DENIED, 5);
    gets(SYS_write, 2, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
}

Test(rules, a_denied_group_is_each_of_its_members)
{
    build("[allow]\nsyscalls = chown lchown read\n[deny]\n@chown = ENOSYS\n");
    gets(SYS_chown, 0, ACTION_ERRNO, ENOSYS, REASON_DENIED, 4);
    gets(SYS_fchown, 0, ACTION_ERRNO, ENOSYS, REASON_DENIED, 4);
    gets(SYS_read, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
}

static const int IMPLICIT[] = {SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall};

Test(rules, what_ends_a_program_is_allowed_unless_denied)
{
    build("[filter]\ndefault = kill\n[allow]\nsyscalls = read\n");
    for (size_t i = 0; i < sizeof(IMPLICIT) / sizeof(IMPLICIT[0]); i++)
        gets(IMPLICIT[i], 7, ACTION_ALLOW, 0, REASON_IMPLICIT, 0);
    build("[allow]\nsyscalls = exit\n[deny]\nexit_group = kill if error_code == 7\n"
          "restart_syscall = EINTR\n");
    gets(SYS_exit, 7, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
    gets(SYS_exit_group, 7, ACTION_KILL, 0, REASON_DENIED, 4);
    gets(SYS_exit_group, 8, ACTION_ALLOW, 0, REASON_IMPLICIT, 0);
    gets(SYS_restart_syscall, 0, ACTION_ERRNO, EINTR, REASON_DENIED, 5);
    build("[allow]\nexit_group = error_code == 1\nsyscalls = read\n");
    gets(SYS_exit_group, 2, ACTION_ALLOW, 0, REASON_IMPLICIT, 0);
}

/* Whether all the members of @fallback that this libseccomp knows get what GETS says. */
static void fallback_gets(enum action_kind kind, unsigned error, enum reason reason)
{
    char members[4000];
    size_t known = 0;

    snprintf(members, sizeof(members), "%s", group_members((size_t)group_find("fallback")));
    for (char *name = strtok(members, " "); name; name = strtok(NULL, " ")) {
        int number = seccomp_syscall_resolve_name(name + (*name == '?'));
        if (number < 0)
            continue;
        gets(number, 0, kind, error, reason, 0);
        known++;
    }
    cr_expect_geq(known, 5);
}

Test(rules, an_unlisted_fallback_gets_enosys_whatever_the_default)
{
    build("[allow]\nsyscalls = read\n");
    fallback_gets(ACTION_ERRNO, ENOSYS, REASON_FALLBACK);
    build("[filter]\ndefault = kill\n[allow]\nsyscalls = read\n");
    fallback_gets(ACTION_ERRNO, ENOSYS, REASON_FALLBACK);
    build("[filter]\ndefault = trap\n[allow]\nsyscalls = read\n");
    fallback_gets(ACTION_ERRNO, ENOSYS, REASON_FALLBACK);
}

Test(rules, a_permissive_whitelist_has_no_fallback)
{
    build("[filter]\ndefault = log\n[allow]\nclone = flags with CLONE_VM\n");
    fallback_gets(ACTION_LOG, 0, REASON_DEFAULT);
    build("[filter]\ndefault = allow\n[deny]\nread = EPERM\n");
    fallback_gets(ACTION_ALLOW, 0, REASON_DEFAULT);
}

Test(rules, a_listed_fallback_is_as_listed)
{
    build("[filter]\ndefault = EACCES\n[allow]\nsyscalls = faccessat2\n"
          "close_range = fd == 3\n[deny]\nclone3 = EIO\n");
    gets(SYS_faccessat2, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 4);
    gets(SYS_close_range, 3, ACTION_ALLOW, 0, REASON_ALLOWED, 5);
    gets(SYS_close_range, 4, ACTION_ERRNO, EACCES, REASON_DEFAULT, 0);
    gets(SYS_clone3, 0, ACTION_ERRNO, EIO, REASON_DENIED, 7);
    gets(SYS_openat2, 0, ACTION_ERRNO, ENOSYS, REASON_FALLBACK, 0);
}

Test(rules, a_condition_on_clone_takes_clone3_away_where_all_is_allowed)
{
    build("[filter]\ndefault = allow\n[deny]\nclone = EPERM if flags with CLONE_NEWUSER\n");
    gets(SYS_clone3, 0, ACTION_ERRNO, ENOSYS, REASON_FALLBACK, 0);
    gets(SYS_openat2, 0, ACTION_ALLOW, 0, REASON_DEFAULT, 0);
    build("[filter]\ndefault = allow\n[deny]\nclone = EPERM\n");
    gets(SYS_clone3, 0, ACTION_ALLOW, 0, REASON_DEFAULT, 0);
    build("[filter]\ndefault = allow\n[allow]\nsyscalls = clone3\n"
          "[deny]\nclone = EPERM if flags with CLONE_NEWUSER\n");
    gets(SYS_clone3, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 4);
}

Test(rules, a_condition_on_open_takes_openat2_away_where_all_is_allowed)
{
    build("[filter]\ndefault = allow\n[deny]\nopenat = EPERM if flags with O_CREAT\n");
    gets(SYS_openat2, 0, ACTION_ERRNO, ENOSYS, REASON_FALLBACK, 0);
    gets(SYS_clone3, 0, ACTION_ALLOW, 0, REASON_DEFAULT, 0);
    build("[filter]\ndefault = allow\n[deny]\n?open = EPERM if flags with O_CREAT\n");
    gets(SYS_openat2, 0, ACTION_ERRNO, ENOSYS, REASON_FALLBACK, 0);
}

Test(rules, optional_names_that_nobody_knows_are_skipped)
{
    build("[allow]\nsyscalls = read ?frobnicate ?_llseek\n?frobnicate = depth == 1\n"
          "?write = fd == 1\n[deny]\n?frobnicate = kill\n?defrobnicate = EPERM if depth == 2\n");
    gets(SYS_read, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
    gets(SYS_write, 1, ACTION_ALLOW, 0, REASON_ALLOWED, 4);
}

Test(rules, raw_numbers_are_the_calls_they_name)
{
    build("[allow]\nsyscalls = 0 9998\n452 = flags == 1\n9997 = a5 == 0\n[deny]\n9996 = EIO\n");
    gets(0, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
    gets(9998, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
    gets(9997, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 4);
    gets(9996, 0, ACTION_ERRNO, EIO, REASON_DENIED, 6);
    const uint64_t arguments[6] = {0, 0, 0, 0xdead00000001};
    cr_expect_eq(rules_decide(&rules, seccomp_arch_native(), 452, arguments).action.kind,
                 ACTION_ALLOW);
}

Test(rules, a_name_that_libseccomp_does_not_know_yet_has_its_number)
{
    build("[allow]\nsyscalls = fchmodat2 mseal\n");
    gets(452, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
    gets(462, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 2);
}

Test(rules, calls_of_other_architectures_are_killed_whatever_the_default)
{
    static const uint64_t ARGUMENTS[6];

    build("[allow]\nsyscalls = read\n");
    struct verdict verdict = rules_decide(&rules, AUDIT_ARCH_I386, 3, ARGUMENTS);
    cr_expect_eq(verdict.action.kind, ACTION_KILL);
    cr_expect_eq(verdict.reason, REASON_FOREIGN);
    build("[filter]\ndefault = allow\n[deny]\nread = EPERM\n");
    cr_expect_eq(rules_decide(&rules, AUDIT_ARCH_I386, 3, ARGUMENTS).action.kind, ACTION_KILL);
    build("[filter]\ndefault = log\n[deny]\nread = EPERM\n");
    cr_expect_eq(rules_decide(&rules, AUDIT_ARCH_I386, 3, ARGUMENTS).action.kind, ACTION_KILL);
}

Test(rules, a_number_newer_than_this_build_gets_enosys_whatever_the_default)
{
    static const char *const DEFAULTS[] = {"EPERM", "kill", "trap", "log", "allow"};
    int highest = number_highest();
    char text[128];

    for (size_t i = 0; i < sizeof(DEFAULTS) / sizeof(*DEFAULTS); i++) {
        snprintf(text, sizeof(text), "[filter]\ndefault = %s\n[deny]\nread = EIO\n%s", DEFAULTS[i],
                 "[allow]\nsyscalls = write\n");
        build(text);
        enum action_kind kind = rules.default_action.kind;
        gets(highest + 1, 0, ACTION_ERRNO, ENOSYS, REASON_NEWER, 0);
        gets(600, 0, ACTION_ERRNO, ENOSYS, REASON_NEWER, 0);
        gets(highest, 0, kind, rules.default_action.error, REASON_DEFAULT, 0);
        gets(-1, 0, kind, rules.default_action.error, REASON_DEFAULT, 0);
    }
}

Test(rules, a_line_with_a_newer_number_holds)
{
    build("[filter]\ndefault = kill\n[allow]\nsyscalls = 600\n601 = a0 == 1\n[deny]\n602 = EIO\n"
          "603 = EACCES if a0 == 1\n");
    gets(600, 0, ACTION_ALLOW, 0, REASON_ALLOWED, 4);
    gets(601, 1, ACTION_ALLOW, 0, REASON_ALLOWED, 5);
    gets(601, 2, ACTION_KILL, 0, REASON_DEFAULT, 0);
    gets(602, 0, ACTION_ERRNO, EIO, REASON_DENIED, 7);
    gets(603, 1, ACTION_ERRNO, EACCES, REASON_DENIED, 8);
    gets(603, 2, ACTION_KILL, 0, REASON_DEFAULT, 0);
    gets(604, 0, ACTION_ERRNO, ENOSYS, REASON_NEWER, 0);
}

#ifdef __x86_64__
Test(rules, x32_is_another_architecture_and_minus_one_is_not)
{
    build("[allow]\nsyscalls = read\n");
    gets(0x40000000 | SYS_read, 0, ACTION_KILL, 0, REASON_FOREIGN, 0);
    gets(0x40000000, 0, ACTION_KILL, 0, REASON_FOREIGN, 0);
    gets(0x3fffffff, 0, ACTION_ERRNO, ENOSYS, REASON_NEWER, 0);
    gets(-2, 0, ACTION_KILL, 0, REASON_FOREIGN, 0);
    gets(-1, 0, ACTION_ERRNO, EPERM, REASON_DEFAULT, 0);
}
#endif

Test(rules, they_are_sorted_by_number_and_found)
{
    build("[allow]\nsyscalls = 900 3 500 0 700 @stdio\n");
    for (size_t i = 1; i < rules.count; i++)
        cr_expect_lt(rules.rules[i - 1].number, rules.rules[i].number);
    for (size_t i = 0; i < rules.count; i++)
        cr_expect_eq(rules_find(&rules, rules.rules[i].number), &rules.rules[i]);
    cr_expect_null(rules_find(&rules, 901));
    cr_expect_null(rules_find(&rules, -1));
    cr_expect_null(rules_find(&rules, 501));
}

Test(rules, a_mistake_of_the_reader_does_not_hide_those_of_names)
{
    static const char TEXT[] = "[allow]\nsyscalls = raed\nread = fd == x\n";

    cr_expect_eq(reader_read_text("test.ini", TEXT, strlen(TEXT), &whitelist, &diagnostics),
                 -EINVAL);
    cr_expect_eq(diagnostics.errors, 1);
    cr_expect_eq(rules_build(&whitelist, &diagnostics, &rules), -EINVAL);
    cr_expect_eq(diagnostics.errors, 2);
}
