/* What `learn` shows while it runs, and at the end. On standard error. */
#ifndef PORTCULLIS_TOOL_LEARN_PROGRESS_H
#define PORTCULLIS_TOOL_LEARN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "record.h"

/* A zeroed structure shows nothing. */
struct progress {
    bool live;  /* standard error is a terminal */
    bool shown; /* a line stands there */
    struct timespec began;
    struct timespec next; /* not before then */
};

void progress_begin(struct progress *progress);

/* At most ten times a second: "learn: 12345 calls, 34 distinct, last new one: openat, 2.3 s", in
 * place of the line before. Costs next to nothing when it is not time yet. */
void progress_update(struct progress *progress, const struct record *record);

/* Takes the line away; also before anything else is written to standard error. */
void progress_clear(struct progress *progress);

struct summary {
    const char *path;  /* of the whitelist, or NULL: standard error/output got it */
    uint64_t calls;    /* seen, those that the whitelist allowed outright aside */
    unsigned distinct; /* different system calls among them */
    size_t added;      /* lines and names that are new */
    unsigned children; /* processes that were followed */
    unsigned allowed;  /* different system calls that the whitelist allows now, wholly or in part */
    unsigned known;    /* of how many that this machine has */
};

/* Always: one or two lines. */
void progress_summary(const struct summary *summary);

#endif
