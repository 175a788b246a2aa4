/* The watcher's work: it traces a process and what comes of it, up to the gate. */
#ifndef PORTCULLIS_TOOL_WATCH_H
#define PORTCULLIS_TOOL_WATCH_H

#include <sys/types.h>

#include "gate.h"

/* Traces PROCESS from now on: if the caller ends, so does PROCESS. Returns 0 or a negative errno.
 */
int watch_seize(struct gate *gate, pid_t process) __attribute__((warn_unused_result));

/* Once the process knows that it is traced: calls hooks.begin() where no listener is waited for. */
void watch_begin(struct gate *gate);

/* Returns when nothing is left to be watched. */
void watch_run(struct gate *gate);

#endif
