/* The threads of another process. */
#ifndef PORTCULLIS_TOOL_THREADS_H
#define PORTCULLIS_TOOL_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct threads {
    pid_t *ids; /* owned; in order */
    size_t count;
};

/* Reads /proc/PROCESS/task. While threads begin and end the list may lack some of them: the kernel
 * cuts it off at a thread that ends while it is read. Returns 0; -ESRCH if there is no such
 * process; -ENOMEM; another errno. THREADS is to be released where it is 0. */
int threads_list(pid_t process, struct threads *threads) __attribute__((warn_unused_result));

bool threads_has(const struct threads *threads, pid_t id);

void threads_release(struct threads *threads);

#endif
