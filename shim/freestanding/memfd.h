/* How write(2) and close(2) get to the memfd that lies in the arena; memfd.c says why it does. */
#ifndef PORTCULLIS_SHIM_FREESTANDING_MEMFD_H
#define PORTCULLIS_SHIM_FREESTANDING_MEMFD_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

enum { MEMFD = INT_MAX }; /* its descriptor: the kernel gives out no such number */

ssize_t memfd_write(const void *buffer, size_t length);
int memfd_close(void);

#endif
