/* One whitelist for every architecture. Its names are x86-64's; where another architecture has more
 * calls that do the same, or one number for many of them, a line speaks of all of that. So it is on
 * i386, where 'fstat' is fstat and fstat64, and 'socket' is also reached by socketcall. */
#ifndef PORTCULLIS_CONFIG_SPELLINGS_H
#define PORTCULLIS_CONFIG_SPELLINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether any call has other names on this architecture. */
#ifdef __i386__
enum { SPELLINGS_DIFFER = true };
#else
enum { SPELLINGS_DIFFER = false };
#endif

/* The other names, on this architecture, of the call NAME, separated by a space; "" where there are
 * none. A '!' before one says that no program of today makes that call, and that it has fewer
 * arguments: no condition is put to it. Static storage. */
const char *spellings_of(const char *name);

/* Whether the call of that very name takes its arguments in a structure on this architecture (mmap
 * and select, on i386): a condition can be put to its other spellings only. */
bool spellings_hide(const char *name);

/* A call that is reached by one number together with others. */
struct multiplexed {
    const char *multiplexer; /* "socketcall"; static storage, as the next */
    const char *condition;   /* which of its calls are meant: "call in 9 11" */
};

/* Returns false where the call NAME is not reached in this way. */
bool spellings_multiplexed(const char *name, struct multiplexed *multiplexed);

/* Whether there is a call NAME elsewhere that is known by other names here. */
bool spellings_known(const char *name);

#endif
