/* A thread that made a refused call, held between the call's end and its next instruction. There
 * its registers can be read, and the call can be made to end it. */
#ifndef PORTCULLIS_TOOL_HOLD_H
#define PORTCULLIS_TOOL_HOLD_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

/* The number of no call, in x32's range. The filter under which a thread is held has to kill for
 * it: that's how hold_kill() has the kernel itself end the process. */
enum { HOLD_FATAL_CALL = 0x7ffffff0 };

/* A zeroed structure is none. */
struct hold {
    pid_t thread;
    bool traced;
    bool stopped;
    int signal; /* that arrived meanwhile */
};

/* Asks for THREAD to be held; it waits for the answer to a notification, which not even a tracer
 * can break (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV). Where it cannot be traced, there is no hold.
 */
void hold_begin(struct hold *hold, pid_t thread);

/* After the answer: waits until it is stopped. Returns whether it is. */
bool hold_wait(struct hold *hold);

/* Lets it go on. */
void hold_end(struct hold *hold);

/* The same, but what it does next is to die of SIGSYS by the kernel's hand, with all its process,
 * as for a verdict of "kill". */
void hold_kill(struct hold *hold);

/* The same, but it gets the signal SIGSYS for the call CALL, as for a verdict of "trap". */
void hold_trap(struct hold *hold, const struct seccomp_data *call);

/* The parts of these, for whoever has stopped THREAD, behind the refused call, in another way. */

/* What it does next is to die, as hold_kill() has it. */
void hold_make_die(pid_t thread);

/* Whether a SIGSYS would reach a handler. */
bool hold_is_caught(pid_t thread);

/* CALL has returned nothing but its number, as the kernel leaves it, and SIGSYS is on its way. */
void hold_raise(pid_t process, pid_t thread, const struct seccomp_data *call);

/* The SIGSYS that is about to be delivered looks like the kernel's, for CALL. */
void hold_dress(pid_t thread, const struct seccomp_data *call);

#endif
