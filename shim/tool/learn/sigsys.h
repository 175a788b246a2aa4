/* What [deny]'s "kill" and "trap" do to a thread, done by its tracer. */
#ifndef PORTCULLIS_TOOL_LEARN_SIGSYS_H
#define PORTCULLIS_TOOL_LEARN_SIGSYS_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

/* Threads that are to get it. A zeroed structure is none. */
struct sigsys {
    struct sigsys_wait {
        pid_t process;
        pid_t thread;
        bool deadly; /* it is to die, handler or not */
        bool raised; /* the signal is on its way */
        struct seccomp_data call;
        struct sigsys_wait *next; /* owned */
    } * waits;                    /* owned */
};

/* THREAD of PROCESS, which was refused CALL, gets SIGSYS for it, or dies of it if DEADLY, at its
 * next stop. Returns 0 or -ENOMEM. */
int sigsys_expect(struct sigsys *sigsys, pid_t process, pid_t thread, bool deadly,
                  const struct seccomp_data *call) __attribute__((warn_unused_result));

/* THREAD is stopped on its way back from a call, by SIGNAL or, if that is 0, by something else.
 * Returns the signal to let it go on with: this one, or 0. */
int sigsys_stop(struct sigsys *sigsys, pid_t thread, int signal);

void sigsys_release(struct sigsys *sigsys);

#endif
