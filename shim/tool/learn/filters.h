/* The filters that a program is learned under. */
#ifndef PORTCULLIS_TOOL_LEARN_FILTERS_H
#define PORTCULLIS_TOOL_LEARN_FILTERS_H

#include "../../filter.h"
#include "learner.h"

/* Makes the filter by which a program of SETTINGS is learned, and FALLBACK: for what has passed the
 * gate, or empty where FILTER has that in it. Both are to be released in any case. Returns 0 or
 * -ENOMEM. */
int filters_make(const struct learner_settings *settings, struct filter *filter,
                 struct filter *fallback) __attribute__((warn_unused_result));

#endif
