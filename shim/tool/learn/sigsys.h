/* What [deny]'s "trap" does to a thread that is stopped at the call, done by its tracer. */
#ifndef PORTCULLIS_TOOL_LEARN_SIGSYS_H
#define PORTCULLIS_TOOL_LEARN_SIGSYS_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Threads that are to get it. A zeroed structure is none. */
struct sigsys {
    struct sigsys_wait {
        pid_t thread;
        uint64_t mask; /* that the thread had */
        struct seccomp_data call;
        struct sigsys_wait *next; /* owned */
    } * waits;                    /* owned */
};

/* THREAD of PROCESS, which is stopped at CALL and will not make it, gets SIGSYS for it at its next
 * stop. Returns 0 or -ENOMEM: then nothing was done. */
int sigsys_raise(struct sigsys *sigsys, pid_t process, pid_t thread,
                 const struct seccomp_data *call) __attribute__((warn_unused_result));

/* THREAD is stopped by SIGNAL. */
void sigsys_stop(struct sigsys *sigsys, pid_t thread, int signal);

void sigsys_release(struct sigsys *sigsys);

#endif
