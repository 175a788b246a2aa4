/* "program = PATH...": is this the program that the whitelist speaks of? */
#ifndef PORTCULLIS_SHIM_PROGRAM_H
#define PORTCULLIS_SHIM_PROGRAM_H

#include <stdint.h>

#include "../config/diagnostic.h"
#include "../config/whitelist.h"

/* Which file a program is. */
struct program_file {
    uint64_t device;
    uint64_t inode;
};

/* The executable of this process. Returns 0, or a negative errno, never -EINVAL. */
int program_self(struct program_file *self) __attribute__((warn_unused_result));

/* Whether PATH is SELF: 1, 0, or a negative errno where it cannot be looked at. */
int program_is(const struct program_file *self, const char *path)
    __attribute__((warn_unused_result));

/* The name of a negative errno. Static storage. */
const char *program_error(int error);

/* Compares the executable of this process with the programs of SETTINGS, by device and inode.
 * Returns 1 where the filter is for it (always, if no program is named), 0 where the shim has to
 * stand aside; -EINVAL after reporting a path that cannot be looked at; -ENOENT or another error
 * where /proc/self/exe cannot. */
int program_wanted(const struct settings *settings, struct diagnostics *diagnostics)
    __attribute__((warn_unused_result));

#endif
