/* The comments that a learner's whitelist begins with: from what, by which version, on which
 * machine, in how many runs it was learned. Pure. */
#ifndef PORTCULLIS_TOOL_LEARN_HEADER_H
#define PORTCULLIS_TOOL_LEARN_HEADER_H

#include "merge.h"
#include "sheet.h"

/* Writes them at the end of SHEET. Returns 0 or -ENOMEM. */
int header_add(struct sheet *sheet, const struct merge_facts *facts)
    __attribute__((warn_unused_result));

/* Counts one more run in them, and names it if it was of something else. Where SHEET does not begin
 * with them, nothing happens. Returns 0 or -ENOMEM. */
int header_update(struct sheet *sheet, const struct merge_facts *facts)
    __attribute__((warn_unused_result));

#endif
