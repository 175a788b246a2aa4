/* What programs were seen to do, in memory that does not grow with how often. Pure: no process, no
 * file. */
#ifndef PORTCULLIS_TOOL_LEARN_RECORD_H
#define PORTCULLIS_TOOL_LEARN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "../../rules.h"
#include "additions.h"

/* --arguments: which arguments of a call become conditions. */
enum record_arguments {
    RECORD_ARGUMENTS_NONE, /* names only (but see below) */
    RECORD_ARGUMENTS_SAFE, /* those of a short table that stay the same from run to run */
    RECORD_ARGUMENTS_ALL,  /* of a longer one: also what may differ the next time */
};

struct record;

/* RULES: of the whitelist that is added to, or NULL; borrowed. Where it has lines with conditions
 * for a call, the arguments that these look at are recorded for it as well, whatever ARGUMENTS
 * says: a name alone would swallow them. Returns NULL if there is no memory. */
struct record *record_open(const struct rules *rules, enum record_arguments arguments);

/* A native call was made. *FRESH, unless FRESH is NULL: nothing like it was seen before (it is
 * worth asking where it came from). Returns 0 or -ENOMEM. */
int record_call(struct record *record, int number, const uint64_t arguments[6], bool *fresh)
    __attribute__((warn_unused_result));

/* Where the call that record_call() was last told of was made; copied. Returns 0 or -ENOMEM. */
int record_site(struct record *record, const char *site) __attribute__((warn_unused_result));

/* How many calls were told of, and how many different system calls they are. */
uint64_t record_total(const struct record *record);
unsigned record_distinct(const struct record *record);

/* The number of the last call that was fresh, or -1. */
int record_last_new(const struct record *record);

/* What a whitelist with the rules NOW (NULL: an empty one) lacks of what was seen, as the narrowest
 * lines that people would write: values of one argument become "domain in AF_UNIX AF_INET", flags
 * that come and go are masked out, constants have their names. What NOW refuses by a [deny] line is
 * left out; fstat and newfstatat come together (swapped.h). Returns 0 or -ENOMEM; ADDITIONS is to
 * be released in any case. */
int record_additions(const struct record *record, const struct rules *now,
                     struct additions *additions) __attribute__((warn_unused_result));

void record_close(struct record *record);

#endif
