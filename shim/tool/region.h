/* Exact answers about all calls of a system call at once, where rules_decide() answers about one:
 * whether two whitelists agree on each of them, whether a line ever decides. */
#ifndef PORTCULLIS_TOOL_REGION_H
#define PORTCULLIS_TOOL_REGION_H

#include <stdbool.h>
#include <stddef.h>

#include "../rules.h"
#include "../values.h"

/* The calls whose arguments each lie in a block. A zeroed structure is all of them. */
struct region {
    struct block arguments[6];
};

/* What one whitelist says of one system call, ready to be asked. */
struct opinion {
    const struct rules *rules; /* borrowed */
    const struct rule *rule;   /* borrowed; NULL where no line speaks of the call */
    int number;
    struct views *views; /* owned; the lines in the order in which they are asked */
    size_t count;
};

/* Returns 0; -E2BIG where a condition is too wild for blocks; -ENOMEM. OPINION is to be released in
 * any case. */
int opinion_form(const struct rules *rules, int number, struct opinion *opinion)
    __attribute__((warn_unused_result));

/* From now on ENTRY's line is asked no more. */
void opinion_forget(struct opinion *opinion, const struct entry *entry);

/* Whether some call is decided by ENTRY's line; true also where that takes too long to tell. */
bool opinion_uses(const struct opinion *opinion, const struct entry *entry);

/* Whether some call would not be decided in the same way, by a line, if ENTRY's line were not
 * there; true also where that takes too long to tell. */
bool opinion_needs(const struct opinion *opinion, const struct entry *entry);

/* The line that would decide a call that meets ENTRY's condition if ENTRY's line were not there, or
 * NULL. */
const struct entry *opinion_rival(const struct opinion *opinion, const struct entry *entry);

/* From now on no line is asked that changes nothing about what a call gets: of the verdicts the
 * action is right, and the line may be another. */
void opinion_simplify(struct opinion *opinion);

void opinion_release(struct opinion *opinion);

/* Whether a line, or what comes after all lines, decides about all calls of REGION: *VERDICT. */
bool region_decide(const struct opinion *opinion, const struct region *region,
                   struct verdict *verdict);

/* Calls VISIT for regions which, together, are all calls, and in each of which both opinions have
 * one verdict (SECOND may be NULL; then its verdict is FIRST's). Stops when VISIT returns false.
 * Returns whether all was visited; false also where it takes too long. */
bool region_visit(const struct opinion *first, const struct opinion *second,
                  bool (*visit)(void *context, const struct region *region,
                                const struct verdict *first, const struct verdict *second),
                  void *context);

/* Calls VISIT, with the verdict twice, for regions which, together, are the calls that a denial
 * decides about; no two of them overlap. Stops and returns as region_visit() does. */
bool region_visit_denied(const struct opinion *opinion,
                         bool (*visit)(void *context, const struct region *region,
                                       const struct verdict *verdict, const struct verdict *same),
                         void *context) __attribute__((warn_unused_result));

/* The same for the calls that meet a line of [allow] and no denial. The regions of two lines may
 * overlap: what both allow is not cut into pieces. */
bool region_visit_allowed(const struct opinion *opinion,
                          bool (*visit)(void *context, const struct region *region,
                                        const struct verdict *verdict, const struct verdict *same),
                          void *context) __attribute__((warn_unused_result));

/* Arguments of a call in REGION, the smallest. */
void region_example(const struct region *region, uint64_t arguments[6]);

#endif
