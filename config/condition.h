/* "domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == SOCK_STREAM": the right side of a line,
 * as clauses. */
#ifndef PORTCULLIS_CONFIG_CONDITION_H
#define PORTCULLIS_CONFIG_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnostic.h"
#include "prototypes.h"

enum comparison {
    COMPARE_IN,
    COMPARE_NOT_IN,
    COMPARE_WITH,    /* all of the flags are set */
    COMPARE_WITHOUT, /* none of them is set */
    COMPARE_ONLY,    /* no other is set */
    COMPARE_EQUAL,
    COMPARE_NOT_EQUAL,
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_GREATER,
    COMPARE_GREATER_EQUAL,
};

/* Both ends belong to it. The numbers are bit patterns, cut to the argument's width; LOW <= HIGH in
 * the order of the argument's type. */
struct range {
    uint64_t low;
    uint64_t high;
};

struct clause {
    unsigned argument; /* 0 to 5 */
    unsigned width;    /* bits of it that count: 16, 32 or 64 */
    bool is_signed;    /* how < and .. order the values; false where there is a mask */
    uint64_t mask;     /* applied before the comparison; all ones where none was written */
    enum comparison comparison;
    struct range *ranges; /* owned; one with LOW == HIGH where the comparison takes one value or a
                             set of flags */
    size_t count;
};

/* A conjunction. A zeroed structure has no clause and always matches. */
struct condition {
    struct clause *clauses; /* owned */
    size_t count;
};

/* Parses TEXT, a condition on the call whose PROTOTYPE this is; with none, a0 to a5 are known, as
 * unsigned and 64 bits wide. Every mistake is reported at PLACE. Returns 0; -EINVAL after reporting
 * mistakes; -ENOENT if there is no prototype and an argument is called something else (not
 * reported: it is the call that may be unknown); -ENOMEM. On failure CONDITION is empty; otherwise
 * condition_release() is the caller's duty. */
int condition_parse(const char *text, const char *syscall, const struct prototype *prototype,
                    struct place place, struct diagnostics *diagnostics,
                    struct condition *condition) __attribute__((warn_unused_result));

/* Whether a call with these arguments, in all their 64 bits, meets the condition. */
bool condition_matches(const struct condition *condition, const uint64_t arguments[6]);

/* The bits of its argument that a clause looks at: WIDTH ones. */
uint64_t clause_bits(const struct clause *clause);

void condition_release(struct condition *condition);

/* The value of a number (decimal, 0x, 0 octal, negative) or a constant's name. Returns false if
 * WORD is neither. */
bool condition_number(const char *word, int64_t *value);

#endif
