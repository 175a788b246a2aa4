/* Lines of the language from the command line, alone or over a whitelist. */
#ifndef PORTCULLIS_TOOL_COMPOSE_H
#define PORTCULLIS_TOOL_COMPOSE_H

#include <stddef.h>

#include "policy.h"

enum compose_kind { COMPOSE_DEFAULT, COMPOSE_ALLOW, COMPOSE_DENY };

struct compose_option {
    enum compose_kind kind;
    const char *text; /* borrowed: as it was given */
};

/* A whitelist as a text of one file; [filter], [allow] and [deny] in this order. */
struct composition {
    char *text; /* owned */
    size_t length;
    char *
        *origins; /* owned: where each line is from, for messages: "FILE:LINE" or "--allow "..."" */
    size_t lines;
};

/* Composes BASE, which has no mistakes, or NULL, and the COUNT lines in OPTIONS: these come first,
 * so that their denials win. Checks the whole, tells mistakes on standard error, and leaves the
 * result in POLICY, which is to be released in any case, before COMPOSITION. Returns STATUS_OK,
 * STATUS_CONFIG or STATUS_OS. */
int compose(const struct policy *base, const struct compose_option *options, size_t count,
            struct composition *composition, struct policy *policy)
    __attribute__((warn_unused_result));

/* Puts the text where a path can name it as long as its descriptor is open. Returns the descriptor,
 * or a negative errno after telling why. */
int compose_store(const struct composition *composition) __attribute__((warn_unused_result));

void compose_release(struct composition *composition);

#endif
