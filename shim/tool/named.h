/* The program that is to run, and those that a whitelist names ("program ="). */
#ifndef PORTCULLIS_TOOL_NAMED_H
#define PORTCULLIS_TOOL_NAMED_H

#include <limits.h>
#include <stdbool.h>

#include "../../config/whitelist.h"

/* Whether the file of an item of "program =" need not be there, by its '?', and is not. */
bool named_is_absent(const char *item);

/* Finds what NAME runs, as target_find() does, and sees whether the shim reaches it; where SETTINGS
 * name programs, whether they are there and it reaches each of them: the shim will say the same.
 * Returns STATUS_OK, or, after telling why, STATUS_CONFIG or a status of target.h's. */
int named_find(const struct settings *settings, const char *name, char path[PATH_MAX])
    __attribute__((warn_unused_result));

#endif
