/* Stages: further filters, which the program's first call of some function loads. Part of the
 * shared object alone. Whatever fails ends the process. */
#ifndef PORTCULLIS_SHIM_STAGES_H
#define PORTCULLIS_SHIM_STAGES_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "../config/whitelist.h"
#include "compiled.h"
#include "environment.h"

/* What the constructor loads, first; then one for each stage. All borrowed. */
struct stages_program {
    const char *name;  /* of the stage */
    uint32_t triggers; /* a set of positions in triggers.h */
    const struct sock_filter *instructions;
    size_t count;
};

/* Copies COUNT programs, at most 1 + WHITELIST_STAGES_MAX, to where nobody can change them, each
 * with the little in front that lets the other ones in, and puts the stages' functions in their
 * places. FLAGS: seccomp(2)'s, with which all of them are loaded. PATH: the whitelist's, for
 * messages. Returns the first program. */
struct sock_fprog *stages_prepare(const struct environment *environment, const char *path,
                                  const struct stages_program *programs, size_t count,
                                  unsigned flags);

/* The same with the programs and settings of a compiled whitelist. */
struct sock_fprog *stages_prepare_compiled(const struct environment *environment, const char *path,
                                           const struct compiled *compiled);

/* The first program is in: from now on the functions load the others. */
void stages_open(void);

#endif
