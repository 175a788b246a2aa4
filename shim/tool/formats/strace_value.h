/* The arguments of a system call, as strace writes them, in numbers. Pure. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_VALUE_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../config/prototypes.h"
#include "strace_table.h"

/* "PROT_READ|PROT_WRITE", "0x1 /" "* AF_??? *" "/", "3</a/path>", "_IOC(_IOC_READ, 0x54, 0x1, 0)":
 * LENGTH bytes of TEXT. Returns false for what is not a number by its names. */
bool strace_value(const char *text, size_t length, uint64_t *value);

/* All that TEXT, what is between the parentheses, has, each in its place in PROTOTYPE (NULL: in the
 * order in which they stand). Returns which can be read, a bit each; the others are left alone. */
unsigned strace_values(const char *text, const struct prototype *prototype, uint64_t values[6]);

/* The argument in PLACE of PROTOTYPE, as TEXT has it; of no length if it is not there. */
struct strace_text strace_argument(const char *text, const struct prototype *prototype, int place);

#endif
