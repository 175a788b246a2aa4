/* The gate itself: from a program's execution to its entry point, and through. */
#ifndef PORTCULLIS_TOOL_ENTER_H
#define PORTCULLIS_TOOL_ENTER_H

#include "watching.h"

/* The process ID stands still after executing something. */
void enter_executed(struct gate *gate, pid_t id);

/* THREAD is at the entry point. */
void enter_reached(struct gate *gate, struct tracee *thread);

#endif
