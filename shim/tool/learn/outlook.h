/* The commented lines of a whitelist behind "; not seen, but likely needed:": what a user may
 * uncomment by taking one character away. Pure. */
#ifndef PORTCULLIS_TOOL_LEARN_OUTLOOK_H
#define PORTCULLIS_TOOL_LEARN_OUTLOOK_H

#include "sheet.h"

/* Writes them behind the last line of [allow], from likely.h's table, without what SHEET lists.
 * Returns 0 or -ENOMEM. */
int outlook_add(struct sheet *sheet) __attribute__((warn_unused_result));

/* Takes out of them what SHEET lists by now. Returns 0 or -ENOMEM. */
int outlook_trim(struct sheet *sheet) __attribute__((warn_unused_result));

#endif
