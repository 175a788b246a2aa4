#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../../config/prototypes.h"
#include "../../../shim/tool/learn/likely.h"

enum { ROWS_MAX = 64, CALLS_MAX = 512 };

/* What was visited, at most LIMIT rows of it. */
struct visited {
    unsigned limit;
    unsigned count;
    char reasons[ROWS_MAX][128];
    char calls[ROWS_MAX][CALLS_MAX];
};

/* Whether NAME is a word of the text CONTEXT. */
static bool is_word(const void *context, const char *name)
{
    const char *at = context;
    size_t length = strlen(name);

    while ((at = strstr(at, name))) {
        bool starts = at == (const char *)context || at[-1] == ' ';
        if (starts && (at[length] == ' ' || at[length] == '\0'))
            return true;
        at += length;
    }
    return false;
}

static bool is_nothing(const void *context, const char *name)
{
    (void)context;
    (void)name;
    return false;
}

static bool keep(void *context, const struct likely *row)
{
    struct visited *visited = context;

    cr_assert_lt(visited->count, ROWS_MAX);
    snprintf(visited->reasons[visited->count], sizeof(visited->reasons[0]), "%s", row->reason);
    snprintf(visited->calls[visited->count], sizeof(visited->calls[0]), "%s", row->calls);
    visited->count++;
    return visited->count < visited->limit;
}

static struct visited visit(const char *listed)
{
    struct visited visited = {.limit = ROWS_MAX};

    cr_expect(likely_visit(is_word, listed, keep, &visited));
    return visited;
}

/* The calls of the row with this reason, or NULL. */
static const char *calls_for(const struct visited *visited, const char *reason)
{
    for (unsigned i = 0; i < visited->count; i++) {
        if (strcmp(visited->reasons[i], reason) == 0)
            return visited->calls[i];
    }
    return NULL;
}

#define ABORT  "abort(), raise(), failed assertions and what the C library finds wrong"
#define HOSTS  "names of hosts and services (DNS)"
#define COPIES "copies between files that the kernel can't make by itself"
#define OLDER  "a kernel without the newer call"

Test(likely, a_row_has_the_calls_that_are_not_listed_alone)
{
    struct visited visited = visit("write writev mmap rt_sigprocmask getpid gettid");

    cr_expect_str_eq(calls_for(&visited, ABORT), "rt_sigaction tgkill");
}

Test(likely, a_row_of_which_all_is_listed_is_left_out)
{
    struct visited visited =
        visit("write writev mmap rt_sigprocmask rt_sigaction getpid gettid tgkill");

    cr_expect_null(calls_for(&visited, ABORT));
}

Test(likely, only_programs_that_connect_look_up_hosts)
{
    struct visited without = visit("read write openat");
    struct visited with = visit("read write openat connect socket");

    cr_expect_null(calls_for(&without, HOSTS));
    cr_expect_str_eq(calls_for(&with, HOSTS),
                     "bind getsockname sendto sendmmsg recvfrom recvmsg poll ioctl setsockopt "
                     "uname fstat newfstatat lseek close futex");
}

Test(likely, the_older_call_is_told_beside_the_newer_one)
{
    struct visited visited = visit("copy_file_range statx");

    cr_expect_str_eq(calls_for(&visited, COPIES), "read write");
    cr_expect_str_eq(calls_for(&visited, OLDER), "newfstatat");
}

Test(likely, what_nobody_has_to_list_is_never_told)
{
    static const char *const IMPLICIT[] = {"exit", "exit_group", "rt_sigreturn", "restart_syscall"};
    struct visited visited =
        visit("connect openat rseq execve listen chown copy_file_range read clone3 statx");

    cr_assert_gt(visited.count, 10);
    for (unsigned i = 0; i < visited.count; i++) {
        for (size_t k = 0; k < sizeof(IMPLICIT) / sizeof(IMPLICIT[0]); k++)
            cr_expect_not(is_word(visited.calls[i], IMPLICIT[k]), "%s", visited.reasons[i]);
    }
}

Test(likely, every_name_is_a_system_call_and_stands_once_in_its_row)
{
    struct visited visited = visit("connect openat rseq execve listen chown copy_file_range read "
                                   "clone3 close_range epoll_pwait2 faccessat2 fchmodat2 openat2 "
                                   "preadv2 pwritev2 renameat2 statx");

    cr_assert_gt(visited.count, 20);
    for (unsigned i = 0; i < visited.count; i++) {
        char words[CALLS_MAX];
        snprintf(words, sizeof(words), "%s", visited.calls[i]);
        for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
            cr_expect_not_null(prototype_find(word), "%s", word);
            const char *again = strstr(visited.calls[i], word) + strlen(word);
            cr_expect_not(is_word(again, word), "%s twice: %s", word, visited.calls[i]);
        }
        cr_expect_not(strchr(visited.reasons[i], '\n') || strchr(visited.reasons[i], ';'));
        cr_expect_lt(strlen(visited.reasons[i]), 90, "%s", visited.reasons[i]);
    }
}

Test(likely, a_visitor_can_end_it)
{
    struct visited visited = {.limit = 2};

    cr_expect_not(likely_visit(is_nothing, NULL, keep, &visited));
    cr_expect_eq(visited.count, 2);
}

Test(likely, the_order_is_the_same_each_time)
{
    struct visited one = visit("connect read");
    struct visited two = visit("connect read");

    cr_assert_eq(one.count, two.count);
    for (unsigned i = 0; i < one.count; i++)
        cr_expect_str_eq(one.reasons[i], two.reasons[i]);
}
