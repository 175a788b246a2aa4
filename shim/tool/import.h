/* What the formats of `import` share. */
#ifndef PORTCULLIS_TOOL_IMPORT_H
#define PORTCULLIS_TOOL_IMPORT_H

#include <stdio.h>

#include "../rules.h"
#include "learn/additions.h"
#include "learn/merge.h"

struct import {
    const char *path;          /* what is read, as the user wrote it; "-": standard input */
    FILE *stream;              /* it, opened; it can be read again after rewind() */
    const char *output;        /* the whitelist that is added to; NULL: standard output */
    const struct rules *rules; /* of that whitelist; NULL: there is none yet */
};

/* Adds ADDITIONS to the whitelist import->output, or writes a new one to standard output. FACTS:
 * the heading and the count of calls; the rest is filled in here. Returns a status. */
int import_additions(const struct import *import, const struct additions *additions,
                     struct merge_facts facts) __attribute__((warn_unused_result));

#endif
