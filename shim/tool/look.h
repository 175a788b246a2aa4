/* What /proc tells of a process that the caller traces. */
#ifndef PORTCULLIS_TOOL_LOOK_H
#define PORTCULLIS_TOOL_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The lines of /proc/PID/status that matter here. */
struct thread_status {
    pid_t process;    /* the thread group's id */
    pid_t parent;     /* of the process */
    pid_t tracer;     /* or 0 */
    unsigned threads; /* how many the process has, ended ones that are still there included */
    bool ended;       /* a zombie: it makes no system call any more */
    char name[64];    /* of the thread; the first one's is the process's */
    uint64_t ignored; /* signals, the first in bit 0 */
    uint64_t caught;
    uint64_t blocked;
    bool no_new_privileges;
    unsigned filters; /* how many the thread has; 1 for any number before Linux 5.9 */
};

/* Returns 0, or a negative errno (-ESRCH, -ENOENT: the thread is gone). */
int look_thread(pid_t thread, struct thread_status *status) __attribute__((warn_unused_result));

/* Whether PROCESS executes one of the COUNT files in PATHS, by device and inode. */
bool look_executes(pid_t process, const char *const *paths, size_t count);

/* The path of what PROCESS executes, with '?' for what can't be printed, or "?". For messages. */
const char *look_program(pid_t process, char *path, size_t size);

/* Whether code of the file PATH is mapped in PROCESS. */
bool look_maps(pid_t process, const char *path);

/* Whether the filter is in: SHIM, unless it is NULL, is mapped in PROCESS, and each of its threads
 * has more than BEFORE filters, and NO_NEW_PRIVS where NO_NEW_PRIVILEGES. Returns NULL, or the
 * reason why not, in WHY.
 */
const char *look_for_filter(pid_t process, unsigned before, bool no_new_privileges,
                            const char *shim, char *why, size_t size);

#endif
