/* A whitelist as it was written: every line knows its place. */
#ifndef PORTCULLIS_CONFIG_WHITELIST_H
#define PORTCULLIS_CONFIG_WHITELIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "condition.h"
#include "diagnostic.h"

enum action_kind { ACTION_ALLOW, ACTION_LOG, ACTION_ERRNO, ACTION_TRAP, ACTION_KILL };

struct action {
    enum action_kind kind;
    unsigned error; /* 1 to 4094, for ACTION_ERRNO */
};

enum subject_kind { SUBJECT_NAME, SUBJECT_GROUP, SUBJECT_NUMBER };

/* What a line speaks of: NAME, ?NAME, @GROUP or a raw number. */
struct subject {
    enum subject_kind kind;
    bool optional;    /* written with a '?' */
    const char *name; /* without '?' and '@'; for a number, its digits; owned by the whitelist */
    int number;       /* for SUBJECT_NUMBER */
};

enum section { SECTION_ALLOW, SECTION_DENY };

/* One thing that a line of [allow] or [deny] says; "syscalls = a b c" makes three. */
struct entry {
    struct place place;
    enum section section;
    unsigned stage; /* 0: [allow] or [deny]; N: the whitelist's stages[N - 1] */
    struct subject subject;
    struct action action; /* what the call gets; ACTION_ALLOW in [allow] */
    bool conditional;
    struct condition condition; /* owned */
    const char *condition_text; /* as written, or NULL; owned by the whitelist */
    bool implied;               /* not written so: a member of a group, or what another name stands
                                   for on this architecture (spellings.h) */
    bool unread; /* the condition calls arguments by name, and no prototype has them: a mistake,
                    unless the system call is optional and unknown as well */
};

enum children { CHILDREN_INHERIT, CHILDREN_RELOAD };

/* Where a [filter] key was set; line 0: nowhere, so the built-in default holds (DEFAULT_PLACE then
 * is the file as a whole). */
struct settings {
    struct action default_action;
    struct place default_place;
    bool audit;
    struct place audit_place;
    enum children children;
    struct place children_place;
    bool no_new_privileges;
    struct place no_new_privileges_place;
    const char **programs; /* paths, those that need not be there behind a '?'; they and the array
                              are owned by the whitelist */
    size_t program_count;
    struct place program_place;
};

enum { WHITELIST_STAGES_MAX = 16, STAGE_NAME_MAX = 32 };

/* [stage NAME]: a tighter filter from the first call of a function on. Its lines are entries of
 * [allow] that carry its number. */
struct stage {
    const char *name; /* owned by the whitelist */
    struct place place;
    uint32_t triggers; /* a set of positions in triggers.h: any of them begins it */
    struct place when_place;
};

/* A file that was read: the whitelist itself, or one that is included. */
struct source {
    const char *path; /* as it was opened; owned by the whitelist, or borrowed as its name is */
    struct source *next;
};

/* Obtained from the reader; whitelist_release() is its owner's duty. */
struct whitelist {
    const char *name; /* of the file it was read from, as it was given; borrowed */
    struct settings settings;
    struct entry
        *entries; /* owned; in the order of the lines, includes expanded where they stand */
    size_t entry_count;
    size_t entry_capacity;
    struct stage *stages; /* in the order of the lines; among the texts */
    size_t stage_count;
    struct source *sources; /* every file that was read, the last first; one included twice is there
                               twice; owned as the texts are */
    struct text *texts;     /* owned: every string that the rest points to */
};

/* The prototype of the call that SUBJECT, no group, is; or NULL. */
const struct prototype *subject_prototype(const struct subject *subject);

/* Whether a stage may have the NAME of LENGTH bytes. */
bool stage_is_named(const char *name, size_t length);

/* SIZE bytes, aligned for a pointer, owned by WHITELIST; NULL if there is no memory. */
void *whitelist_memory(struct whitelist *whitelist, size_t size);

/* A copy of LENGTH bytes of TEXT with a NUL behind it, owned by WHITELIST; NULL if there is no
 * memory. */
const char *whitelist_text(struct whitelist *whitelist, const char *text, size_t length);

/* Appends ENTRY, whose condition WHITELIST then owns. Returns 0 or -ENOMEM (the condition is still
 * the caller's). */
int whitelist_add(struct whitelist *whitelist, const struct entry *entry)
    __attribute__((warn_unused_result));

/* Whether it has a line in [deny]. */
bool whitelist_denies(const struct whitelist *whitelist);

void whitelist_release(struct whitelist *whitelist);

#endif
