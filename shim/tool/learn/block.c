#include "block.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remark.h"

static const char MARKER[] = "; learned:";
static const char KEY[] = "syscalls = ";

/* A line of the block: its names, in order, with one space between. */
struct names {
    const char *text; /* borrowed from the line */
    size_t length;
    bool remarked; /* one name, and a comment: no other joins it */
};

struct name {
    const char *text;
    size_t length;
};

static int compare(struct name one, struct name other)
{
    size_t shorter = one.length < other.length ? one.length : other.length;
    int order = memcmp(one.text, other.text, shorter);

    return order ? order : (one.length > other.length) - (one.length < other.length);
}

static struct name first_of(const struct names *names)
{
    const char *space = memchr(names->text, ' ', names->length);

    return (struct name){names->text, space ? (size_t)(space - names->text) : names->length};
}

static struct name last_of(const struct names *names)
{
    const char *space = memrchr(names->text, ' ', names->length);
    const char *start = space ? space + 1 : names->text;

    return (struct name){start, (size_t)(names->text + names->length - start)};
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether there are only names, each greater than the one before it, and one space between. */
static bool are_sorted(const struct names *names)
{
    struct name last = {"", 0};
    const char *end = names->text + names->length;
    const char *start = names->text;

    for (const char *at = start; at <= end; at++) {
        if (at < end && is_letter(*at))
            continue;
        struct name name = {start, (size_t)(at - start)};
        if (name.length == 0 || (at < end && *at != ' ') || compare(name, last) <= 0)
            return false;
        last = name;
        start = at + 1;
    }
    return true;
}

/* Whether LINE has the shape of the block's lines. */
static bool read_names(const struct sheet_line *line, struct names *names)
{
    size_t key = strlen(KEY);

    if (!sheet_allows(line, "syscalls") || line->length <= key ||
        memcmp(line->text, KEY, key) != 0 || line->value != line->text + key)
        return false;
    *names = (struct names){.text = line->value, .length = line->value_length};
    names->remarked = names->text + names->length < line->text + line->length;
    return are_sorted(names) && (!names->remarked || !memchr(names->text, ' ', names->length));
}

/* Position behind the marker; 0 if there is none. */
static size_t find_start(const struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++) {
        const struct sheet_line *line = &sheet->lines[i];
        if (line->kind == SHEET_COMMENT && line->allow && sheet_is(line, MARKER))
            return i + 1;
    }
    return 0;
}

size_t block_end(const struct sheet *sheet)
{
    size_t start = find_start(sheet);
    size_t end = start;

    for (size_t at = start; at > 0 && at < sheet->count; at++) {
        if (sheet_allows(&sheet->lines[at], "syscalls"))
            end = at + 1;
        else if (sheet->lines[at].kind != SHEET_COMMENT)
            break;
    }
    return end;
}

/* Where a name belongs. */
struct spot {
    size_t at;          /* a line of the block's shape, or where to put the first one */
    struct names names; /* of that line; no text: there is none */
};

static struct spot find_spot(const struct sheet *sheet, struct name name)
{
    size_t end = block_end(sheet);
    struct spot spot = {.at = find_start(sheet)};

    for (size_t at = spot.at; at < end; at++) {
        struct names names;
        if (!read_names(&sheet->lines[at], &names) ||
            (spot.names.text && compare(first_of(&names), last_of(&spot.names)) <= 0))
            continue;
        const struct spot before = spot;
        spot = (struct spot){.at = at, .names = names};
        if (compare(last_of(&names), name) < 0)
            continue;
        /* rather behind names that it can join */
        bool joins = names.remarked && before.names.text && !before.names.remarked &&
                     compare(last_of(&names), name) != 0;
        return joins ? before : spot;
    }
    return spot;
}

/* "syscalls = " with the LENGTH bytes at NAMES, and BEFORE them another one. */
static char *make_line(struct name before, struct name names)
{
    char *line;
    bool both = before.length > 0 && names.length > 0;

    if (asprintf(&line, "%s%.*s%s%.*s", KEY, (int)before.length, before.text, both ? " " : "",
                 (int)names.length, names.text) < 0)
        return NULL;
    return line;
}

/* Moves names from the line at AT to the next one, until it is short enough; and so on. */
static int wrap(struct sheet *sheet, size_t at)
{
    struct names names, next;
    int error = 0;

    while (!error && sheet->lines[at].length > REMARK_COLUMNS &&
           read_names(&sheet->lines[at], &names) && !names.remarked) {
        struct name last = last_of(&names);
        if (last.length == names.length)
            return 0;
        bool joins = at + 1 < sheet->count && read_names(&sheet->lines[at + 1], &next) &&
                     !next.remarked && compare(last, first_of(&next)) < 0;
        char *moved =
            make_line(last, joins ? (struct name){next.text, next.length} : (struct name){"", 0});
        error = joins ? sheet_replace(sheet, at + 1, moved) : sheet_insert(sheet, at + 1, moved);
        if (error)
            break;
        struct name left = {names.text, names.length - last.length - 1};
        error = sheet_replace(sheet, at, make_line(left, (struct name){"", 0}));
        if (!error && sheet->lines[at].length <= REMARK_COLUMNS)
            at++;
    }
    return error;
}

/* The names at SPOT that are less than NAME, and the rest. Returns false if NAME is one of them. */
static bool divide(const struct spot *spot, struct name name, struct name *less, struct name *rest)
{
    const char *end = spot->names.text + spot->names.length;
    const char *cursor = spot->names.text;
    struct name word;

    *less = (struct name){spot->names.text, 0};
    *rest = (struct name){end, 0};
    while (sheet_word(&cursor, end, &word.text, &word.length)) {
        int order = compare(word, name);
        if (order >= 0) {
            *rest = (struct name){word.text, (size_t)(end - word.text)};
            return order != 0;
        }
        less->length = (size_t)(word.text + word.length - spot->names.text);
    }
    return true;
}

/* NAME between LESS and REST, all on the line at AT. */
static int insert_among(struct sheet *sheet, size_t at, struct name less, struct name name,
                        struct name rest)
{
    char *line;

    if (asprintf(&line, "%s%.*s%s%.*s%s%.*s", KEY, (int)less.length, less.text,
                 less.length ? " " : "", (int)name.length, name.text, rest.length ? " " : "",
                 (int)rest.length, rest.text) < 0)
        line = NULL;
    int error = sheet_replace(sheet, at, line);
    return error ? error : wrap(sheet, at);
}

/* LINE between one with LESS and one with REST, which are together on the line at AT now. */
static int insert_between(struct sheet *sheet, size_t at, struct name less, char *line,
                          struct name rest)
{
    const struct name none = {"", 0};

    if (less.length == 0)
        return sheet_insert(sheet, at, line);
    if (rest.length == 0)
        return sheet_insert(sheet, at + 1, line);
    int error = sheet_insert(sheet, at + 1, make_line(rest, none));
    if (error)
        free(line);
    else
        error = sheet_insert(sheet, at + 1, line);
    return error ? error : sheet_replace(sheet, at, make_line(less, none));
}

/* A marker, and behind it the place for a first line. */
static int begin_block(struct sheet *sheet)
{
    size_t at = sheet_tail(sheet);

    for (size_t i = sheet->count; i > 0; i--) {
        if (sheet_allows(&sheet->lines[i - 1], "syscalls")) {
            at = i;
            break;
        }
    }
    return sheet_insert(sheet, at, strdup(MARKER));
}

int block_add(struct sheet *sheet, const struct addition *addition, bool annotate)
{
    struct name name = {addition->name, strlen(addition->name)};
    struct name less = {"", 0}, rest = {"", 0};
    int error = find_start(sheet) > 0 ? 0 : begin_block(sheet);
    struct spot spot = find_spot(sheet, name);

    if (error || (spot.names.text && !divide(&spot, name, &less, &rest)))
        return error;
    char *remark = remark_of(addition, strlen(KEY) + name.length, annotate);
    char *line;
    if (!remark || asprintf(&line, "%s%s%s", KEY, addition->name, remark) < 0)
        line = NULL;
    bool joins = spot.names.text && !spot.names.remarked && remark && *remark == '\0';
    free(remark);
    if (!line)
        return -ENOMEM;
    if (!joins)
        return spot.names.text ? insert_between(sheet, spot.at, less, line, rest)
                               : sheet_insert(sheet, spot.at, line);
    free(line);
    return insert_among(sheet, spot.at, less, name, rest);
}
