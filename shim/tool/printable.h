/* Text from outside (names of processes and files, symbols, lines of logs and scripts) must not
 * drive the terminal that it is shown on, or look like a line of ours. */
#ifndef PORTCULLIS_TOOL_PRINTABLE_H
#define PORTCULLIS_TOOL_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* So much longer a text becomes at most. */
enum { PRINTABLE_GROWTH = 6 };

/* Writes LENGTH bytes of TEXT to OUT, which has room for PRINTABLE_GROWTH times as many. Controls
 * (C0, DEL, C1) and what changes the direction or the lines of a text become "\u001b" and the like;
 * a byte that is no UTF-8 becomes "\xff". A tab stays, and so does '\n' where LINES. Returns how
 * many bytes of TEXT were used: all, or up to a character whose end is missing, where there may be
 * MORE to come. *WRITTEN: of OUT. */
size_t printable_copy(const char *text, size_t length, bool lines, bool more, char *out,
                      size_t *written);

/* TEXT in one line, for a part of a longer text; to be freed. NULL for want of memory. */
char *printable_line(const char *text);

/* Lets all that is printed to stdout and stderr from now on pass through printable_copy(). */
void printable_streams(void);

/* Sets the colour of what is printed to STREAM next: SEQUENCE is not made printable. */
void printable_colour(FILE *stream, const char *sequence);

#endif
