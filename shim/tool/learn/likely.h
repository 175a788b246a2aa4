/* System calls that a program which was seen to make some will likely make another day. */
#ifndef PORTCULLIS_TOOL_LEARN_LIKELY_H
#define PORTCULLIS_TOOL_LEARN_LIKELY_H

#include <stdbool.h>

/* A row: "abort() and failed assertions" needs "rt_sigprocmask gettid getpid tgkill". */
struct likely {
    const char *reason; /* for people, without a final stop; static storage */
    const char *calls;  /* names separated by one space */
};

/* Calls VISIT, in a fixed order, for each row which has calls that IS_LISTED denies, with those
 * calls alone. Stops when VISIT returns false; returns whether it never did. */
bool likely_visit(bool (*is_listed)(const void *context, const char *name), const void *listed,
                  bool (*visit)(void *context, const struct likely *row), void *context);

#endif
