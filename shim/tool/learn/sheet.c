#include "sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/groups.h"

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t trimmed(const char *text, size_t length)
{
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    return length;
}

/* The length of LINE's text without its comment and the blanks at its end. */
static size_t meaningful_length(const struct sheet_line *line)
{
    size_t length = 0;

    while (length < line->length && !((line->text[length] == ';' || line->text[length] == '#') &&
                                      (length == 0 || is_blank(line->text[length - 1]))))
        length++;
    return trimmed(line->text, length);
}

static void read_setting(struct sheet_line *line, size_t meaningful, const char *equal)
{
    const char *end = line->text + meaningful;

    line->kind = SHEET_SETTING;
    line->key_length = trimmed(line->text, (size_t)(equal - line->text));
    line->value = equal + 1;
    while (line->value < end && is_blank(*line->value))
        line->value++;
    line->value_length = (size_t)(end - line->value);
}

/* Whether LINE, LENGTH bytes without its comment, begins the section that is worked at. */
static bool begins_section(const struct sheet *sheet, const struct sheet_line *line, size_t length)
{
    static const char STAGE[] = "[stage ";
    size_t at = sizeof(STAGE) - 1;

    if (!sheet->stage)
        return length == 7 && memcmp(line->text, "[allow]", 7) == 0;
    if (length < at || memcmp(line->text, STAGE, at) != 0)
        return false;
    while (at < length && is_blank(line->text[at]))
        at++;
    size_t name = strlen(sheet->stage);
    return length == at + name + 1 && memcmp(line->text + at, sheet->stage, name) == 0;
}

/* Sets all that follows from LINE's text; ALLOW: the line before it stands in [allow]. */
static void classify(const struct sheet *sheet, struct sheet_line *line, bool allow)
{
    size_t meaningful = meaningful_length(line);
    const char *equal = memchr(line->text, '=', meaningful);

    line->allow = allow;
    line->kind = SHEET_COMMENT;
    if (trimmed(line->text, line->length) == 0) {
        line->kind = SHEET_BLANK;
    } else if (meaningful > 0 && line->text[0] == '[') {
        line->kind = SHEET_SECTION;
        line->allow = begins_section(sheet, line, meaningful);
    } else if (equal && equal != line->text && !is_blank(line->text[0])) {
        read_setting(line, meaningful, equal);
    }
}

/* Room for a line at AT, which is zeroed; NULL if there is no memory. */
static struct sheet_line *make_room(struct sheet *sheet, size_t at)
{
    if (sheet->count == sheet->capacity) {
        size_t capacity = sheet->capacity ? 2 * sheet->capacity : 64;
        struct sheet_line *grown = realloc(sheet->lines, capacity * sizeof(*grown));
        if (!grown)
            return NULL;
        sheet->lines = grown;
        sheet->capacity = capacity;
    }
    struct sheet_line *line = &sheet->lines[at];
    memmove(line + 1, line, (sheet->count - at) * sizeof(*line));
    *line = (struct sheet_line){0};
    sheet->count++;
    return line;
}

static bool in_allow(const struct sheet *sheet, size_t at)
{
    return at > 0 && sheet->lines[at - 1].allow;
}

int sheet_read(struct sheet *sheet, const char *text, size_t length)
{
    const char *end = text + length;
    size_t mark = sizeof(BYTE_ORDER_MARK) - 1;

    *sheet = (struct sheet){.mark = "", .end = "\n"};
    if (length >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
        sheet->mark = BYTE_ORDER_MARK;
        text += mark;
    }
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        struct sheet_line *line = make_room(sheet, sheet->count);
        if (!line)
            return -ENOMEM;
        line->text = text;
        line->length = (size_t)((newline ? newline : end) - text);
        line->end = newline ? "\n" : "";
        if (newline && line->length > 0 && newline[-1] == '\r') {
            line->length--;
            line->end = "\r\n";
        }
        text = newline ? newline + 1 : end;
        classify(sheet, line, in_allow(sheet, sheet->count - 1));
    }
    if (sheet->count > 0 && *sheet->lines[0].end != '\0')
        sheet->end = sheet->lines[0].end;
    return 0;
}

void sheet_choose(struct sheet *sheet, const char *stage)
{
    sheet->stage = stage;
    for (size_t i = 0; i < sheet->count; i++)
        classify(sheet, &sheet->lines[i], in_allow(sheet, i));
}

static void set_text(struct sheet_line *line, char *text)
{
    free(line->owned);
    line->owned = text;
    line->text = text;
    line->length = strlen(text);
}

int sheet_insert(struct sheet *sheet, size_t at, char *text)
{
    struct sheet_line *line = text ? make_room(sheet, at) : NULL;

    if (!line) {
        free(text);
        return -ENOMEM;
    }
    set_text(line, text);
    line->end = sheet->end;
    classify(sheet, line, in_allow(sheet, at));
    struct sheet_line *before = at > 0 ? line - 1 : line;
    if (*before->end == '\0') {
        /* the last line had no end; the reader takes one '\r' there, not two */
        bool half = before->length > 0 && before->text[before->length - 1] == '\r';
        before->end = half ? "\n" : sheet->end;
    }
    return 0;
}

int sheet_replace(struct sheet *sheet, size_t at, char *text)
{
    if (!text)
        return -ENOMEM;
    set_text(&sheet->lines[at], text);
    classify(sheet, &sheet->lines[at], in_allow(sheet, at));
    return 0;
}

void sheet_remove(struct sheet *sheet, size_t at)
{
    struct sheet_line *line = &sheet->lines[at];

    free(line->owned);
    sheet->count--;
    memmove(line, line + 1, (sheet->count - at) * sizeof(*line));
}

static char *append(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    return to + length;
}

int sheet_write(const struct sheet *sheet, char **text, size_t *length)
{
    size_t size = strlen(sheet->mark);

    for (size_t i = 0; i < sheet->count; i++)
        size += sheet->lines[i].length + strlen(sheet->lines[i].end);
    *text = malloc(size + 1);
    if (!*text)
        return -ENOMEM;
    char *to = append(*text, sheet->mark, strlen(sheet->mark));
    for (size_t i = 0; i < sheet->count; i++) {
        const struct sheet_line *line = &sheet->lines[i];
        to = append(to, line->text, line->length);
        to = append(to, line->end, strlen(line->end));
    }
    *to = '\0';
    *length = size;
    return 0;
}

bool sheet_allows(const struct sheet_line *line, const char *key)
{
    return line->kind == SHEET_SETTING && line->allow && line->key_length == strlen(key) &&
           memcmp(line->text, key, line->key_length) == 0;
}

bool sheet_is(const struct sheet_line *line, const char *text)
{
    size_t length = trimmed(line->text, line->length);

    return length == strlen(text) && memcmp(line->text, text, length) == 0;
}

size_t sheet_tail(const struct sheet *sheet)
{
    for (size_t at = sheet->count; at > 0; at--) {
        const struct sheet_line *line = &sheet->lines[at - 1];
        if (line->allow && (line->kind == SHEET_SETTING || line->kind == SHEET_SECTION))
            return at;
    }
    return 0;
}

bool sheet_word(const char **cursor, const char *end, const char **word, size_t *length)
{
    const char *start = *cursor;

    while (start < end && (is_blank(*start) || *start == ','))
        start++;
    *cursor = start;
    while (*cursor < end && !is_blank(**cursor) && **cursor != ',')
        (*cursor)++;
    *word = start;
    *length = (size_t)(*cursor - start);
    return *length > 0;
}

/* Whether one of the words from TEXT to END is NAME, or a group with it. */
static bool words_list(const char *text, const char *end, const char *name)
{
    const char *word;
    size_t length;

    while (sheet_word(&text, end, &word, &length)) {
        size_t mark = *word == '?' || *word == '@';
        char plain[64];
        if (length - mark >= sizeof(plain))
            continue;
        memcpy(plain, word + mark, length - mark);
        plain[length - mark] = '\0';
        int group = *word == '@' ? group_find(plain) : -1;
        const char *members = group >= 0 ? group_members((size_t)group) : "";
        if (words_list(members, members + strlen(members), name) ||
            (*word != '@' && strcmp(plain, name) == 0))
            return true;
    }
    return false;
}

bool sheet_lists(const struct sheet *sheet, const char *name)
{
    for (size_t i = 0; i < sheet->count; i++) {
        const struct sheet_line *line = &sheet->lines[i];
        if (line->kind != SHEET_SETTING || !line->allow)
            continue;
        bool names = sheet_allows(line, "syscalls");
        const char *text = names ? line->value : line->text;
        if (words_list(text, text + (names ? line->value_length : line->key_length), name))
            return true;
    }
    return false;
}

void sheet_release(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++)
        free(sheet->lines[i].owned);
    free(sheet->lines);
    *sheet = (struct sheet){0};
}
