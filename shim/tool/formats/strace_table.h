/* The table that strace -c prints, with the columns of -U. Pure. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_TABLE_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text. */
struct strace_text {
    const char *start; /* borrowed */
    size_t length;
};

/* What the head of a table says of its columns. */
struct strace_table {
    int numbers; /* how many have numbers */
    int calls;   /* the place of how often among these, or -1 */
    int errors;  /* the place of how often in vain, which may be empty, or -1 */
};

/* Whether TEXT is the head of a table. */
bool strace_table_head(const char *text, struct strace_table *table);

/* Whether TEXT, in TABLE, is a row: of the call NAME, made COUNT times (1: it does not say). */
bool strace_table_row(const struct strace_table *table, const char *text, struct strace_text *name,
                      unsigned long *count);

/* Whether TEXT is a ruler, or the sum below a table. */
bool strace_table_ends(const char *text);

#endif
