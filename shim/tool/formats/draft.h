/* What the filter of others gives each call, on its way to a whitelist. */
#ifndef PORTCULLIS_TOOL_FORMATS_DRAFT_H
#define PORTCULLIS_TOOL_FORMATS_DRAFT_H

#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>

#include "../../../config/whitelist.h"
#include "../../values.h"

enum { DRAFT_ARGUMENTS = 6 };

/* A call whose arguments are each among some values gets an action. */
struct draft_rule {
    struct action action;
    bool asked[DRAFT_ARGUMENTS];
    struct values values[DRAFT_ARGUMENTS]; /* owned; within the width that the kernel consumes */
};

struct draft_call {
    int number;
    char *name; /* owned */
    bool plain; /* ACTION, whatever the arguments; there are no rules then */
    struct action action;
    struct draft_rule *rules; /* owned */
    size_t count;
};

/* A zeroed structure, but for its borrowed members, is one in which nothing is said. */
struct draft {
    struct action default_action;
    bool audit;
    bool privileges;          /* may be gained: no-new-privileges = no */
    struct draft_call *calls; /* owned */
    size_t count;
    size_t wide; /* comparisons that look at more bits than the kernel does */
    struct diagnostics *diagnostics;
    const char *file; /* that it is read from */
};

/* Both: the call NUMBER, which people call NAME. As libseccomp has it, what is said without a
 * condition counts before all others, and the first such. Return 0; -ENOMEM; the second what
 * values_fold() does. */
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

/* For draft_write(): the clauses, each a line's share of the condition, that say which VALUES the
 * argument has: one of them holds. Returns their number, with *CLAUSES to be freed, each and all;
 * -EINVAL after reporting that the language can't say it; -ENOMEM. */
int draft_clauses(struct draft *draft, const struct draft_call *call, unsigned argument,
                  const struct values *values, char ***clauses) __attribute__((warn_unused_result));

#endif
