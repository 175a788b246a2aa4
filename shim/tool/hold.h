/* A thread that made a refused call, held between the call's end and its next instruction. There
 * its registers can be read, and the call can be made to end it. */
#ifndef PORTCULLIS_TOOL_HOLD_H
#define PORTCULLIS_TOOL_HOLD_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The number of no call, in x32's range. The filter under which a thread is held has to kill for
 * it: that's how hold_kill() has the kernel itself end the process. */
enum { HOLD_FATAL_CALL = 0x7ffffff0 };

struct hold {
    pid_t process;
    pid_t thread;
    int handle;   /* a pidfd of PROCESS, owned; or -1 */
    bool traced;  /* by this process */
    bool stays;   /* and so it was before, and will be afterwards */
    bool stopped; /* behind the call */
    int signal;   /* that arrived meanwhile */
};

/* THREAD of PROCESS waits for the answer to a notification. From now on no other process that may
 * get the same id is meant. The caller has to see to it that the thread still waits (as
 * notifier_waits() says) after this, and before anything is done to it. To be ended by one of
 * hold_end(), hold_kill(), hold_trap(). */
void hold_begin(struct hold *hold, pid_t process, pid_t thread);

/* Asks for the thread to be stopped as soon as it has its answer. TRACED: it is a tracee of this
 * process already. Where it cannot be traced, hold->traced remains false. The wait for an answer
 * is one that not even a tracer can break (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV). */
void hold_trace(struct hold *hold, bool traced);

/* After the answer: waits until it is stopped. Returns whether it is. */
bool hold_wait(struct hold *hold);

/* Lets it go on. */
void hold_end(struct hold *hold);

/* Ends the process, as a verdict of "kill" does: no instruction of the thread's own is executed
 * any more, no handler, no tracer and no blocked signal can prevent it, and on return all threads
 * have come to their end. It dies of SIGSYS by the kernel's hand where it is stopped behind a
 * system call instruction, otherwise of SIGKILL. */
void hold_kill(struct hold *hold);

/* Lets it go on with the signal SIGSYS for the call CALL, as for a verdict of "trap"; where no
 * handler would get it, as hold_kill(). */
void hold_trap(struct hold *hold, const struct seccomp_data *call);

/* The parts of hold_trap(), for whoever has stopped THREAD in another way. */

/* Whether a SIGSYS would reach a handler. */
bool hold_is_caught(pid_t thread);

/* CALL has returned nothing but its number, as the kernel leaves it, and SIGSYS is on its way.
 * Until it arrives, other signals wait. Returns the mask that the thread had. */
uint64_t hold_raise(pid_t process, pid_t thread, const struct seccomp_data *call);

/* The SIGSYS that is about to be delivered looks like the kernel's, for CALL, and the thread has
 * its MASK again. */
void hold_dress(pid_t thread, const struct seccomp_data *call, uint64_t mask);

#endif
