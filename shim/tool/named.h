/* The programs that a whitelist names ("program ="). */
#ifndef PORTCULLIS_TOOL_NAMED_H
#define PORTCULLIS_TOOL_NAMED_H

#include "../../config/whitelist.h"

/* They have to be there, and in the shim's reach: the shim will say the same. Returns STATUS_OK, or
 * STATUS_CONFIG or what target_check() returned, after telling why. */
int named_check(const struct settings *settings) __attribute__((warn_unused_result));

#endif
