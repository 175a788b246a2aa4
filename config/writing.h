/* A whitelist while it is written: what the parts of the writer share. Not for other modules. */
#ifndef PORTCULLIS_CONFIG_WRITING_H
#define PORTCULLIS_CONFIG_WRITING_H

#include "condition.h"

struct writing {
    void (*write)(void *context, const char *text, size_t length);
    void *context;
};

/* Writes a line of START and CONDITION, in numbers; several, each with some of the values of a
 * list, where one would be too long. PROTOTYPE may be NULL. Returns 0 or -E2BIG. */
int writing_condition(const struct writing *writing, const char *start,
                      const struct prototype *prototype, const struct condition *condition)
    __attribute__((warn_unused_result));

#endif
