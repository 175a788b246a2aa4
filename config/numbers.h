/* The numbers of this architecture's system calls: those in the headers that this was built with,
 * and later ones that the prototypes know. */
#ifndef PORTCULLIS_CONFIG_NUMBERS_H
#define PORTCULLIS_CONFIG_NUMBERS_H

#include <stddef.h>

/* The number of the system call NAME, or -1: then libseccomp may know it. */
int number_find(const char *name);

/* The highest number in the table. A call with a higher one is newer than this build. */
int number_highest(void);

/* For tests: the names themselves, in alphabetical order. Static storage. */
size_t number_count(void);
const char *number_name(size_t index);

#endif
