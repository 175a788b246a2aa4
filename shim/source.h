/* From a whitelist's text to the filter in the kernel. Part of the shared object alone. */
#ifndef PORTCULLIS_SHIM_SOURCE_H
#define PORTCULLIS_SHIM_SOURCE_H

#include "environment.h"

/* Reads the whitelist PATH, open as DESCRIPTOR where that is not -1, and filters the process by it;
 * OWN is the path of this library, or NULL. Ends the process where anything fails. Returns without
 * a filter where the whitelist names other programs. */
void source_enforce(const struct environment *environment, const char *path, int descriptor,
                    const char *own);

#endif
