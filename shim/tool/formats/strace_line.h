/* One line of strace, taken apart. Pure. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_LINE_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_LINE_H

#include "strace_table.h"

enum strace_kind {
    STRACE_UNKNOWN,
    STRACE_CALL,       /* name, arguments, result */
    STRACE_UNFINISHED, /* name, arguments so far */
    STRACE_RESUMED,    /* name, the rest of the arguments, result */
    STRACE_TORN,       /* name, arguments so far: something else was written in between */
    STRACE_END,        /* of a thread */
    STRACE_MODE,       /* the process makes calls of another architecture, or again its own */
    STRACE_TABLE,      /* the head of a table of -c */
    STRACE_NOTHING,    /* a signal, a frame of -k, a word of strace's own */
};

struct strace_line {
    enum strace_kind kind;
    long pid;                     /* 0: none is told */
    struct strace_text name;      /* of the system call */
    struct strace_text arguments; /* what is between the parentheses */
    struct strace_text result;    /* behind the '=' */
    bool foreign;                 /* of STRACE_MODE: from now on they are not native */
};

/* TEXT without its '\n', and NUL-terminated. */
void strace_line_parse(const char *text, struct strace_line *line);

/* Where the system call's arguments end: the ')' that no '(' stands for, or a ',' if COMMA is set;
 * or the NUL. Quoted text, brackets and descriptors' paths are passed over. */
const char *strace_line_skip(const char *text, bool comma);

#endif
