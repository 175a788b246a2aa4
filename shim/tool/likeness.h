/* How near the filters of a thread come to those of a whitelist. */
#ifndef PORTCULLIS_TOOL_LIKENESS_H
#define PORTCULLIS_TOOL_LIKENESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy.h"

/* What should be loaded: the program of a whitelist, or with stages each of its programs, which
 * then have in front what stages_prefix.h writes. */
struct wanted {
    struct filter programs[1 + WHITELIST_STAGES_MAX]; /* borrowed */
    size_t count;
    unsigned flags; /* seccomp(2)'s, with which they are loaded */
};

/* What POLICY's whitelist should have loaded; WANTED borrows its filters. */
void likeness_want(const struct policy *policy, struct wanted *wanted);

/* How near the loaded programs come to the wanted ones. */
struct likeness {
    uint32_t loaded;                  /* bit N: the wanted program N is among them, byte for byte */
    size_t programs;                  /* how many are loaded */
    const struct sock_fprog *address; /* where the process keeps them; with stages alone */
    size_t longest_equal; /* instructions from the start, in the one that is nearest to the first */
};

/* Compares the programs of a thread with WANTED by PTRACE_SECCOMP_GET_FILTER. The caller traces the
 * thread, and it is stopped. The addresses in what is in front must be one process's: all programs
 * have to have the same. Returns 0, or a negative errno: -EACCES without CAP_SYS_ADMIN or if this
 * process is filtered itself (ptrace(2)), -ESRCH where the thread is not stopped any more. */
int likeness_compare(pid_t thread, const struct wanted *wanted, struct likeness *likeness)
    __attribute__((warn_unused_result));

#endif
