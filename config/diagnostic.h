/* Messages for people: FILE:LINE: severity: text. Formatted here and nowhere else; where they go is
 * the caller's business. */
#ifndef PORTCULLIS_CONFIG_DIAGNOSTIC_H
#define PORTCULLIS_CONFIG_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

struct place {
    const char *file; /* as the user wrote it; borrowed, must outlive the diagnostics */
    unsigned line;    /* from 1; 0 means the file as a whole */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

/* Collects messages, so that they can be told in the order of the file whichever stage found them.
 * A zeroed structure is an empty one. */
struct diagnostics {
    struct diagnostic *items; /* owned */
    size_t count;
    size_t capacity;
    size_t errors; /* how many errors were reported, kept or not: not zero means "do not go on" */
    size_t warnings;
    size_t dropped; /* reported beyond DIAGNOSTICS_MAX, or for want of memory */
    bool muted;     /* the message reported last was not kept, so its notes are not either */
};

enum { DIAGNOSTICS_MAX = 100, DIAGNOSTIC_TEXT_MAX = 1024 };

/* Reports one mistake; the same one twice is kept once. FORMAT knows %s, %.*s, %d, %u, %lu, %ld,
 * %lx and %%: what the shim's own vsnprintf knows. Characters that are not printable ASCII are
 * shown as '?', so that a hostile file can't drive a terminal. */
void diagnostic_error(struct diagnostics *diagnostics, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void diagnostic_warning(struct diagnostics *diagnostics, struct place place, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));

/* A second place for the message reported just before; it stays behind that one. */
void diagnostic_note(struct diagnostics *diagnostics, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Hands every message, a line each with its '\n', to WRITE, sorted by file (in the order in which
 * the files first came up) and line; then "N more" where some were dropped. */
void diagnostics_tell(const struct diagnostics *diagnostics,
                      void (*write)(void *context, const char *text, size_t length), void *context);

void diagnostics_release(struct diagnostics *diagnostics);

#endif
