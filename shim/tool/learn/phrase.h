/* What was seen of one call, as lines that people would write. */
#ifndef PORTCULLIS_TOOL_LEARN_PHRASE_H
#define PORTCULLIS_TOOL_LEARN_PHRASE_H

#include <stdbool.h>

#include "additions.h"
#include "rows.h"

/* Appends to ADDITIONS what allows the COUNT TUPLES of the call NUMBER (1 to TUPLES_MAX), and
 * little else: its name alone, or lines with conditions. SHORT_OF_ROOM: with no condition, but for
 * rough bounds where the user's own lines would be swallowed. Returns what it costs in a filter, in
 * comparisons, or -ENOMEM. */
int phrase_add(int number, const struct columns *columns, const struct tuple *const *tuples,
               unsigned count, bool short_of_room, struct additions *additions)
    __attribute__((warn_unused_result));

#endif
