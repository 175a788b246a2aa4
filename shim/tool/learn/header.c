#include "header.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool.h"
#include "remark.h"

/* No more programs are named behind so many lines. */
enum { HEADER_LINES = 24 };

/* "; 2 runs, 12 calls seen", and what a user wrote behind it. */
static char *make_count(uint64_t runs, uint64_t calls, const char *rest)
{
    char *line;

    if (asprintf(&line, "; %" PRIu64 " run%s, %" PRIu64 " call%s seen%s", runs,
                 runs == 1 ? "" : "s", calls, calls == 1 ? "" : "s", rest) < 0)
        return NULL;
    return line;
}

int header_add(struct sheet *sheet, const struct merge_facts *facts)
{
    char *text;

    if (asprintf(&text, "by portcullis %s, on %s", PORTCULLIS_VERSION, facts->machine) < 0)
        return -ENOMEM;
    int lines = remark_insert(sheet, sheet->count, facts->heading);
    if (lines >= 0)
        lines = remark_insert(sheet, sheet->count, text);
    free(text);
    if (lines < 0)
        return lines;
    return sheet_insert(sheet, sheet->count, make_count(1, facts->calls, ""));
}

/* The number at *CURSOR, and WORD behind it, with an 's' or without. */
static bool parse_part(const char **cursor, const char *word, uint64_t *value)
{
    char *end;

    if (**cursor < '0' || **cursor > '9')
        return false;
    errno = 0;
    *value = strtoull(*cursor, &end, 10);
    if (errno || strncmp(end, word, strlen(word)) != 0)
        return false;
    end += strlen(word);
    *cursor = end + (*end == 's');
    return true;
}

/* If LINE is what make_count() makes: what it says. */
static bool parse_count(const char *line, uint64_t *runs, uint64_t *calls, const char **rest)
{
    static const char SEEN[] = " seen";
    const char *cursor = line + 2;

    if (strncmp(line, "; ", 2) != 0 || !parse_part(&cursor, " run", runs) ||
        strncmp(cursor, ", ", 2) != 0)
        return false;
    cursor += 2;
    if (!parse_part(&cursor, " call", calls) || strncmp(cursor, SEEN, strlen(SEEN)) != 0)
        return false;
    *rest = cursor + strlen(SEEN);
    return true;
}

static bool same_lines(const struct sheet_line *one, const struct sheet_line *other, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (one[i].length != other[i].length ||
            memcmp(one[i].text, other[i].text, one[i].length) != 0)
            return false;
    }
    return true;
}

/* Names what this run was of above the line AT, unless it was named before. */
static int name_run(struct sheet *sheet, size_t at, const char *heading)
{
    if (at >= HEADER_LINES)
        return 0;
    int count = remark_insert(sheet, at, heading);
    if (count < 0)
        return count;
    for (size_t i = 0; i + (size_t)count <= at; i++) {
        if (!same_lines(&sheet->lines[i], &sheet->lines[at], (size_t)count))
            continue;
        while (count-- > 0)
            sheet_remove(sheet, at);
        return 0;
    }
    return 0;
}

int header_update(struct sheet *sheet, const struct merge_facts *facts)
{
    for (size_t i = 0; i < sheet->count; i++) {
        const struct sheet_line *line = &sheet->lines[i];
        uint64_t runs, calls;
        const char *rest;
        if (line->kind != SHEET_COMMENT && line->kind != SHEET_BLANK)
            break;
        char *text = strndup(line->text, line->length);
        if (!text)
            return -ENOMEM;
        bool found = parse_count(text, &runs, &calls, &rest);
        int error =
            found ? sheet_replace(sheet, i,
                                  make_count(runs + !facts->again, calls + facts->calls, rest))
                  : 0;
        free(text);
        if (found)
            /* the line before tells of the machine */
            return error ? error : name_run(sheet, i > 0 ? i - 1 : 0, facts->heading);
    }
    return 0;
}
