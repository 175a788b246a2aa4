/* learn --verify: the program once more, under what was learned. */
#ifndef PORTCULLIS_TOOL_LEARN_AGAIN_H
#define PORTCULLIS_TOOL_LEARN_AGAIN_H

#include <stdbool.h>
#include <stddef.h>

/* What the watchers of both runs tell the process that waits for them. In shared memory. */
struct again {
    bool kept;   /* the first: the list is in the file */
    bool ran;    /* the second: the program was let in */
    bool told;   /* it has seen the end */
    bool unseen; /* it may not have seen all that was refused */
    size_t refused;
};

/* Returns NULL after telling why. */
struct again *again_open(void);

/* Calls RUN in a child, which it may execute something in, and waits until that has ended, and the
 * watcher, which is to keep the descriptor KEEP. Signals that ask for an end are handed on. Returns
 * the status, as a shell has it. */
int again_wait(int (*run)(void *context, int keep), void *context);

/* As `run` does it, the shim included, with `run --report`'s eyes: EXECUTABLE with ARGUMENTS, under
 * the whitelist PATH. Returns if it can't be executed. */
int again_run(const char *path, const char *executable, char **arguments, int keep,
              struct again *again);

#endif
