/* What this kernel and machine can do, each thing tried in a child process. */
#ifndef PORTCULLIS_TOOL_TRIALS_H
#define PORTCULLIS_TOOL_TRIALS_H

#include <stddef.h>

struct trial {
    const char *name;
    const char *works;    /* what can be done where it succeeds */
    const char *costs;    /* what is lost where it fails */
    int (*attempt)(void); /* runs in a child of its own; 0 or a positive errno */
    int needed;           /* not 0: without it nothing is enforced */
};

/* All of them, in an order that tells a story. Static storage. */
extern const struct trial TRIALS[];
extern const size_t TRIAL_COUNT;

/* Runs a trial in a child. Returns 0 if it succeeded; else an errno, or -1 if the child died of it
 * or hung. */
int trial_run(const struct trial *trial);

#endif
