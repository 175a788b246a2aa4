/* "program = PATH...": is this the program that the whitelist speaks of? */
#ifndef PORTCULLIS_SHIM_PROGRAM_H
#define PORTCULLIS_SHIM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "../config/diagnostic.h"
#include "../config/whitelist.h"

#define PROGRAM_SELF "/proc/self/exe"

/* Which file a program is. */
struct program_file {
    uint64_t device;
    uint64_t inode;
};

/* The executable of this process. Returns 0, or a negative errno, never -EINVAL. */
int program_self(struct program_file *self) __attribute__((warn_unused_result));

/* The path in an item of "program =": what stands behind a '?', if there is one. */
const char *program_path(const char *item);

/* Whether PATH is SELF, this process's executable: 1, 0, or a negative errno where it cannot be
 * looked at, or can be no process's executable. */
int program_is(const struct program_file *self, const char *path)
    __attribute__((warn_unused_result));

/* The rest of that for a PATH which is another file than the executable, the link EXECUTABLE
 * (PROGRAM_SELF, or another process's). REGULAR: PATH is a regular file. Returns 1 where PATH was
 * the executable when that was executed, and has been replaced since; 0 where it is another
 * program; -EISDIR where it is not a regular file; -ENOEXEC where it is no ELF file, so that not
 * itself but an interpreter would be the executable; or another negative errno. */
int program_other(const char *executable, const char *path, bool regular)
    __attribute__((warn_unused_result));

/* What such a negative errno means: its name, or words. Static storage. */
const char *program_error(int error);

/* Compares the executable of this process with the programs of SETTINGS, by device and inode.
 * Returns 1 where the filter is for it (always, if no program is named), 0 where the shim has to
 * stand aside; -EINVAL after reporting a path that cannot be looked at; -ENOENT or another error
 * where /proc/self/exe cannot. */
int program_wanted(const struct settings *settings, struct diagnostics *diagnostics)
    __attribute__((warn_unused_result));

#endif
