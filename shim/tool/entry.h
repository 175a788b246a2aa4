/* Where a program that has just been executed is to be stopped. */
#ifndef PORTCULLIS_TOOL_ENTRY_H
#define PORTCULLIS_TOOL_ENTRY_H

#include <stdint.h>
#include <sys/types.h>

/* The address in PROCESS, stopped at its exec, that is reached when the libraries' constructors
 * have run, and the program's own have not. With glibc's loader it is the entry point. musl's runs
 * all constructors from there, by way of __libc_start_main(): it is the program's _init() then,
 * which is the first of its own. Returns 0 or a negative errno (-ENOEXEC: there is no such place).
 */
int entry_find(pid_t process, uint64_t *address) __attribute__((warn_unused_result));

#endif
