/* struct whitelist to INI text: the inverse of the reader. */
#ifndef PORTCULLIS_CONFIG_WRITER_H
#define PORTCULLIS_CONFIG_WRITER_H

#include "whitelist.h"

/* Hands WHITELIST as the text of one file to WRITE, a line or more at a time: what it includes
 * stands where the whitelist has it, names that need no condition are sorted and told once, and
 * comments are gone. To read the text gives a whitelist that decides the same, provided that this
 * one has no mistakes. Returns 0; -ENOMEM; -E2BIG where a condition is too long for a line, which
 * can happen to one that was never read from a file. */
int writer_write(const struct whitelist *whitelist,
                 void (*write)(void *context, const char *text, size_t length), void *context)
    __attribute__((warn_unused_result));

enum { WRITER_ACTION_MAX = 24 };

/* "EPERM", "4000", "kill" ... */
const char *writer_action(struct action action, char text[WRITER_ACTION_MAX]);

#endif
