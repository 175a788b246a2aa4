/* What the program's environment needs, so that ld.so loads the shim and the shim finds its
 * whitelist. */
#ifndef PORTCULLIS_TOOL_LAUNCH_H
#define PORTCULLIS_TOOL_LAUNCH_H

#include <limits.h>

/* The shim's absolute path, into SHIM: GIVEN if it is not NULL, else that of the shim which belongs
 * to this command. Returns STATUS_OK, or STATUS_CANNOT after telling why. */
int launch_find_shim(const char *given, char shim[PATH_MAX]) __attribute__((warn_unused_result));

/* Sets LD_PRELOAD, SHIM first and other entries kept, and PORTCULLIS_WHITELIST, to WHITELIST's
 * absolute path. With NULL for both, they are what the shim leaves behind: other entries, and an
 * empty variable. Returns STATUS_OK, or STATUS_CANNOT after telling why. */
int launch_set_environment(const char *shim, const char *whitelist)
    __attribute__((warn_unused_result));

/* Where PROGRAM, or what LD_PRELOAD names, has a runtime that wants to be the first library of all
 * (AddressSanitizer's), tells it by its own variable that it need not be: the shim, which comes
 * first, defines nothing that could stand in for it. Returns as above. */
int launch_keep_order(const char *program) __attribute__((warn_unused_result));

/* Executes PATH with ARGUMENTS, by /bin/sh if it is a script without "#!" (as execvp(3) does).
 * Returns if that fails: STATUS_NOT_RUNNABLE or STATUS_NOT_FOUND, after telling why. */
int launch_execute(const char *path, char **arguments) __attribute__((warn_unused_result));

#endif
