/* A whole log of strace: which thread made which calls, in the order in which they ended. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_LOG_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_LOG_H

#include <stdio.h>

#include "strace_lives.h"

struct strace_call {
    unsigned line;         /* on which it ended */
    size_t life;           /* whose it is: an index */
    bool first;            /* it is that life's first */
    const char *name;      /* as strace has it: "read", "syscall_0x1c5" */
    const char *arguments; /* what is between the parentheses, or the part of it that is there */
    const char *result;    /* behind the '='; "" where the log ends before it */
};

/* What is told while the log is read. A member that is not 0 or more ends the reading, and is what
 * it returns. Each may be NULL. */
struct strace_visitor {
    void *context;
    int (*call)(void *context, struct strace_log *log, const struct strace_call *call);
    int (*row)(void *context, unsigned line, const char *name, unsigned long count);
    void (*table)(void *context, unsigned line);
    void (*unknown)(void *context, unsigned line, const char *text);
};

/* Reads STREAM from its beginning. LOG becomes what there is to know of its threads; it is to be
 * released in any case. Two readings of one stream give the same lives in the same order. Returns 0
 * or a negative errno. */
int strace_log_read(FILE *stream, const struct strace_visitor *visitor, struct strace_log *log)
    __attribute__((warn_unused_result));

#endif
