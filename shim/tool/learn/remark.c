#include "remark.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"

enum { REMARK_LINES = 8, SEEN_MIN = 24 };

static const char SEEN[] = " ; seen ";

char *remark_clean(const char *text, size_t max)
{
    size_t length = strnlen(text, max + 1);
    char *clean = malloc(max + 1);

    if (!clean)
        return NULL;
    for (size_t i = 0; i < length && i < max; i++)
        clean[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    if (length > max) {
        length = max;
        for (size_t i = max; i > 0 && max - i < 3; i--)
            clean[i - 1] = '.';
    }
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
    char *clean = remark_clean(text, (width / 2) * REMARK_LINES);
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

char *remark_seen(const struct addition *addition, size_t length)
{
    char *text;
    int made = 0;

    if (addition->count == 0)
        return strdup("");
    if (addition->site)
        made = asprintf(&text, "%s%" PRIu64 " times, first from %s", SEEN, addition->count,
                        addition->site);
    else
        made = asprintf(&text, "%s%" PRIu64 " times", SEEN, addition->count);
    if (made < 0)
        return NULL;
    char *clean = length + SEEN_MIN > LINE_BYTES_MAX ? strdup("")
                                                     : remark_clean(text, LINE_BYTES_MAX - length);
    free(text);
    return clean;
}

bool remark_is_seen(const char *text, size_t length)
{
    return length >= strlen(SEEN) && memcmp(text, SEEN, strlen(SEEN)) == 0;
}
