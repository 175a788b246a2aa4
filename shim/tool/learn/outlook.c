#include "outlook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "likely.h"
#include "remark.h"

static const char HEADING[] = "; not seen, but likely needed:";
static const char KEY[] = ";syscalls = "; /* less one character it is a line */

struct writing {
    struct sheet *sheet;
    size_t at;
    bool begun;
    int error;
};

static void put(struct writing *writing, char *line)
{
    if (writing->error) {
        free(line);
        return;
    }
    writing->error = sheet_insert(writing->sheet, writing->at, line);
    writing->at++;
}

/* CALLS, on as many lines as it takes. */
static void put_calls(struct writing *writing, const char *calls)
{
    const char *end = calls + strlen(calls);
    const char *cursor = calls, *start = NULL, *stop = NULL, *word;
    size_t length;

    while (sheet_word(&cursor, end, &word, &length)) {
        bool fits = start && (size_t)(word + length - start) <= REMARK_COLUMNS - strlen(KEY);
        char *line = NULL;
        if (start && !fits) {
            if (asprintf(&line, "%s%.*s", KEY, (int)(stop - start), start) < 0)
                line = NULL;
            put(writing, line);
        }
        start = fits ? start : word;
        stop = word + length;
    }
    char *line = NULL;
    if (!start)
        return;
    if (asprintf(&line, "%s%.*s", KEY, (int)(stop - start), start) < 0)
        line = NULL;
    put(writing, line);
}

static bool put_row(void *context, const struct likely *row)
{
    struct writing *writing = context;
    char *reason;

    if (!writing->begun) {
        put(writing, strdup(""));
        put(writing, strdup(HEADING));
        writing->begun = true;
    }
    if (asprintf(&reason, "; %s:", row->reason) < 0)
        reason = NULL;
    put(writing, reason);
    put_calls(writing, row->calls);
    return writing->error == 0;
}

static bool is_listed(const void *context, const char *name)
{
    return sheet_lists(context, name);
}

int outlook_add(struct sheet *sheet)
{
    struct writing writing = {.sheet = sheet, .at = sheet_tail(sheet)};

    likely_visit(is_listed, sheet, put_row, &writing);
    return writing.error;
}

static bool is_proposal(const struct sheet_line *line)
{
    return line->kind == SHEET_COMMENT && line->length > strlen(KEY) &&
           memcmp(line->text, KEY, strlen(KEY)) == 0;
}

/* Takes what is listed out of the line at AT. Returns how many names are left, or -ENOMEM. */
static int trim_line(struct sheet *sheet, size_t at)
{
    const struct sheet_line *line = &sheet->lines[at];
    const char *cursor = line->text + strlen(KEY);
    const char *end = line->text + line->length;
    char *kept = malloc(line->length + 2);
    const char *word;
    size_t length;
    int left = 0, gone = 0;

    if (!kept)
        return -ENOMEM;
    char *to = stpcpy(kept, KEY);
    while (sheet_word(&cursor, end, &word, &length)) {
        to = mempcpy(to, word, length);
        *to = '\0';
        bool listed = sheet_lists(sheet, to - length);
        if (listed)
            to -= length;
        else
            *to++ = ' ';
        left += !listed;
        gone += listed;
    }
    to[left > 0 ? -1 : 0] = '\0';
    if (gone > 0 && left > 0)
        return sheet_replace(sheet, at, kept) ? -ENOMEM : left;
    free(kept);
    return left;
}

/* Whether the line at AT gives a reason for no line any more. */
static bool is_idle(const struct sheet *sheet, size_t at)
{
    const struct sheet_line *line = &sheet->lines[at];

    return line->kind == SHEET_COMMENT && line->length > 2 && line->text[line->length - 1] == ':' &&
           (at + 1 == sheet->count || !is_proposal(line + 1));
}

/* Position of the heading; sheet->count if there is none. */
static size_t find_heading(const struct sheet *sheet)
{
    size_t at = 0;

    while (at < sheet->count && !(sheet->lines[at].kind == SHEET_COMMENT &&
                                  sheet->lines[at].allow && sheet_is(&sheet->lines[at], HEADING)))
        at++;
    return at;
}

/* Whether the line at AT is one of those behind the heading, the lines that a user has uncommented
 * included. */
static bool is_part(const struct sheet *sheet, size_t at)
{
    return at < sheet->count && sheet->lines[at].allow &&
           (sheet->lines[at].kind == SHEET_COMMENT || sheet->lines[at].kind == SHEET_SETTING);
}

/* Takes out what is listed. */
static int trim(struct sheet *sheet, size_t heading)
{
    for (size_t at = heading + 1; is_part(sheet, at); at++) {
        int left = is_proposal(&sheet->lines[at]) ? trim_line(sheet, at) : 1;
        if (left < 0)
            return left;
        if (left > 0)
            continue;
        sheet_remove(sheet, at--);
        if (at > heading && is_idle(sheet, at))
            sheet_remove(sheet, at--);
    }
    return 0;
}

/* Takes the heading away where nothing is behind it, and the blank line before it, unless that
 * divides what is left. */
static void close_heading(struct sheet *sheet, size_t heading)
{
    if (is_part(sheet, heading + 1))
        return;
    sheet_remove(sheet, heading);
    if (sheet->lines[heading - 1].kind == SHEET_BLANK &&
        (heading == sheet->count || sheet->lines[heading].kind == SHEET_BLANK))
        sheet_remove(sheet, heading - 1);
}

struct finding {
    struct outlook *outlook;
    int error;
};

static bool find_row(void *context, const struct likely *row)
{
    struct finding *finding = context;
    struct outlook *outlook = finding->outlook;
    const char **grown =
        reallocarray(outlook->reasons, outlook->count + 1, sizeof(*outlook->reasons));

    if (!grown) {
        finding->error = -ENOMEM;
        return false;
    }
    outlook->reasons = grown;
    outlook->reasons[outlook->count++] = row->reason;
    return true;
}

int outlook_find(struct outlook *outlook, const struct sheet *sheet)
{
    struct finding finding = {outlook, 0};

    likely_visit(is_listed, sheet, find_row, &finding);
    return finding.error;
}

struct updating {
    const struct outlook *before;
    struct writing writing;
};

static bool put_new_row(void *context, const struct likely *row)
{
    struct updating *updating = context;

    for (size_t i = 0; i < updating->before->count; i++) {
        if (strcmp(updating->before->reasons[i], row->reason) == 0)
            return true;
    }
    return put_row(&updating->writing, row);
}

int outlook_update(const struct outlook *outlook, struct sheet *sheet)
{
    size_t heading = find_heading(sheet);

    if (heading == sheet->count)
        return 0;
    int error = trim(sheet, heading);
    if (error)
        return error;
    struct updating updating = {outlook, {.sheet = sheet, .at = heading + 1, .begun = true}};
    while (is_part(sheet, updating.writing.at))
        updating.writing.at++;
    likely_visit(is_listed, sheet, put_new_row, &updating);
    if (!updating.writing.error)
        close_heading(sheet, heading);
    return updating.writing.error;
}

void outlook_release(struct outlook *outlook)
{
    free(outlook->reasons);
    *outlook = (struct outlook){0};
}
