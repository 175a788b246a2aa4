/* Warnings about a whitelist that is valid, and probably not what was meant. */
#ifndef PORTCULLIS_TOOL_LINT_H
#define PORTCULLIS_TOOL_LINT_H

#include "../../config/file.h"
#include "policy.h"

enum linter {
    LINT_ALWAYS_MATCHES,
    LINT_EXECUTABLE_MEMORY,
    LINT_FLAGS_EQUAL,
    LINT_HARDENING,
    LINT_IDLE_GROUP,
    LINT_NAMESPACES,
    LINT_NEVER_MATCHES,
    LINT_NO_LOADER,
    LINT_OLD_PAIR,
    LINT_STAGE_IDLE,
    LINT_STAGE_OPEN,
    LINT_STAGE_TRIGGER,
    LINT_STAGE_VAIN,
    LINT_STALE,
    LINT_SWALLOWED,
    LINT_WRITABLE,
    LINT_COUNT,
};

struct lint {
    const struct policy *policy;     /* borrowed; valid, with rules */
    struct diagnostics *diagnostics; /* borrowed; where warnings go */
    unsigned stage;                  /* that is looked at; 0: none, but [allow] */
    const struct rules *rules;       /* borrowed: policy's, of that stage */
    bool muted[LINT_COUNT];          /* these are not given */
    const char *source_name; /* borrowed: the file whose comments were looked at last, or NULL */
    struct file source;      /* owned: what is in it */
    const char **lines;      /* owned: where each of its lines begins, and where the last ends */
    size_t line_count;
};

/* The name of a linter, as in "no-warn: NAME", and what it warns of. */
const char *linter_name(enum linter linter);
const char *linter_purpose(enum linter linter);

/* Whether NAME is a linter's; *LINTER is which. */
bool linter_find(const char *name, enum linter *linter);

/* Gives all warnings. */
void lint_policy(struct lint *lint);

/* For the linters. Unless LINTER is muted, or a comment on the line says so, warns at PLACE;
 * returns whether it did. */
bool lint_warn(struct lint *lint, enum linter linter, struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether ENTRY is to be warned of now: [deny] is looked at with [allow] alone. */
bool lint_concerns(const struct lint *lint, const struct entry *entry);

/* Whether the comment at PLACE has WORD in it. */
bool lint_remarks(struct lint *lint, struct place place, const char *word);

/* Whether the comment at PLACE says that a program has made the call: "seen 3 times". */
bool lint_is_seen(struct lint *lint, struct place place);

/* The parts of lint_policy(); those in the middle look at [allow] or at one stage. */
void lint_lines(struct lint *lint);     /* lines that do nothing, or not what they seem to */
void lint_swallowed(struct lint *lint); /* lines that other lines make superfluous */
void lint_pairs(struct lint *lint);     /* calls that do the same as others */
void lint_powers(struct lint *lint);    /* calls that get around the filter */
void lint_stage(struct lint *lint);     /* a stage that is not what it seems to be */
void lint_files(struct lint *lint);     /* files that others can change */
void lint_stale(struct lint *lint);     /* what a compiled whitelist was made from */

#endif
