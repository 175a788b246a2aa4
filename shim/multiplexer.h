/* i386's socketcall and ipc: one number for many calls, whose arguments are behind a pointer. */
#ifndef PORTCULLIS_SHIM_MULTIPLEXER_H
#define PORTCULLIS_SHIM_MULTIPLEXER_H

#include <stddef.h>

#include "../config/diagnostic.h"
#include "../config/whitelist.h"
#include "rules.h"

/* The number of a multiplexer of this architecture; -1 behind the last. */
int multiplexer_number(size_t index);

/* A condition can't be put to a call that is made by a multiplexer. An allowance does not reach
 * that far: it is refused there, unless a line speaks of the multiplexer itself. A denial that
 * would not reach that far while the call is allowed there is a mistake. Returns 0, or -EINVAL
 * after reporting mistakes. */
int multiplexer_check(const struct whitelist *whitelist, const struct rules *rules,
                      struct diagnostics *diagnostics) __attribute__((warn_unused_result));

#endif
