/* run --report: tells of the calls that a whitelist refuses, from outside.
 *
 * Of several filters the strictest verdict wins, and one by errno is stricter than a notification:
 * under the shim's filter nothing would ever be notified of. So the program gets a filter made of
 * the same instructions, in which every refusal has become a notification, before it is executed.
 * The shim is not needed then, and would cost a second filter at every call that is decided by its
 * arguments; with stages it is there, but its filters are not loaded. The gate's watcher answers:
 * before the gate, that the call may pass; from then on, what rules_decide() says. If it dies, what
 * would be refused fails with ENOSYS. */
#ifndef PORTCULLIS_TOOL_REPORT_H
#define PORTCULLIS_TOOL_REPORT_H

#include <stdbool.h>

#include "compose.h"
#include "gate.h"
#include "policy.h"

struct again;

struct report_settings {
    const struct policy *policy;           /* borrowed: what holds */
    const struct composition *composition; /* borrowed; NULL where POLICY is a file's */
    const char *file;                      /* of the whitelist, to add lines to, or NULL */
    bool all;                              /* tell of @fallback's ENOSYS, too */
    bool shim;                             /* the program is to have the shim in any case */
    int output;                            /* where it goes to, in the watcher; 0: standard error */
    struct again *again;                   /* what came of it goes there, or NULL */
};

/* Whether the program has to have the shim: with stages, which it alone can tell the beginnings of.
 * What it asks the kernel to load is then not loaded (begun.h), as with settings.shim. */
bool report_needs_shim(const struct policy *policy);

/* Adds to GATE, which must not have been lowered, the hooks that it takes; the shim is not looked
 * for. Returns STATUS_OK, or STATUS_CANNOT after telling why. */
int report_join(const struct report_settings *settings, struct gate *gate)
    __attribute__((warn_unused_result));

#endif
