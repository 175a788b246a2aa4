#include "kin.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "../../config/groups.h"
#include "call.h"

/* A whitelist that allows less of @stdio than one name in this many is a beginning. */
enum { STDIO_SHARE = 4 };

#define DATA                                                                                       \
    "getpeername getsockname getsockopt recvfrom recvmsg sendmsg sendto setsockopt shutdown"
#define FILES "access fstat getdents64 lseek newfstatat read readlink"

/* Nothing here opens, connects, executes, makes or removes anything but the call that it goes with
 * does. */
static const struct {
    const char *call;
    const char *kin;
} TABLE[] = {
    {"connect", DATA},          {"bind", "listen accept accept4 " DATA},
    {"execve", "@loader"},      {"open", "close " FILES},
    {"openat", "close " FILES},
};

static const char THREAD[] = "futex gettid madvise rseq sched_getaffinity set_robust_list";
static const char PROCESS[] = "getpid getppid rseq set_robust_list wait4";

/* Whether a line speaks of the call NAME, other than by default. */
static bool is_listed(const struct rules *rules, const char *name)
{
    int number = call_number(name);
    const struct rule *rule = number < 0 ? NULL : rules_find(rules, number);

    return number < 0 ||
           (rule && (rule->implicit || rule->allow_count > 0 || rule->deny_count > 0));
}

/* How many of the calls in WORDS are listed; *TOTAL: of how many. */
static size_t count_listed(const struct rules *rules, const char *words, size_t *total)
{
    char word[CALL_NAME_MAX];
    size_t count = 0;

    *total = 0;
    while ((words = call_next(words, word))) {
        count += is_listed(rules, word);
        ++*total;
    }
    return count;
}

static const char *members(const char *group)
{
    return group_members((size_t)group_find(group));
}

/* The words that go with the call, or NULL. */
static const char *find_kin(const struct rules *rules, const char *name,
                            const uint64_t arguments[6])
{
    size_t total;

    if (call_is_of("stdio", name) &&
        count_listed(rules, members("stdio"), &total) * STDIO_SHARE < total)
        return "@stdio";
    if (strcmp(name, "clone") == 0)
        return arguments[0] & CLONE_THREAD ? THREAD : PROCESS;
    for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++) {
        if (strcmp(TABLE[i].call, name) == 0)
            return TABLE[i].kin;
    }
    return NULL;
}

const char *kin_line(const struct rules *rules, int number, const uint64_t arguments[6],
                     char line[KIN_LINE_MAX])
{
    char name[CALL_NAME_MAX];
    char word[CALL_NAME_MAX];
    size_t total;
    const char *kin = find_kin(rules, call_name(number, name), arguments);
    int length = snprintf(line, KIN_LINE_MAX, "syscalls =");
    int empty = length;

    while (kin && (kin = call_next(kin, word)) && length < KIN_LINE_MAX) {
        bool listed = *word == '@' ? count_listed(rules, members(word + 1), &total) == total
                                   : is_listed(rules, word);
        if (!listed)
            length += snprintf(line + length, (size_t)(KIN_LINE_MAX - length), " %s", word);
    }
    if (length == empty)
        *line = '\0';
    return line;
}
