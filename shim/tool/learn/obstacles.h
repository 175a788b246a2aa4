/* What makes a program another one while it is learned: each is told of once. */
#ifndef PORTCULLIS_TOOL_LEARN_OBSTACLES_H
#define PORTCULLIS_TOOL_LEARN_OBSTACLES_H

#include <stdbool.h>

#include "../gate.h"
#include "backend.h"

/* A zeroed structure is for a program that none was told of. */
struct obstacles {
    const char *path; /* borrowed: of the whitelist, as the user called it, or NULL */
    bool traces;
    bool listens;
};

/* Before the program is started: looks at its standard output. */
void obstacles_look(void);

/* In the watcher: tells of EVENT, which is about to be made, if it fails because the program is
 * learned. BACKEND: by which the program is. */
void obstacles_tell(struct obstacles *obstacles, const struct gate *gate,
                    const struct backend *backend, const struct event *event);

#endif
