/* "program = PATH...": is this the program that the whitelist speaks of? */
#ifndef PORTCULLIS_SHIM_PROGRAM_H
#define PORTCULLIS_SHIM_PROGRAM_H

#include "../config/diagnostic.h"
#include "../config/whitelist.h"

/* Compares the executable of this process with the programs of SETTINGS, by device and inode.
 * Returns 1 where the filter is for it (always, if no program is named), 0 where the shim has to
 * stand aside; -EINVAL after reporting a path that cannot be looked at; -ENOENT or another error
 * where /proc/self/exe cannot. */
int program_wanted(const struct settings *settings, struct diagnostics *diagnostics)
    __attribute__((warn_unused_result));

#endif
