/* What stands in front of each program where there are stages: it lets the others in, and nothing
 * else of seccomp(2). Used by stages.c, and by those who look at loaded programs. */
#ifndef PORTCULLIS_SHIM_STAGES_PREFIX_H
#define PORTCULLIS_SHIM_STAGES_PREFIX_H

#include <linux/filter.h>
#include <stddef.h>

/* How many instructions it has with STAGES programs behind the first. */
size_t prefix_length(size_t stages);

/* Writes the prefix of the program OWN, of COUNT at PROGRAMS, which must stay where they are, to
 * INSTRUCTIONS. FLAGS: with which all are loaded.
 *
 * Allowed: seccomp(2) with a stage's program; but its own is there already, and gets EALREADY.
 * get_robust_list(0), unshare(CLONE_VM), unshare(1), which always fails, and sched_yield(): they
 * change nothing, and loading a stage needs them. */
void prefix_write(struct sock_filter *instructions, size_t own, const struct sock_fprog *programs,
                  size_t count, unsigned flags);

/* The PROGRAMS that the prefix INSTRUCTIONS was written for, if it is one: an address in the
 * process that loaded it. */
const struct sock_fprog *prefix_programs(const struct sock_filter *instructions);

#endif
