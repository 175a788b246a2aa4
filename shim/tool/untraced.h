/* CLONE_UNTRACED: a child that its parent's tracer would not get. Under a filter whose tracer is
 * somebody, such a child is lost: each call that the filter hands to the tracer fails with ENOSYS,
 * its last one included. */
#ifndef PORTCULLIS_TOOL_UNTRACED_H
#define PORTCULLIS_TOOL_UNTRACED_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { UNTRACED_FLAG = 0x00800000, UNTRACED_CLONE_I386 = 120 };

/* What was changed, to be put back. A zeroed structure is nothing. */
struct untraced {
    uint64_t flags;   /* as the program has them, or 0 */
    uint64_t address; /* where clone3(2) finds them, or 0: they are in a register */
    bool foreign;     /* the register is i386's */
};

/* Whether CALL is clone(2) or clone3(2). *SHARED: its flags are in memory, where another thread may
 * change them until the kernel has read them. */
bool untraced_makes_child(const struct seccomp_data *call, bool *shared);

/* Takes the flag out of CALL of THREAD, which is stopped in front of it, if the flag is there. */
void untraced_clear(struct untraced *untraced, pid_t thread, const struct seccomp_data *call);

/* Puts the flag back, in THREAD, stopped behind the call, or in the child before its first
 * instruction. UNTRACED is nothing then. */
void untraced_restore(struct untraced *untraced, pid_t thread);

/* Ends the process that PARENT knows as CHILD, if nobody traces it. */
void untraced_kill(pid_t parent, pid_t child);

#endif
