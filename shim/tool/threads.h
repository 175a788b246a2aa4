/* What the kernel says of another process's threads and of the filters they run under. */
#ifndef PORTCULLIS_TOOL_THREADS_H
#define PORTCULLIS_TOOL_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../filter.h"

struct thread {
    pid_t id;
    bool ended;             /* a zombie: it makes no system call any more */
    bool filtered;          /* Seccomp: 2 in /proc/PID/task/TID/status, see proc(5) */
    bool no_new_privileges; /* NoNewPrivs: 1 */
};

struct threads {
    struct thread *items; /* owned: free() */
    size_t count;
    char name[64]; /* of the first thread: the process's */
};

/* Reads /proc/PID/task. Returns 0; -ESRCH if there is no such process; -ENOMEM; another errno. */
int threads_read(pid_t pid, struct threads *threads) __attribute__((warn_unused_result));

void threads_release(struct threads *threads);

/* How near the loaded programs come to a wanted one. */
struct likeness {
    bool equal;           /* one of them is the wanted one, byte for byte */
    size_t programs;      /* how many are loaded */
    size_t longest_equal; /* instructions from the start, in the one that is nearest */
};

/* Compares the programs of a thread with WANTED by PTRACE_SECCOMP_GET_FILTER; the thread is stopped
 * meanwhile. Returns 0, or a negative errno: -EPERM without the right to trace it, -EACCES without
 * CAP_SYS_ADMIN or if this process is filtered itself (ptrace(2)), -ESRCH. */
int threads_compare(pid_t thread, const struct filter *wanted, struct likeness *likeness)
    __attribute__((warn_unused_result));

#endif
