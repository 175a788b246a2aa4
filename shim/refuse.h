/* How the shim says why the program does not run. Part of the shared object alone. */
#ifndef PORTCULLIS_SHIM_REFUSE_H
#define PORTCULLIS_SHIM_REFUSE_H

#include <stdbool.h>

/* "portcullis: error: TEXT" on standard error; then the process ends with STATUS. */
_Noreturn void refuse(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "PATH: error: TEXT", which is what the whitelist PATH is to blame for. */
_Noreturn void refuse_whitelist(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* PATH, of a whitelist, is none: NULL, empty, or SECURE forbids to believe it. LINKED: the shim is
 * not preloaded. */
_Noreturn void refuse_path(bool secure, const char *path, bool linked);

/* TEXT and ERROR as load_programs() has them: the kernel is to blame. */
_Noreturn void refuse_system(const char *text, long error);

#endif
