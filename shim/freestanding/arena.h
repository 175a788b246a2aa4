/* The shim's own heap: private mappings that are gone before the program starts. The host's heap
 * is never touched, so what the program does later does not depend on how its whitelist was read.
 *
 * malloc, calloc, realloc and free are declared where they always are. They need arena_open()
 * first; they are for one thread, as the constructor is. They never return NULL: where there is no
 * room they end the process with a message. Nobody could do anything else, and libseccomp, for one,
 * swallows some failures and crashes at others. */
#ifndef PORTCULLIS_SHIM_FREESTANDING_ARENA_H
#define PORTCULLIS_SHIM_FREESTANDING_ARENA_H

/* Room for the largest whitelist that makes sense, many times over. It is mapped as it is needed:
 * under a small RLIMIT_AS the program, whose limit it is, gets by with little as well. */
enum { ARENA_BYTES = 64 << 20 };

/* Makes the first mapping. Returns 0 or what mmap(2) failed with. */
int arena_open(void) __attribute__((warn_unused_result));

/* Unmaps all of it: every block that was ever handed out is gone. Returns 0 or what munmap(2)
 * failed with. */
int arena_release(void) __attribute__((warn_unused_result));

#endif
