/* The commented lines of a whitelist behind "; not seen, but likely needed:": what a user may
 * uncomment by taking one character away. Pure. */
#ifndef PORTCULLIS_TOOL_LEARN_OUTLOOK_H
#define PORTCULLIS_TOOL_LEARN_OUTLOOK_H

#include <stddef.h>

#include "sheet.h"

/* Writes them behind the last line of [allow], from likely.h's table, without what SHEET lists.
 * Returns 0 or -ENOMEM. */
int outlook_add(struct sheet *sheet) __attribute__((warn_unused_result));

/* What was likely before there were additions. */
struct outlook {
    const char **reasons; /* owned; they themselves are likely.h's */
    size_t count;
};

/* To be released in any case. Returns 0 or -ENOMEM. */
int outlook_find(struct outlook *outlook, const struct sheet *sheet)
    __attribute__((warn_unused_result));

/* If SHEET has such lines: takes out of them what it lists by now, and adds what has become likely
 * since OUTLOOK was found. What a user has taken out does not come back. Returns 0 or -ENOMEM. */
int outlook_update(const struct outlook *outlook, struct sheet *sheet)
    __attribute__((warn_unused_result));

void outlook_release(struct outlook *outlook);

#endif
