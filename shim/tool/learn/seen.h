/* What was seen of one system call. */
#ifndef PORTCULLIS_TOOL_LEARN_SEEN_H
#define PORTCULLIS_TOOL_LEARN_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "additions.h"
#include "rows.h"

enum { SEEN_SLOTS = 4 * TUPLES_MAX /* a power of two */ };

_Static_assert(TUPLES_MAX < UINT8_MAX, "a slot is a byte");

struct seen {
    int number;
    struct columns columns;
    const struct rule *denied; /* borrowed; what the user's [deny] lines say of it, or NULL */
    bool owned;                /* a column is the user's */
    struct tuple *tuples;      /* owned; in the order in which they came */
    unsigned count;
    unsigned capacity;
    uint64_t total;            /* calls, the denied ones aside */
    unsigned last;             /* the tuple that was told of last */
    uint8_t slots[SEEN_SLOTS]; /* a tuple's position plus one, by its hash; 0: free */
};

/* RULE: what the user's whitelist says of the call NUMBER, or NULL; borrowed. Returns NULL if there
 * is no memory. */
struct seen *seen_open(int number, const struct rule *rule, enum record_arguments arguments);

/* The call was made. *FRESH: it looks like none before. Returns 0; -EPERM if it was denied, and so
 * is not remembered; -ENOMEM. */
int seen_call(struct seen *seen, const uint64_t arguments[6], bool *fresh)
    __attribute__((warn_unused_result));

/* Where the call that seen_call() was last told of was made; copied. Returns 0 or -ENOMEM. */
int seen_site(struct seen *seen, const char *site) __attribute__((warn_unused_result));

/* Adds what RULE, of another whitelist (or NULL), lacks of it. SHORT_OF_ROOM as phrase_add() has
 * it. Returns the cost, or -ENOMEM. */
int seen_add(const struct seen *seen, const struct rule *rule, bool short_of_room,
             struct additions *additions) __attribute__((warn_unused_result));

/* SEEN may be NULL. */
void seen_close(struct seen *seen);

#endif
