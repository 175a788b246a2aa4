/* Calls that the watcher has to see the end of, and threads that it has to stop at each call. */
#ifndef PORTCULLIS_TOOL_FOLLOW_H
#define PORTCULLIS_TOOL_FOLLOW_H

#include "watching.h"

/* THREAD is stopped at the beginning or at the end of a call, and goes on. */
void follow_call(struct gate *gate, struct tracee *thread);

/* THREAD, which is stopped, is a child whose parent's call was changed: what it finds in its
 * registers and in its memory is as if that call had not been. */
void follow_born(struct tracee *thread);

#endif
