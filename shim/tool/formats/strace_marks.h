/* From where on what a log of strace has counts: the shim's mark. Its last calls before the program
 * are seccomp(2) with no program, which fails with EFAULT, and at once with one, or with two. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_MARKS_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_MARKS_H

#include "strace_log.h"

struct strace_marks {
    unsigned *from; /* owned; for each life the line behind which it counts, or UINT_MAX */
    size_t count;   /* of lives */
    bool any;       /* otherwise all of it counts */
};

/* Reads the whole log. MARKS is to be released in any case. Returns 0 or a negative errno. */
int strace_marks_find(FILE *stream, struct strace_marks *marks) __attribute__((warn_unused_result));

/* Whether the program made CALL, as far as can be told. */
bool strace_marks_counts(const struct strace_marks *marks, const struct strace_call *call);

void strace_marks_release(struct strace_marks *marks);

#endif
