/* A breakpoint at a program's entry point, in a process that the caller traces. */
#ifndef PORTCULLIS_TOOL_TRAP_H
#define PORTCULLIS_TOOL_TRAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { TRAP_BYTES = 3 };

/* A zeroed structure is none. */
struct trap {
    const struct trap_kind *kind; /* which instruction, or NULL */
    uint64_t address;
    unsigned char original[TRAP_BYTES];
    bool blocked; /* the signal was, and will have to be again */
};

/* Puts a trap at ADDRESS of PROCESS, which is stopped. IGNORED: the signals that it ignores, the
 * first in bit 0. Returns 0 or a negative errno. */
int trap_set(struct trap *trap, pid_t process, uint64_t address, uint64_t ignored)
    __attribute__((warn_unused_result));

/* Whether THREAD, which is stopped by SIGNAL, ran into it. */
bool trap_is_hit(const struct trap *trap, pid_t thread, int signal);

/* Takes it out, as if it had never been there; where THREAD has hit it, it stands before the
 * original instruction then. Returns 0 or a negative errno. */
int trap_remove(const struct trap *trap, pid_t thread, bool hit)
    __attribute__((warn_unused_result));

/* Makes THREAD, which has hit it, call exit_group(STATUS) when it goes on. Returns 0 or a negative
 * errno. */
int trap_exit(const struct trap *trap, pid_t thread, int status)
    __attribute__((warn_unused_result));

#endif
