/* Where a program that has just been executed is to be stopped. */
#ifndef PORTCULLIS_TOOL_ENTRY_H
#define PORTCULLIS_TOOL_ENTRY_H

#include <stdint.h>
#include <sys/types.h>

/* The entry point of PROCESS, which is stopped at its exec. Loaders run there what is theirs before
 * the program's own code. Returns 0 or a negative errno (-ENOEXEC: there is none). */
int entry_find(pid_t process, uint64_t *address) __attribute__((warn_unused_result));

/* For PROCESS that stands at its entry point: glibc's loader has run the libraries' constructors by
 * then, and *ADDRESS becomes 0. musl's runs them from there, by way of __libc_start_main(), and the
 * program's _init() behind them: that is *ADDRESS. Returns 0 or a negative errno (-ENOEXEC: there
 * is no such place). */
int entry_find_init(pid_t process, uint64_t *address) __attribute__((warn_unused_result));

#endif
