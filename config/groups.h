/* Named groups of system calls: @stdio, @threads ... */
#ifndef PORTCULLIS_CONFIG_GROUPS_H
#define PORTCULLIS_CONFIG_GROUPS_H

#include <stddef.h>

/* Position of the group called NAME (without the @), or -1. */
int group_find(const char *name);

size_t group_count(void);

/* Static storage; INDEX below group_count(): the name without the @; what it is for, in one line;
 * and "read write ?fchmodat2", names with one space between, where a '?' marks one that may be
 * unknown. */
const char *group_name(size_t index);
const char *group_purpose(size_t index);
const char *group_members(size_t index);

#endif
