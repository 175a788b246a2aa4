/* What the filter of others gives each call, on its way to a whitelist. */
#ifndef PORTCULLIS_TOOL_FORMATS_DRAFT_H
#define PORTCULLIS_TOOL_FORMATS_DRAFT_H

#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>

#include "../../../config/whitelist.h"
#include "../../values.h"
#include "../call.h"

enum { DRAFT_ARGUMENTS = 6 };

/* A call whose arguments are each among some values gets an action. */
struct draft_rule {
    struct action action;
    bool asked[DRAFT_ARGUMENTS];
    struct values values[DRAFT_ARGUMENTS]; /* owned; within the width that the kernel consumes */
    unsigned line;                         /* of the file */
    size_t order;                          /* for draft_join() */
};

struct draft_call {
    int number;
    char *name; /* owned */
    bool plain; /* ACTION, whatever the arguments; there are no rules then */
    struct action action;
    unsigned line;            /* of the file; of what was said first */
    struct draft_rule *rules; /* owned */
    size_t count;
    size_t capacity;
};

/* A zeroed structure, but for its borrowed members, is one in which nothing is said. */
struct draft {
    struct action default_action;
    bool audit;
    bool privileges;          /* may be gained: no-new-privileges = no */
    struct draft_call *calls; /* owned */
    size_t count;
    unsigned places[CALL_NUMBERS]; /* 1 more than the index of the call of that number, or 0 */
    size_t wide;                   /* comparisons that look at more bits than the kernel does */
    size_t work;                   /* what it took to compare rules with each other */
    unsigned line;                 /* that is being read; 0: lines are not told */
    struct diagnostics *diagnostics;
    const char *file; /* that it is read from */
};

/* Both: the call NUMBER, below CALL_NUMBERS, which people call NAME. As libseccomp has it, what is
 * said without a condition counts before all others, and the first such. Return 0; -ENOMEM; the
 * second what values_fold() does. */
int draft_plain(struct draft *draft, int number, const char *name, struct action action)
    __attribute__((warn_unused_result));
int draft_conditional(struct draft *draft, int number, const char *name, struct action action,
                      const struct scmp_arg_cmp *comparisons, unsigned count)
    __attribute__((warn_unused_result));

/* Writes the whitelist that decides the same, behind the comment HEAD, a line or more each with its
 * ';'. Returns 0; -EINVAL after reporting why there is none; -ENOMEM or another errno. */
int draft_write(struct draft *draft, const char *head, FILE *output)
    __attribute__((warn_unused_result));

void draft_release(struct draft *draft);

/* For draft_write(): makes one of those rules on CALL that differ in one argument alone, as far as
 * it goes. Returns 0 or -ENOMEM. */
int draft_join(struct draft_call *call) __attribute__((warn_unused_result));

/* For draft_write(): the clauses, each a line's share of the condition, that say which values the
 * argument of RULE, one of CALL, has: one of them holds. OTHERS: those that it has not. Returns
 * their number, with *CLAUSES to be freed, each and all; -EINVAL after reporting that the language
 * can't say it; -ENOENT for OTHERS of what is more than some intervals; -E2BIG for more values
 * than fit into a filter; -ENOMEM. */
int draft_clauses(struct draft *draft, const struct draft_call *call, const struct draft_rule *rule,
                  unsigned argument, bool others, char ***clauses)
    __attribute__((warn_unused_result));

#endif
