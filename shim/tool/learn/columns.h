/* What of a call's arguments is recorded, as a table has columns. */
#ifndef PORTCULLIS_TOOL_LEARN_COLUMNS_H
#define PORTCULLIS_TOOL_LEARN_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../rules.h"
#include "record.h"
#include "worth.h"

enum { COLUMNS_MAX = 12 };

struct column {
    unsigned index;           /* of the argument, 0 to 5 */
    struct argument argument; /* its type; 64 bits, nameless, where there is no prototype */
    enum worth_manner manner;
    uint64_t mask;    /* the bits that are looked at, within its width */
    const char *bits; /* the mask in words, or NULL; static */
    bool own;         /* a line of the user looks at it: it must not end without a condition */
    bool widened;     /* too many values: only the lowest and the highest are known */
    bool ranged;      /* LOW and HIGH are set */
    uint64_t low;     /* of the whole argument, in the order of its type */
    uint64_t high;
};

struct columns {
    struct column items[COLUMNS_MAX];
    unsigned count;
};

/* The columns for the call NUMBER. RULE: what the user's whitelist says of it, or NULL. */
void columns_choose(struct columns *columns, int number, const struct rule *rule,
                    enum record_arguments arguments);

/* All bits of its argument; whether COLUMN looks at all of them. */
uint64_t column_bits(const struct column *column);
bool column_is_whole(const struct column *column);

/* The bits of the number among the flags of its argument if COLUMN looks at all of them, or 0. */
uint64_t column_field(const struct column *column);

/* What COLUMN is to hold of a call: some bits of the argument, of a pointer whether it is NULL, of
 * a widened one nothing. */
uint64_t column_value(const struct column *column, const uint64_t arguments[6]);

/* Takes the call into account for LOW and HIGH. */
void column_stretch(struct column *column, const uint64_t arguments[6]);

/* Whether ENTRY's condition holds for every call that looks like ARGUMENTS in these columns. */
bool columns_match(const struct columns *columns, const struct entry *entry,
                   const uint64_t arguments[6]);

#endif
