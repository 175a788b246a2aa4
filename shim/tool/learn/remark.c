#include "remark.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"

enum {
    REMARK_LINES = 8,
    ROOM_MIN = 24, /* shorter remarks tell nothing */
};

/* A malloced copy of TEXT, at most MAX bytes: what is not printable ASCII is a '?', and "..." tells
 * that something is missing. NULL if there is no memory. */
static char *clean_text(const char *text, size_t max)
{
    size_t length = strlen(text);
    bool cut = length > max;

    if (cut)
        length = max;
    char *clean = malloc(length + 1);
    if (!clean)
        return NULL;
    for (size_t i = 0; i < length; i++)
        clean[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    for (size_t i = length; cut && i > 0 && length - i < 3; i--)
        clean[i - 1] = '.';
    clean[length] = '\0';
    return clean;
}

/* Where the first line of TEXT, at most WIDTH bytes long, ends: at a blank, if there is one. */
static size_t break_at(const char *text, size_t width)
{
    size_t length = strlen(text);
    size_t at = width;

    if (length <= width)
        return length;
    while (at > width / 2 && text[at] != ' ')
        at--;
    return text[at] == ' ' ? at : width;
}

int remark_insert(struct sheet *sheet, size_t at, const char *text)
{
    size_t width = REMARK_COLUMNS - 2;
    char *clean = clean_text(text, (width / 2) * REMARK_LINES);
    const char *rest = clean;
    int count = 0;
    int error = clean ? 0 : -ENOMEM;

    while (!error && (*rest != '\0' || count == 0)) {
        size_t length = break_at(rest, width);
        char *line;
        if (asprintf(&line, "; %.*s", (int)length, rest) < 0)
            line = NULL;
        error = sheet_insert(sheet, at + (size_t)count, line);
        count++;
        rest += length;
        rest += *rest == ' ';
    }
    free(clean);
    return error ? error : count;
}

char *remark_of(const struct addition *addition, size_t length, bool annotate)
{
    bool counted = annotate && addition->count > 0;
    const char *note = addition->note ? addition->note : "";
    const char *site = counted && addition->site ? addition->site : "";
    char seen[64] = "";
    char *text;

    if ((!counted && *note == '\0') || length > LINE_BYTES_MAX - ROOM_MIN)
        return strdup("");
    if (counted)
        snprintf(seen, sizeof(seen), "seen %" PRIu64 " time%s", addition->count,
                 addition->count == 1 ? "" : "s");
    if (asprintf(&text, " ; %s%s%s%s%s", note, *note && counted ? "; " : "", seen,
                 *site ? ", first from " : "", site) < 0)
        return NULL;
    char *clean = clean_text(text, LINE_BYTES_MAX - length);
    free(text);
    return clean;
}
