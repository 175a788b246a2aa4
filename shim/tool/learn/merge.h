/* Additions into the text of a whitelist. Pure: text in, text out. */
#ifndef PORTCULLIS_TOOL_LEARN_MERGE_H
#define PORTCULLIS_TOOL_LEARN_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "additions.h"

/* What the header of a new whitelist tells. All borrowed. */
struct merge_facts {
    const char *heading; /* "learned from: ls -lR /usr" or "imported from: strace LOG" */
    const char *machine; /* "Linux 6.18.0 x86_64, glibc 2.36" */
    uint64_t calls;      /* seen in this run */
    bool again;          /* this run was counted before; CALLS are those that came since */
    bool annotate;       /* counts and first call sites as comments */
    bool likely;         /* the block "not seen, but likely needed" */
    const char *stage;   /* the additions are for [stage NAME], not for [allow]; or NULL */
    const char *when;    /* the functions that begin it, where it is not there yet */
};

/* TEXT, of LENGTH bytes (0 with TEXT NULL: there is no file yet), with ADDITIONS where they belong:
 * names into the sorted and wrapped "syscalls =" block that a learner wrote, or else on new lines
 * behind the last "syscalls =" of [allow]; conditions behind the last line of the same key. What
 * the user wrote keeps its bytes and its order. Nothing to add: *RESULT is NULL. Otherwise *RESULT
 * is the new text, NUL-terminated, owned by the caller. Every line of it is one that the reader
 * takes, if those of TEXT are. A name is added as it is, also where TEXT has conditions for it:
 * that they are not swallowed is the caller's care. Returns 0; -EINVAL if an addition can't be
 * written as a line (a name or a condition that are none, or too long); -ENOMEM. */
int merge_text(const char *text, size_t length, const struct additions *additions,
               const struct merge_facts *facts, char **result, size_t *result_length)
    __attribute__((warn_unused_result));

#endif
