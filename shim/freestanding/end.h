/* The last words. Nothing here allocates, and nothing can fail in a way that lets the program go
 * on. */
#ifndef PORTCULLIS_SHIM_FREESTANDING_END_H
#define PORTCULLIS_SHIM_FREESTANDING_END_H

#include <stddef.h>

/* sysexits.h's EX_CONFIG and EX_OSERR: the whitelist is to blame, or the kernel. */
enum { STATUS_WHITELIST = 78, STATUS_SYSTEM = 71 };

/* Writes LENGTH bytes of TEXT to standard error, as far as that is possible. */
void end_say(const char *text, size_t length);

/* Ends the process, all its threads. */
_Noreturn void end_process(int status);

/* Ends the process because of a mistake in this library: TEXT says what should not have happened.
 */
_Noreturn void end_unexpected(const char *text);

#endif
