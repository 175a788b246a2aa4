/* The line that would allow a refused call. */
#ifndef PORTCULLIS_TOOL_PROPOSE_H
#define PORTCULLIS_TOOL_PROPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "../rules.h"

enum { PROPOSE_LINE_MAX = 2048 };

/* The line of [allow] that RULES lack for the native call NUMBER: as narrow as people write them,
 * "socket = domain == AF_NETLINK", "syscalls = read"; where there are lines with conditions
 * already, one that fits beside them. LINE becomes "" where it is only a denial that stands in the
 * way. Returns LINE. */
const char *propose_line(const struct rules *rules, int number, const uint64_t arguments[6],
                         char line[PROPOSE_LINE_MAX]);

#endif
