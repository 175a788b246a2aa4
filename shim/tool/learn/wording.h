/* A row of values as a condition of the whitelist language. */
#ifndef PORTCULLIS_TOOL_LEARN_WORDING_H
#define PORTCULLIS_TOOL_LEARN_WORDING_H

#include <stdbool.h>

#include "rows.h"

enum { WORDING_MAX = 8192 };

/* Writes the condition that ROW is, for the call CALL with PROTOTYPE (or NULL), into the
 * WORDING_MAX bytes at TEXT. PLAIN: numbers instead of names. "" if there is nothing to say.
 * Returns its length. */
size_t wording_write(const char *call, const struct prototype *prototype, const struct rows *rows,
                     const struct row *row, bool plain, char *text);

#endif
