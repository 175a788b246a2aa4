/* The program that is to run: where it is, and whether LD_PRELOAD reaches it. */
#ifndef PORTCULLIS_TOOL_TARGET_H
#define PORTCULLIS_TOOL_TARGET_H

#include <limits.h>

/* Finds NAME as execvp(3) does, into PATH. Returns STATUS_OK, or STATUS_NOT_RUNNABLE or
 * STATUS_NOT_FOUND after telling why. */
int target_find(const char *name, char path[PATH_MAX]) __attribute__((warn_unused_result));

/* Looks whether ld.so would load the shim into what the file PATH executes: itself, or for a script
 * its interpreter. Returns STATUS_OK, or STATUS_NOT_RUNNABLE after telling why not, and what to do.
 */
int target_check(const char *path) __attribute__((warn_unused_result));

#endif
