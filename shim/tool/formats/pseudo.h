/* A BPF program as pseudo code. */
#ifndef PORTCULLIS_TOOL_FORMATS_PSEUDO_H
#define PORTCULLIS_TOOL_FORMATS_PSEUDO_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdio.h>

/* Writes the COUNT instructions of PROGRAM to STREAM, a line each, with its number before it: what
 * is loaded goes by its name in the call, and system calls and errors by theirs. The program may be
 * anybody's; an instruction that seccomp does not have is shown in numbers. Returns 0 or -ENOMEM.
 */
int pseudo_write(FILE *stream, const struct sock_filter *program, size_t count)
    __attribute__((warn_unused_result));

#endif
