/* Which constants belong to which argument of which call. */
#ifndef PORTCULLIS_TOOL_DECODE_TABLE_H
#define PORTCULLIS_TOOL_DECODE_TABLE_H

#include <stdbool.h>

/* Words of NAME, PREFIX* and, for what the words behind it must not mean, -NAME and -PREFIX*. Where
 * two constants have one value, the earlier word's is taken. */
struct meaning {
    const char *call;     /* NULL: of every call that has such an argument */
    const char *argument; /* the manual page's name */
    const char *numbers;  /* it is one of these; or NULL */
    const char *flags;    /* it is a set of these, with one of `numbers` in the prototype's field */
    bool octal;
    bool address; /* declared as a number */
};

/* The first that fits, or NULL. */
const struct meaning *decode_meaning(const char *call, const char *argument);

#endif
