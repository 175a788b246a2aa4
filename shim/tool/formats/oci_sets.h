/* Sets of numbers, and the comparisons of OCI's JSON that say them. */
#ifndef PORTCULLIS_TOOL_FORMATS_OCI_SETS_H
#define PORTCULLIS_TOOL_FORMATS_OCI_SETS_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#include "../../values.h"

/* A union of blocks. A single one with a mask of 0 is all numbers. */
struct set {
    size_t count;
    struct block blocks[];
};

/* A set without a block, with room for COUNT, for free(); NULL if there is no memory. */
struct set *set_new(size_t count);

/* The order of both: 0 where they have the same blocks. */
int set_compare(const struct set *one, const struct set *other);

/* Sorts SET and joins the blocks that are halves of a larger one. */
void set_simplify(struct set *set);

/* Sets without equals. */
struct sets {
    void *tree; /* owned, with all sets: tsearch(3) */
};

/* The one that is equal to SET, which is taken over: kept, or freed. NULL if SET is, or if there is
 * no memory. */
const struct set *sets_keep(struct sets *sets, struct set *set);

void sets_release(struct sets *sets);

/* A union of comparisons. No number in them is above INT64_MAX: jq 1.6 rounds larger ones, and the
 * Kubernetes object of the Security Profiles Operator refuses them. */
struct cover {
    struct scmp_arg_cmp *items; /* owned */
    size_t count;
    size_t capacity;
    bool whole; /* all numbers: there is nothing to compare */
};

/* Says SET by comparisons of ARGUMENT. Returns 0; -ERANGE where that takes a number above
 * INT64_MAX; -E2BIG where it takes too many comparisons; -ENOMEM. COVER is to be released in any
 * case. */
int cover_make(const struct set *set, unsigned argument, struct cover *cover)
    __attribute__((warn_unused_result));

void cover_release(struct cover *cover);

#endif
