/* What the kernel says of another process's threads and of the filters they run under. */
#ifndef PORTCULLIS_TOOL_THREADS_H
#define PORTCULLIS_TOOL_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy.h"

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

/* What should be loaded: the program of a whitelist, or with stages each of its programs, which
 * then have in front what stages_prefix.h writes. */
struct wanted {
    struct filter programs[1 + WHITELIST_STAGES_MAX]; /* borrowed */
    size_t count;
    unsigned flags; /* seccomp(2)'s, with which they are loaded */
};

/* What POLICY's whitelist should have loaded; WANTED borrows its filters. */
void threads_want(const struct policy *policy, struct wanted *wanted);

/* How near the loaded programs come to the wanted ones. */
struct likeness {
    uint32_t loaded;                  /* bit N: the wanted program N is among them, byte for byte */
    size_t programs;                  /* how many are loaded */
    const struct sock_fprog *address; /* where the process keeps them; with stages alone */
    size_t longest_equal; /* instructions from the start, in the one that is nearest to the first */
};

/* Compares the programs of a thread with WANTED by PTRACE_SECCOMP_GET_FILTER; the thread is stopped
 * meanwhile. The addresses in what is in front must be one process's: all programs have to have the
 * same. Returns 0, or a negative errno: -EPERM without the right to trace it, -EACCES without
 * CAP_SYS_ADMIN or if this process is filtered itself (ptrace(2)), -ESRCH. */
int threads_compare(pid_t thread, const struct wanted *wanted, struct likeness *likeness)
    __attribute__((warn_unused_result));

#endif
