/* What the tests of merging share: additions as lines of text, and what comes of a whitelist. */
#ifndef PORTCULLIS_TESTS_HELPERS_MERGING_H
#define PORTCULLIS_TESTS_HELPERS_MERGING_H

#include "../../shim/tool/learn/merge.h"
#include "../../shim/tool/tool.h"

/* Of a run of "ls -lR /usr" with 10 calls; no comments, nothing that is likely. */
extern const struct merge_facts MERGING_FACTS;

/* The header for them, but for the line with the count. */
#define MERGING_HEADER                                                                             \
    "; learned from: ls -lR /usr\n; by portcullis " PORTCULLIS_VERSION                             \
    ", on Linux 6.18.0 x86_64, glibc 2.36\n"

/* That the reader and the rules take TEXT. */
void merging_check(const char *text, size_t length);

/* BEFORE (NULL: no file) with LINES ("read", "ioctl = request == TCGETS", a line each), checked.
 * Owned by the caller; NULL: there was nothing to do. */
char *merging_result(const char *before, const char *lines, const struct merge_facts *facts);

/* That AFTER is what comes of it; FACTS are MERGING_FACTS in the second. */
void merges_with(const char *before, const char *lines, const struct merge_facts *facts,
                 const char *after);
void merges(const char *before, const char *lines, const char *after);

#endif
