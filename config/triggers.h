/* The functions that can begin a stage: those that servers wait in, and main. */
#ifndef PORTCULLIS_CONFIG_TRIGGERS_H
#define PORTCULLIS_CONFIG_TRIGGERS_H

#include <stddef.h>
#include <stdint.h>

enum { TRIGGERS_MAX = 32 }; /* a set of them fits into 32 bits */

/* Position of the function NAME, or -1. */
int trigger_find(const char *name);

/* The set of the functions in WORDS, separated by a space: bit N for position N; 0, which is none,
 * if one of them is unknown. */
uint32_t trigger_set(const char *words);

/* At most TRIGGERS_MAX. */
size_t trigger_count(void);

/* All three: static storage; INDEX below trigger_count(). */
const char *trigger_name(size_t index);
/* Under which names a program may be linked with it: "poll __poll_chk", separated by a space. */
const char *trigger_symbols(size_t index);
/* The system calls by which it can be seen from outside: "poll ppoll"; "" for main. */
const char *trigger_calls(size_t index);

#endif
