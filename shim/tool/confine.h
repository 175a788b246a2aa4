/* Gives up all rights. */
#ifndef PORTCULLIS_TOOL_CONFINE_H
#define PORTCULLIS_TOOL_CONFINE_H

#include <stdbool.h>

#include "../filter.h"

/* Makes the filter under which code runs that reads hostile files: what it takes to map, to
 * allocate and to answer. Returns 0 or a negative errno. */
int confine_filter(struct filter *filter) __attribute__((warn_unused_result));

/* Leaves this process no ids but nobody's, or no capabilities where there is no nobody; no new
 * privileges, little memory and time, and FILTER. Returns whether all of that was done. */
bool confine(const struct filter *filter) __attribute__((warn_unused_result));

#endif
