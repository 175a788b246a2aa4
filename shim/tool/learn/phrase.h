/* What was seen of one call, as lines that people would write. */
#ifndef PORTCULLIS_TOOL_LEARN_PHRASE_H
#define PORTCULLIS_TOOL_LEARN_PHRASE_H

#include <stdint.h>

#include "additions.h"
#include "columns.h"

/* So many different ones of a call are told apart: a filter has 4,096 instructions for all. */
enum { PHRASE_TUPLES_MAX = 64 };

/* Calls that look the same in all columns. */
struct tuple {
    uint64_t values[COLUMNS_MAX];
    uint64_t arguments[6]; /* of the first of them */
    uint64_t count;
    char *site; /* owned; or NULL */
};

/* Appends to ADDITIONS what allows the COUNT TUPLES of the call NUMBER (1 to PHRASE_TUPLES_MAX),
 * and little else: its name alone, or lines with conditions. Returns 0 or -ENOMEM. */
int phrase_add(int number, const struct columns *columns, const struct tuple *const *tuples,
               unsigned count, struct additions *additions) __attribute__((warn_unused_result));

#endif
