/* All calls of one system call, as few boxes: an action, and a set of numbers for each argument. */
#ifndef PORTCULLIS_TOOL_FORMATS_OCI_BOXES_H
#define PORTCULLIS_TOOL_FORMATS_OCI_BOXES_H

#include "../policy.h"
#include "../region.h"
#include "oci_sets.h"

/* The calls each of whose arguments is in its set. */
struct box {
    struct action action;
    const struct entry *entry; /* a line that says so, or NULL */
    const struct set *sets[6]; /* borrowed from the boxes; equal sets are the same pointer */
};

struct boxes {
    struct box *items; /* owned; boxes with different actions do not overlap */
    size_t count;
    size_t capacity;
    struct sets sets; /* owned */
};

/* What RULES say of the calls of RULE, without what gets the default. Returns 0; -E2BIG where that
 * takes too many regions; -ENOMEM. BOXES is to be released in any case. */
int oci_boxes_make(const struct rules *rules, const struct rule *rule, struct boxes *boxes)
    __attribute__((warn_unused_result));

void oci_boxes_release(struct boxes *boxes);

#endif
