/* What the parts of `portcullis explain` share. */
#ifndef PORTCULLIS_TOOL_EXPLAIN_H
#define PORTCULLIS_TOOL_EXPLAIN_H

#include <stdbool.h>

#include "policy.h"

/* Prints the whole policy as a whitelist of its own, each line with its origin. */
void explain_policy(const struct policy *policy, bool json);

/* Prints what the call WORDS[0], with the arguments WORDS[1] and so on, gets, and why. Returns
 * STATUS_OK; or STATUS_USAGE after telling what is wrong with it, after the words of WHERE. */
int explain_call(const struct policy *policy, char **words, int count, bool json,
                 const char *where);

/* The same for each line of standard input. */
int explain_calls(const struct policy *policy, bool json);

/* Says in words what the audit log on standard input tells of refused calls. POLICY may be NULL. */
int explain_audit(const struct policy *policy, bool json);

/* "  to allow it, in FILE [allow]:  LINE"; or, where LINE is not NARROW, whatever its arguments. In
 * STAGE's section, unless that is 0; POLICY may be NULL, which has no stage. */
void explain_line(const struct policy *policy, unsigned stage, const char *line, bool narrow);

/* "FILE:LINE", or "built in" for a setting that no line sets. Returns TEXT. */
const char *explain_place(struct place place, char *text, size_t size);

#endif
