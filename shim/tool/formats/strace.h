/* What a log of strace says that a program did. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_H

#include "../import.h"

/* Lines of strace -f with or without -o, -t, -tt, -ttt, -r, -T, -i, -n, -k, -y, -Y, -X; and the
 * table of strace -c. Where the log has processes with the shim in them, only what these and their
 * children did behind the loading of the filter counts. Calls of another architecture are left out,
 * where the log tells of them: with -o it does not. Returns a status, after telling on standard
 * error. */
int strace_import(const struct import *import) __attribute__((warn_unused_result));

#endif
