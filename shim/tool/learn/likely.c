#include "likely.h"

#include <stdio.h>
#include <string.h>

enum { CALLS_MAX = 512, NAME_MAX_BYTES = 64 };

/* REASON needs CALLS; it is of interest where one of WHEN is listed (NULL: always). */
static const struct {
    const char *reason;
    const char *when;
    const char *calls;
} ROWS[] = {
    {"abort(), failed assertions and the C library's own checks", NULL,
     "write writev rt_sigprocmask rt_sigaction getpid gettid tgkill"},
    {"malloc and free with other sizes, or in other threads", NULL,
     "brk mmap munmap mremap madvise mprotect"},
};

/* Whether one of WORDS is listed. */
static bool any_listed(const char *words, bool (*is_listed)(const void *context, const char *name),
                       const void *listed)
{
    char name[NAME_MAX_BYTES];

    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        snprintf(name, sizeof(name), "%.*s", (int)length, words);
        if (is_listed(listed, name))
            return true;
        words += length;
        words += strspn(words, " ");
    }
    return false;
}

/* The words of CALLS that are not listed, into TEXT. */
static void lacking(const char *calls, bool (*is_listed)(const void *context, const char *name),
                    const void *listed, char text[CALLS_MAX])
{
    char name[NAME_MAX_BYTES];
    size_t used = 0;

    *text = '\0';
    while (*calls != '\0') {
        size_t length = strcspn(calls, " ");
        snprintf(name, sizeof(name), "%.*s", (int)length, calls);
        if (!is_listed(listed, name) && used < CALLS_MAX - 1)
            used +=
                (size_t)snprintf(text + used, CALLS_MAX - used, "%s%s", used > 0 ? " " : "", name);
        calls += length;
        calls += strspn(calls, " ");
    }
}

bool likely_visit(bool (*is_listed)(const void *context, const char *name), const void *listed,
                  bool (*visit)(void *context, const struct likely *row), void *context)
{
    char calls[CALLS_MAX];

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (ROWS[i].when && !any_listed(ROWS[i].when, is_listed, listed))
            continue;
        lacking(ROWS[i].calls, is_listed, listed, calls);
        if (*calls != '\0' && !visit(context, &(struct likely){ROWS[i].reason, calls}))
            return false;
    }
    return true;
}
