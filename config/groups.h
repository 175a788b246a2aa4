/* Named groups of system calls: @stdio, @threads ... */
#ifndef PORTCULLIS_CONFIG_GROUPS_H
#define PORTCULLIS_CONFIG_GROUPS_H

#include <stddef.h>

/* Position of the group called NAME (without the @), or -1. */
int group_find(const char *name);

size_t group_count(void);

/* All three: static storage; INDEX below group_count(). */
const char *group_name(size_t index);    /* without the @ */
const char *group_purpose(size_t index); /* one line for people */
const char *group_members(
    size_t index); /* "read write ?fchmodat2": names separated by one space; ?: may be unknown */

#endif
