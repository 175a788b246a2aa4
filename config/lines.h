/* The lines of a whitelist on their way to inih. inih splits long lines, joins indented ones, stops
 * at a NUL and counts nothing: so every line is seen here first, counted, and refused where inih
 * would make something else of it. */
#ifndef PORTCULLIS_CONFIG_LINES_H
#define PORTCULLIS_CONFIG_LINES_H

#include <stddef.h>

#include "diagnostic.h"

/* inih's buffer has 200 bytes: a line, its newline and a NUL, and one to spare. */
enum { LINE_BYTES_MAX = 197 };

struct lines {
    const char *cursor; /* borrowed text */
    const char *end;
    struct place place; /* of the line read last */
    size_t meaningful;  /* lines so far that are neither blank nor comments */
    struct diagnostics *diagnostics;
    /* Told of each line "[NAME]"; NAME is not NUL-terminated, and NULL if the line was refused. */
    void (*on_section)(void *context, const char *name, size_t length);
    void *context;
};

/* Sets LINES, whose other members the caller fills, to the LENGTH bytes at TEXT. */
void lines_begin(struct lines *lines, const char *text, size_t length);

/* An ini_reader (<ini.h>); STREAM is a struct lines. Comments, and lines that were refused, arrive
 * as blank ones. */
char *lines_read(char *buffer, int size, void *stream);

#endif
