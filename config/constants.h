/* The names of numbers: AF_UNIX, O_RDONLY, ... and of errors. Every value comes from a system
 * header at build time. */
#ifndef PORTCULLIS_CONFIG_CONSTANTS_H
#define PORTCULLIS_CONFIG_CONSTANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks up NAME; errors (EPERM) are among the constants. Returns false where it is unknown and
 * leaves VALUE alone. */
bool constant_find(const char *name, int64_t *value);

/* Looks up the number of an error name. Returns 0 where NAME is not the name of an error (EPOLLIN
 * is not). */
unsigned constant_errno(const char *name);

/* The name of an error number, or NULL. Static storage. */
const char *constant_errno_name(unsigned number);

/* For suggestions, listings and tests: all constants, sorted by name (strcmp). Static storage. */
size_t constant_count(void);
const char *constant_name(size_t index);
int64_t constant_value(size_t index);

/* The first constant from INDEX on that is VALUE, as far as MASK goes; or constant_count(). */
size_t constant_seek(size_t index, uint64_t mask, uint64_t value);

#endif
