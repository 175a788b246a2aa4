/* A part of a filter that finds one argument of one call among many values by halves. libseccomp
 * asks for one value after the other, and takes as many steps for each to add it: 5 milliseconds
 * for 512 of them. */
#ifndef PORTCULLIS_SHIM_LIST_SEARCH_H
#define PORTCULLIS_SHIM_LIST_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "../config/condition.h"
#include "filter.h"

/* Ranges of values of one argument, with room for more. A zeroed structure is empty. */
struct list {
    struct range *ranges; /* owned */
    size_t count;
    size_t capacity;
};

/* Adds what CLAUSE lists: its comparison is COMPARE_EQUAL or COMPARE_IN. Returns 0 or -ENOMEM. */
int list_add(struct list *list, const struct clause *clause) __attribute__((warn_unused_result));

/* The upper 32 bits of a value: list_search() wants them to be the same for all. */
uint64_t list_half(uint64_t value);

/* What a part answers. */
struct list_answers {
    uint32_t found;
    uint32_t missing; /* to all other calls as well */
    uint32_t foreign; /* to calls of another architecture */
};

/* Makes the part for system call NUMBER and the argument of CLAUSE, one of those that were added.
 * LIST is sorted meanwhile. Returns 0; -E2BIG; -ENOMEM. FILTER is to be released. */
int list_search(struct list *list, int number, const struct clause *clause,
                const struct list_answers *answers, struct filter *filter)
    __attribute__((warn_unused_result));

void list_release(struct list *list);

#endif
