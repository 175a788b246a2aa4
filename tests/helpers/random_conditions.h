/* Conditions made up at random, as text and as what the text is meant to say. The meaning is worked
 * out in whole numbers that are wider than any argument, apart from the code that is tested. */
#ifndef PORTCULLIS_TESTS_HELPERS_RANDOM_CONDITIONS_H
#define PORTCULLIS_TESTS_HELPERS_RANDOM_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../config/condition.h"
#include "../../config/prototypes.h"
#include "random.h"

enum { RANDOM_CLAUSES_MAX = 3, RANDOM_ITEMS_MAX = 4, RANDOM_TEXT_MAX = 150 };

/* Holds every number of the widest argument, and one bit more. */
#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 wide;
#else
typedef int64_t wide;
#endif

struct random_item {
    wide low;
    wide high; /* LOW, where it is one value */
};

struct random_clause {
    unsigned argument;
    unsigned width;
    bool is_signed;
    bool is_masked;
    uint64_t mask;
    enum comparison comparison;
    struct random_item items[RANDOM_ITEMS_MAX];
    size_t count;
};

struct random_condition {
    struct random_clause clauses[RANDOM_CLAUSES_MAX];
    size_t count;
    unsigned cost; /* about how many rules libseccomp needs for it */
    char text[RANDOM_TEXT_MAX];
};

/* Whether there is something to say of the call but that a pointer is NULL. */
bool random_condition_possible(const struct prototype *prototype);

/* Makes up a condition of at most CLAUSES clauses. */
void random_condition(struct random *random, const struct prototype *prototype, unsigned clauses,
                      struct random_condition *condition);

/* What the condition says of these arguments. */
bool random_condition_holds(const struct random_condition *condition, const uint64_t arguments[6]);

#endif
