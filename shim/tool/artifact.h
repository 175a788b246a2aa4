/* Compiled whitelists as the command handles them: read, made, compared with their sources. */
#ifndef PORTCULLIS_TOOL_ARTIFACT_H
#define PORTCULLIS_TOOL_ARTIFACT_H

#include <stddef.h>

#include "../../config/whitelist.h"
#include "../compiled.h"
#include "../filter.h"

/* A compiled whitelist in memory. A zeroed structure is none. */
struct artifact {
    void *bytes; /* owned; NULL: there is none */
    size_t length;
    struct compiled compiled; /* borrows from the bytes */
};

/* Reads PATH if it begins as a compiled whitelist. Returns 0, with no bytes where it does not (or
 * cannot be read: the reader of text tells why); -EINVAL after reporting what is wrong with it;
 * -ENOMEM. ARTIFACT is to be released in any case. */
int artifact_read(const char *path, struct artifact *artifact, struct diagnostics *diagnostics)
    __attribute__((warn_unused_result));

/* Takes over settings and stages, as far as they are there, into WHITELIST, which then owns what it
 * has. Returns 0 or -ENOMEM. */
int artifact_unpack(const struct artifact *artifact, struct whitelist *whitelist)
    __attribute__((warn_unused_result));

/* A copy of the program of [allow] (STAGE 0) or of a stage (from 1). Returns 0 or -ENOMEM. */
int artifact_filter(const struct artifact *artifact, size_t stage, struct filter *filter)
    __attribute__((warn_unused_result));

/* Makes one of WHITELIST's settings and FILTERS, one more than it has stages; reads the sources for
 * their digests. Returns 0; a negative errno after telling, on standard error, which source cannot
 * be read; -ENOMEM; -E2BIG. */
int artifact_make(const struct whitelist *whitelist, const struct filter *filters,
                  struct artifact *artifact) __attribute__((warn_unused_result));

enum source_state { SOURCE_SAME, SOURCE_CHANGED, SOURCE_GONE };

/* Whether source INDEX is still what it was when it was compiled. */
enum source_state artifact_source(const struct artifact *artifact, size_t index);

/* What is to be said of source INDEX, behind its path; NULL where it is the same. */
const char *artifact_complaint(const struct artifact *artifact, size_t index);

/* A text of it. Borrowed. */
const char *artifact_text(const struct artifact *artifact, uint32_t text);

void artifact_release(struct artifact *artifact);

#endif
