/* A whole log of strace: which thread made which calls, in the order in which they ended. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_LOG_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A thread from its first line in the log to its last. */
struct strace_life {
    long pid;        /* 0: not told (yet) */
    long parent;     /* the life that made it, or -1 */
    bool thread;     /* of its parent's process */
    unsigned first;  /* the line that it was first spoken of on */
    unsigned born;   /* the line that its parent's call ended on */
    bool ended;      /* the log says so */
    bool foreign;    /* it makes calls of another architecture */
    bool called;     /* it has made a call */
    unsigned line;   /* of a call that has begun; 0: there is none */
    char *name;      /* owned; of that call */
    char *arguments; /* owned; so far */
    unsigned probed; /* for strace_marks.h: the state of its last call */
};

struct strace_call {
    unsigned line;         /* on which it ended */
    size_t life;           /* whose it is: an index */
    bool first;            /* it is that life's first */
    const char *name;      /* as strace has it: "read", "syscall_0x1c5" */
    const char *arguments; /* what is between the parentheses, or the part of it that is there */
    const char *result;    /* behind the '='; "" where the log ends before it */
};

struct strace_log {
    struct strace_life *lives; /* owned */
    size_t count;
    size_t capacity;
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

void strace_log_release(struct strace_log *log);

#endif
