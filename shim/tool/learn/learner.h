/* What the gate's watcher does for `learn`: it records what is not listed, and keeps the list. */
#ifndef PORTCULLIS_TOOL_LEARN_LEARNER_H
#define PORTCULLIS_TOOL_LEARN_LEARNER_H

#include <stdbool.h>

#include "../call.h"
#include "../gate.h"
#include "../policy.h"
#include "backend.h"
#include "record.h"

/* --stage: what is recorded from the first call of a function on. */
struct learner_stage {
    const char *name;         /* NULL: there is none */
    uint32_t triggers;        /* a set of positions in triggers.h: any of them begins it */
    char when[CALL_TEXT_MAX]; /* their names, separated by a space */
    unsigned number;          /* among the policy's, or 0: it is new */
};

/* All borrowed: as long as this process. */
struct learner_settings {
    const struct policy *policy; /* what is allowed outright, and what is denied */
    bool listed;                 /* it is a file's: that of PATH */
    const struct filter *filter; /* what it allows is not looked at: the policy's, or less */
    struct learner_stage stage;
    const char *path;    /* of the whitelist, absolute, or NULL: it goes to OUTPUT */
    const char *shown;   /* the same as the user called it */
    int output;          /* a descriptor that the watcher keeps */
    const char *command; /* for people: the program and its arguments */
    const struct backend *backend;
    enum record_arguments arguments;
    bool annotate;
    bool no_children;
    bool quiet;
    double timeout; /* in seconds, or 0 */
    bool *kept;     /* set when PATH has the list: shared with the watcher, or NULL */
};

/* Adds to GATE, which must not have been lowered, the hooks that it takes. Returns STATUS_OK, or
 * STATUS_CANNOT after telling why. */
int learner_join(const struct learner_settings *settings, struct gate *gate)
    __attribute__((warn_unused_result));

#endif
