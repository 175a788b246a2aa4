/* What a program calls before a whitelist begins to hold: from its execution to its entry point. */
#ifndef PORTCULLIS_TOOL_LEARN_START_H
#define PORTCULLIS_TOOL_LEARN_START_H

#include <stdbool.h>

#include "../../rules.h"
#include "../call.h"

/* Executes PATH with ARGUMENTS in a child, without standard input and output, which goes no further
 * than to its entry point: the loader and the constructors of its libraries run, and nothing of its
 * own. Sets in SEEN, by number, what it calls meanwhile, execve first. What RULES deny, and
 * @fallback, is refused as it would be in force, and not SEEN. Returns STATUS_OK, or another status
 * after telling why the entry point was not reached. */
int start_measure(const struct rules *rules, const char *path, char **arguments,
                  bool seen[CALL_NUMBERS]) __attribute__((warn_unused_result));

#endif
