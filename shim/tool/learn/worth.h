/* Which arguments of which calls are worth a condition. */
#ifndef PORTCULLIS_TOOL_LEARN_WORTH_H
#define PORTCULLIS_TOOL_LEARN_WORTH_H

#include <stdbool.h>
#include <stddef.h>

enum worth_manner {
    WORTH_VALUE,   /* these values only: "domain in AF_UNIX AF_INET" */
    WORTH_WITHOUT, /* flags: "without" those that were never seen */
    WORTH_PROT,    /* "prot without PROT_EXEC"; of what is executable, no other rights than seen */
};

struct worth {
    const char *call;
    const char *argument; /* the manual page's name */
    const char *bits;     /* constants joined by '|': what of it is looked at; NULL: all of it */
    enum worth_manner manner;
    bool safe; /* it stays the same from run to run, and refusing the rest of it is worth most */
};

/* All rows: those of one call stand together, the safe ones first, the weightiest argument before
 * the others. Static storage. */
size_t worth_count(void);
const struct worth *worth_at(size_t index);

/* The first row of CALL, or NULL; the others follow it, up to one of another call. *COUNT: how many
 * they are. */
const struct worth *worth_find(const char *call, size_t *count);

#endif
