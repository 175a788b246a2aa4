/* The names that a learner writes: lines "syscalls = a b c" behind the comment "; learned:",
 * sorted, and wrapped where they get long. Among them, what a user wrote in another shape (a group,
 * a comment, names in another order) keeps its bytes. Pure. */
#ifndef PORTCULLIS_TOOL_LEARN_BLOCK_H
#define PORTCULLIS_TOOL_LEARN_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "additions.h"
#include "sheet.h"

/* Puts ADDITION's name into the block of SHEET, which has an [allow]; where there is no block yet,
 * one is made behind the last "syscalls =" of [allow]. ANNOTATE: on a line of its own, with what is
 * known of it. Returns 0 or -ENOMEM. */
int block_add(struct sheet *sheet, const struct addition *addition, bool annotate)
    __attribute__((warn_unused_result));

/* Position behind the block's last line; 0 if there is none. */
size_t block_end(const struct sheet *sheet);

#endif
