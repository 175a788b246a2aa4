/* INI text to struct whitelist. */
#ifndef PORTCULLIS_CONFIG_READER_H
#define PORTCULLIS_CONFIG_READER_H

#include "diagnostic.h"
#include "whitelist.h"

enum { WHITELIST_BYTES_MAX = 1 << 20, WHITELIST_FILES_MAX = 64 };

/* Reads the file PATH and what it includes. Every mistake is reported, and reading goes on.
 * Returns 0; -EINVAL after reporting mistakes; -ENOMEM. WHITELIST is to be released in any case. */
int reader_read_file(const char *path, struct whitelist *whitelist, struct diagnostics *diagnostics)
    __attribute__((warn_unused_result));

/* The same where PATH is open already as DESCRIPTOR, at its beginning, which is closed in any case;
 * -1: it is not. */
int reader_read_open(const char *path, int descriptor, struct whitelist *whitelist,
                     struct diagnostics *diagnostics) __attribute__((warn_unused_result));

/* The same for TEXT of LENGTH bytes in memory, called NAME in messages; includes are relative to
 * NAME's folder. */
int reader_read_text(const char *name, const char *text, size_t length, struct whitelist *whitelist,
                     struct diagnostics *diagnostics) __attribute__((warn_unused_result));

#endif
