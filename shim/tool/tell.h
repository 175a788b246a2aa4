/* What a user is told of a refused call, once for each place that it is made at. */
#ifndef PORTCULLIS_TOOL_TELL_H
#define PORTCULLIS_TOOL_TELL_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "compose.h"
#include "policy.h"

/* Sums of texts. A zeroed structure is empty. */
struct told {
    uint64_t *sums; /* owned */
    size_t count;
    size_t capacity;
};

struct teller {
    const struct policy *policy;
    const struct composition *composition; /* of the command line's lines, or NULL */
    const char *file;                      /* the whitelist to add lines to, or NULL */
    int output;                            /* a descriptor: where it is written to */
    struct told refusals;
    struct told kin; /* the lines that go with others */
    size_t total;    /* refusals, told or not */
};

/* A refused call. */
struct refusal {
    const struct seccomp_data *call;
    const struct verdict *verdict;
    uint32_t layers; /* what is in force: bit 0 [allow], bit N the stage N */
    pid_t process;
    pid_t thread;
    const char *name; /* tell_name()'s */
    const char *site; /* site_text()'s */
};

enum { TELL_NAME_MAX = 32 };

/* What PROCESS is called, with '?' for what can't be printed, or "?". Returns NAME. */
const char *tell_name(pid_t process, char name[TELL_NAME_MAX]);

/* Writes it, unless the same was told before, and counts it. */
void tell_refusal(struct teller *teller, const struct refusal *refusal);

/* The count, at the end. UNSEEN: there may have been others. */
void tell_count(const struct teller *teller, bool unseen);

void tell_release(struct teller *teller);

#endif
