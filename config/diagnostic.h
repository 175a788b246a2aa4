/* Messages for people: where, how severe, which kind, and a text. They are kept as such until they
 * are printed: as FILE:LINE: severity: text, or in another form that the caller wants. */
#ifndef PORTCULLIS_CONFIG_DIAGNOSTIC_H
#define PORTCULLIS_CONFIG_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

struct place {
    const char *file; /* as the user wrote it; borrowed, must outlive the diagnostics */
    unsigned line;    /* from 1; 0 means the file as a whole */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

/* One message. */
struct diagnostic {
    struct place place;
    enum severity severity;
    const char
        *id;    /* of a warning that has one, for those who look for it; or NULL. Static storage */
    char *text; /* owned; printable ASCII, one line */
};

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

enum {
    DIAGNOSTICS_MAX = 100,
    DIAGNOSTIC_TEXT_MAX = 1024,
    DIAGNOSTIC_WHERE_MAX = 416,
    DIAGNOSTIC_LINE_MAX = DIAGNOSTIC_TEXT_MAX + DIAGNOSTIC_WHERE_MAX + 96,
    DIAGNOSTIC_REST_MAX = 64,
};

/* Reports one mistake; the same one twice is kept once. FORMAT knows %s, %.*s, %d, %u, %lu, %ld,
 * %lx and %%: what the shim's own vsnprintf knows. Characters that are not printable ASCII are
 * shown as '?', so that a hostile file can't drive a terminal. */
void diagnostic_error(struct diagnostics *diagnostics, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void diagnostic_warning(struct diagnostics *diagnostics, struct place place, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));

/* The same for one of several kinds of warnings, of which ID is the name. */
void diagnostic_warning_of(struct diagnostics *diagnostics, const char *id, struct place place,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A second place for the message reported just before; it stays behind that one. */
void diagnostic_note(struct diagnostics *diagnostics, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Hands every message to VISIT, sorted by file (in the order in which the files first came up) and
 * line. */
void diagnostics_visit(const struct diagnostics *diagnostics,
                       void (*visit)(void *context, const struct diagnostic *item), void *context);

/* "error", "warning" or "note". */
const char *severity_name(enum severity severity);

/* Where it is, "FILE:LINE" or "FILE", in printable ASCII. Returns WHERE. */
const char *diagnostic_where(const struct diagnostic *item, char where[DIAGNOSTIC_WHERE_MAX]);

/* "WHERE: severity: text [id]" and a '\n', in printable ASCII; WHERE may be NULL for
 * diagnostic_where(). Returns its length. */
size_t diagnostic_line(const struct diagnostic *item, const char *where,
                       char line[DIAGNOSTIC_LINE_MAX]);

/* "portcullis: and N more" and a '\n'. Returns its length; 0 where none was dropped. */
size_t diagnostics_rest(const struct diagnostics *diagnostics, char line[DIAGNOSTIC_REST_MAX]);

/* Hands every message to WRITE in the order of diagnostics_visit(), each as diagnostic_line();
 * then diagnostics_rest(). */
void diagnostics_tell(const struct diagnostics *diagnostics,
                      void (*write)(void *context, const char *text, size_t length), void *context);

void diagnostics_release(struct diagnostics *diagnostics);

#endif
