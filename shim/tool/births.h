/* New threads and processes. Two things are told of each, in any order: that it has stopped, and by
 * its parent, whose it is. A parent that is killed in between tells nothing. */
#ifndef PORTCULLIS_TOOL_BIRTHS_H
#define PORTCULLIS_TOOL_BIRTHS_H

#include "watching.h"

/* The thread ID, of which nobody has told, has stopped. */
void births_early(struct gate *gate, pid_t id);

/* PARENT tells of a new thread or process. */
void births_told(struct gate *gate, struct tracee *parent);

/* A thread of PROCESS is gone: what waits to be told of by that process, and never will be, goes
 * on. For a watcher that stays. */
void births_orphaned(struct gate *gate, pid_t process);

#endif
