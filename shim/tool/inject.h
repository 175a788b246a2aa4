/* A filter more, for a process that is traced. */
#ifndef PORTCULLIS_TOOL_INJECT_H
#define PORTCULLIS_TOOL_INJECT_H

#include <sys/types.h>

#include "../filter.h"

/* Makes THREAD, which is stopped by its tracer, the caller, in user space, load FILTER over all
 * threads of its process, and leaves it where it was, with the registers and the memory that it had
 * (but for what lies unused below its stack). seccomp(2) must be one that the filters in force let
 * the tracer stop, or allow. Returns 0 or a negative errno: then no filter is in. */
int inject_filter(pid_t thread, const struct filter *filter) __attribute__((warn_unused_result));

#endif
