/* A whole process that stands still: each of its threads is seized by ptrace and stopped. */
#ifndef PORTCULLIS_TOOL_HALT_H
#define PORTCULLIS_TOOL_HALT_H

#include <stddef.h>
#include <sys/types.h>

enum halt_state {
    HALT_RUNNING, /* it is seized, and has not stopped yet */
    HALT_STOPPED,
    HALT_ENDED, /* a zombie: the first thread of a process, which waits for the others */
};

struct halted {
    pid_t id;
    enum halt_state state;
    int signal; /* it was about to get this one when it stopped; or 0 */
};

struct halt {
    pid_t process;
    struct halted *threads; /* owned */
    size_t count;
    pid_t culprit; /* the thread that an error is about; or 0 */
};

/* Stops every thread of PROCESS. No signal is sent for it, and the parent of PROCESS does not
 * notice. Returns 0: then no thread of it runs, none is missing here, and each is HALT_STOPPED or
 * HALT_ENDED. Else:
 *
 *     -ESRCH      there is no such process, or it has ended
 *     -EPERM      this user may not trace the culprit
 *     -EBUSY      another process traces the culprit
 *     -ETIMEDOUT  the culprit did not stop in HALT_MILLISECONDS; 0: new threads kept coming
 *
 * or another errno. The caller is a process of its own: it has no other children and no other
 * thread, has all signals blocked, SIGCHLD at its default, and ends soon. halt_end() in any case;
 * the kernel lets go of what is not stopped by then when the caller ends. */
int halt_begin(pid_t process, struct halt *halt) __attribute__((warn_unused_result));

void halt_end(struct halt *halt);

/* At the most the process stands still for as long. */
enum { HALT_MILLISECONDS = 100 };

#endif
