/* A whitelist in numbers: what every system call would get. Pure: no kernel, no libseccomp filter.
 */
#ifndef PORTCULLIS_SHIM_RULES_H
#define PORTCULLIS_SHIM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../config/whitelist.h"

/* One line that speaks of a call. */
struct line {
    const struct entry *entry; /* borrowed from the whitelist */
    size_t order; /* of the entry in the whitelist: [deny] lines are asked in this order */
};

/* All that is said of one call. */
struct rule {
    int number;
    const char *name; /* libseccomp's, the prototype's or the digits that the user wrote; owned by
                         the rules */
    bool allowed;     /* without a condition, denials aside */
    bool fallback;    /* nobody lists it, and the C library can do without: ENOSYS */
    struct line
        *allow; /* owned; conditional lines, and the unconditional one that made it ALLOWED */
    size_t allow_count;
    struct line *deny; /* owned; the first that matches decides */
    size_t deny_count;
};

struct rules {
    struct rule *rules; /* owned; sorted by number */
    size_t count;
    size_t capacity;
    struct action default_action;
    struct action foreign_action; /* for calls of another architecture's table */
};

/* Returns 0; -EINVAL after reporting mistakes; -ENOMEM. RULES is to be released in any case, before
 * WHITELIST. */
int rules_build(const struct whitelist *whitelist, struct diagnostics *diagnostics,
                struct rules *rules) __attribute__((warn_unused_result));

enum reason {
    REASON_DENIED,   /* by the line */
    REASON_ALLOWED,  /* by the line */
    REASON_IMPLICIT, /* exit, exit_group, rt_sigreturn, restart_syscall */
    REASON_FALLBACK, /* @fallback: ENOSYS */
    REASON_DEFAULT,
    REASON_FOREIGN, /* another architecture's call */
};

struct verdict {
    struct action action;
    enum reason reason;
    const struct entry *entry; /* the line that decides, or NULL */
};

/* What the call gets: ARCHITECTURE and NUMBER as struct seccomp_data has them (seccomp(2)). */
struct verdict rules_decide(const struct rules *rules, uint32_t architecture, int number,
                            const uint64_t arguments[6]);

void rules_release(struct rules *rules);

#endif
