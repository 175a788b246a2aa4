#include <criterion/criterion.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../config/groups.h"
#include "../../config/prototypes.h"

/* Takes the next name off MEMBERS; false at the end. */
static bool next(const char **members, char *name, size_t size)
{
    size_t length = strcspn(*members, " ");
    if (length == 0) {
        return false;
    }
    cr_assert(length < size);
    memcpy(name, *members, length);
    name[length] = '\0';
    *members += length;
    *members += **members == ' ' && (*members)[1] != '\0';
    return true;
}

static bool has(const char *group, const char *call)
{
    char name[64];
    int index = group_find(group);
    cr_assert(index >= 0, "@%s", group);
    const char *members = group_members((size_t)index);
    while (next(&members, name, sizeof(name))) {
        if (strcmp(name + (name[0] == '?'), call) == 0) {
            return true;
        }
    }
    return false;
}

Test(groups, all_that_are_promised_are_there)
{
    static const char *const promised[] = {"stdio",  "files",  "network", "threads",
                                           "memory", "time",   "signals", "process",
                                           "exec",   "loader", "exit",    "fallback"};
    for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
        int index = group_find(promised[i]);
        cr_assert(index >= 0, "%s", promised[i]);
        cr_expect_str_eq(group_name((size_t)index), promised[i]);
    }
    cr_expect_eq(group_find("@stdio"), -1);
    cr_expect_eq(group_find("stdi"), -1);
    cr_expect_eq(group_find(""), -1);
}

Test(groups, they_are_sorted_and_each_says_in_a_line_what_it_is_for)
{
    for (size_t i = 0; i < group_count(); i++) {
        size_t length = strlen(group_purpose(i));
        cr_expect(length > 10 && length <= 80, "@%s: %zu", group_name(i), length);
        cr_expect_null(strchr(group_purpose(i), '\n'), "@%s", group_name(i));
        cr_expect(i == 0 || strcmp(group_name(i - 1), group_name(i)) < 0, "@%s", group_name(i));
    }
}

Test(groups, members_are_sorted_none_is_twice_and_one_space_separates)
{
    for (size_t i = 0; i < group_count(); i++) {
        char name[64], before[64] = "";
        const char *members = group_members(i);
        cr_expect_null(strstr(members, "  "), "@%s", group_name(i));
        while (next(&members, name, sizeof(name))) {
            const char *bare = name + (name[0] == '?');
            cr_expect_lt(strcmp(before, bare), 0, "@%s: %s after %s", group_name(i), bare, before);
            memcpy(before, bare, strlen(bare) + 1);
        }
        cr_expect_eq(*members, '\0', "@%s: something is left: '%s'", group_name(i), members);
        cr_expect_neq(before[0], '\0', "@%s is empty", group_name(i));
    }
}

Test(groups, every_member_is_known_to_libseccomp_or_marked_optional)
{
    for (size_t i = 0; i < group_count(); i++) {
        char name[64];
        const char *members = group_members(i);
        while (next(&members, name, sizeof(name))) {
            const char *bare = name + (name[0] == '?');
            int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, bare);
            cr_expect(number >= 0 || name[0] == '?', "@%s: %s", group_name(i), name);
            cr_expect(number >= 0 || prototype_find(bare), "@%s: %s is nothing", group_name(i),
                      name);
            /* What came after Linux 6.0 is newer than the oldest libseccomp that we build on. */
            cr_expect_eq(name[0] == '?', number > 450 || number < 0, "@%s: %s", group_name(i),
                         name);
        }
    }
}

/* What a group must not do is as much its meaning as what it may. */
Test(groups, stdio_opens_executes_connects_and_signals_nothing)
{
    static const char *const others[] = {
        "open",   "openat", "socket", "connect", "execve", "clone", "fork",  "kill",
        "tgkill", "ioctl",  "prctl",  "ptrace",  "unlink", "mkdir", "mount", "mprotect"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        cr_expect_not(has("stdio", others[i]), "%s", others[i]);
    }
    cr_expect(has("stdio", "read") && has("stdio", "write") && has("stdio", "mmap"));
}

/* A whitelist that says "mprotect = prot without PROT_EXEC" beside them must mean it. */
Test(groups, only_memory_and_loader_allow_mprotect)
{
    for (size_t i = 0; i < group_count(); i++) {
        bool expected =
            strcmp(group_name(i), "memory") == 0 || strcmp(group_name(i), "loader") == 0;
        cr_expect_eq(has(group_name(i), "mprotect"), expected, "@%s", group_name(i));
    }
}

/* glibc 2.35 and later end the process when a thread can't register what the first one could. */
Test(groups, rseq_is_for_threads_and_not_for_fallback)
{
    cr_expect(has("threads", "rseq"));
    cr_expect_not(has("fallback", "rseq"));
}

Test(groups, fallback_has_nothing_that_a_programs_output_or_safety_depends_on)
{
    static const char *const NAMES[] = {"rseq",     "set_robust_list", "landlock_create_ruleset",
                                        "seccomp",  "getrandom",       "cachestat",
                                        "execveat", "memfd_create",    "membarrier"};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        cr_expect_not(has("fallback", NAMES[i]), "%s", NAMES[i]);
}

Test(groups, fallback_has_what_libraries_try_at_start)
{
    cr_expect(has("fallback", "io_uring_setup") && has("fallback", "pidfd_open"));
    cr_expect(has("fallback", "futex_waitv") && has("fallback", "mseal"));
    cr_expect(has("fallback", "process_madvise"));
}

Test(groups, fallback_has_what_glibc_does_without)
{
    cr_expect(has("fallback", "clone3") && has("fallback", "faccessat2"));
    cr_expect(has("fallback", "close_range") && has("fallback", "fchmodat2"));
    cr_expect(has("fallback", "openat2"));
}

/* newfstatat(2) does not know when a file was made: stat(1) would print something else. On i386 the
 * C library asks by statx(2) for what newer programs call fstat(). */
Test(groups, statx_is_not_for_fallback_where_programs_alone_ask_for_it)
{
#ifdef __i386__
    cr_expect(has("fallback", "statx"));
#else
    cr_expect_not(has("fallback", "statx"));
#endif
}
