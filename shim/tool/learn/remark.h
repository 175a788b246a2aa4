/* Comments in a whitelist. What they tell comes from the outside: command lines and names of files
 * must neither end the comment nor make its line too long for the reader. */
#ifndef PORTCULLIS_TOOL_LEARN_REMARK_H
#define PORTCULLIS_TOOL_LEARN_REMARK_H

#include <stdbool.h>
#include <stddef.h>

#include "additions.h"
#include "sheet.h"

/* New lines are kept this narrow where they can be. */
enum { REMARK_COLUMNS = 100 };

/* "; TEXT" at AT, on as many lines as it takes, but no more than eight. Returns how many,
 * or -ENOMEM. */
int remark_insert(struct sheet *sheet, size_t at, const char *text)
    __attribute__((warn_unused_result));

/* What is to be told of ADDITION behind its line, which is LENGTH bytes long without: its note, and
 * with ANNOTATE how often and where it was seen: " ; seen 12 times, first from SITE". Malloced, ""
 * where there is nothing to tell or no room. NULL if there is no memory. */
char *remark_of(const struct addition *addition, size_t length, bool annotate);

#endif
