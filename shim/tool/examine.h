/* Whether a process is filtered by a whitelist, at one moment. */
#ifndef PORTCULLIS_TOOL_EXAMINE_H
#define PORTCULLIS_TOOL_EXAMINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "likeness.h"
#include "policy.h"

struct question {
    pid_t pid;
    const char *file; /* or NULL: is it filtered at all? */
    const struct policy *policy;
    struct wanted wanted;
    struct wanted other; /* owned: the programs that a compiled form of the same text would have */
    unsigned own;        /* how many filters this process is under itself */
};

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_UNPROVEN };

/* How much a finding explains. */
enum weight {
    WEIGHT_GONE,      /* there is no such process */
    WEIGHT_UNSETTLED, /* it could not be stopped, or was about to change */
    WEIGHT_SETTLED,
};

struct finding {
    enum answer answer;
    enum weight weight;
    bool final;      /* waiting won't change it */
    bool acceptable; /* unproven only because filters can't be read: every thread has one of its
                        own, and NO_NEW_PRIVS where the whitelist demands that */
    size_t threads;
    bool over;       /* no stage can begin any more */
    uint32_t stages; /* that have begun: bit N for the number N */
    char text[1024];
};

/* Looks at the process. Before a yes it stops all of it, for HALT_MILLISECONDS at the most: each
 * thread that is not a zombie has the filters that are wanted, and there is one at least. All that
 * is done in a child process: when that ends, the kernel lets go of what may still be held. */
void examine(const struct question *question, struct finding *finding);

#endif
