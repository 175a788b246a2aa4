/* The values that clauses leave to one argument, as what libseccomp can compare: a mask and a
 * value. */
#ifndef PORTCULLIS_SHIM_VALUES_H
#define PORTCULLIS_SHIM_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../config/condition.h"

/* The numbers X with (X & MASK) == VALUE. */
struct block {
    uint64_t mask;
    uint64_t value;
};

/* A union of blocks. A zeroed structure is the empty set. */
struct values {
    struct block *blocks; /* owned */
    size_t count;
    size_t capacity;
};

enum { VALUES_BLOCKS_MAX = 4096 }; /* more would not fit into a BPF program in any case */

/* The values of ARGUMENT under which all clauses of CONDITION on it hold; one block with a zero
 * mask if there are no such clauses. Returns 0; -E2BIG over VALUES_BLOCKS_MAX; -ENOMEM. VALUES is
 * to be released in any case. */
int values_fold(const struct condition *condition, unsigned argument, struct values *values)
    __attribute__((warn_unused_result));

void values_release(struct values *values);

#endif
