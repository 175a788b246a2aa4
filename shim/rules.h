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
};

/* All that is said of one call. */
struct rule {
    int number;
    bool allowed;       /* by a line without a condition, denials aside */
    bool implicit;      /* allowed without a line: exit and the like */
    bool whole;         /* nothing but its own lines decides about it: a multiplexer */
    bool fallback;      /* nobody lists it, and programs can do without: ENOSYS */
    struct line *allow; /* owned; in the order of the whitelist */
    size_t allow_count;
    struct line *deny; /* owned; in the order of the whitelist: the first that matches decides */
    size_t deny_count;
};

struct rules {
    struct rule *rules; /* owned; sorted by number */
    size_t count;
    size_t capacity;
    struct action default_action;
};

/* Returns 0; -EINVAL after reporting mistakes; -ENOMEM. RULES is to be released in any case, before
 * WHITELIST. */
int rules_build(const struct whitelist *whitelist, struct diagnostics *diagnostics,
                struct rules *rules) __attribute__((warn_unused_result));

/* The same for what holds in addition from the beginning of a stage on: its lines in place of
 * [allow]'s, and all of [deny]. STAGE: its number, from 1; 0 is the above. */
int rules_build_stage(const struct whitelist *whitelist, unsigned stage,
                      struct diagnostics *diagnostics, struct rules *rules)
    __attribute__((warn_unused_result));

/* The number of the system call NAME on this architecture; -ENOSYS if only others have it; -ENOENT
 * if nobody knows it. All who ask for a number by a name ask here. */
int rules_number(const char *name);

enum reason {
    REASON_DENIED,   /* by the line */
    REASON_ALLOWED,  /* by the line */
    REASON_IMPLICIT, /* exit, exit_group, rt_sigreturn, restart_syscall */
    REASON_FALLBACK, /* @fallback: ENOSYS */
    REASON_NEWER,    /* a call that this build does not know yet: ENOSYS */
    REASON_DEFAULT,
    REASON_FOREIGN, /* another architecture's call: it kills, whatever the whitelist says */
};

struct verdict {
    struct action action;
    enum reason reason;
    const struct entry *entry; /* the line that decides, or NULL */
};

/* The rule for a system call's number, or NULL where there is none: it gets the default. */
const struct rule *rules_find(const struct rules *rules, int number);

/* Whether NUMBER is higher than all that this build knows, and of this architecture. Where no line
 * lists it, it gets ENOSYS whatever the default: to the program the kernel looks older. The next C
 * library, which tries the call first, goes on as before. */
bool rules_is_newer(int number);

/* What the call gets: ARCHITECTURE and NUMBER as struct seccomp_data has them (seccomp(2)). */
struct verdict rules_decide(const struct rules *rules, uint32_t architecture, int number,
                            const uint64_t arguments[6]);

void rules_release(struct rules *rules);

#endif
