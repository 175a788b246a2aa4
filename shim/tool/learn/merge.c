#include "merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"
#include "block.h"
#include "header.h"
#include "outlook.h"
#include "remark.h"
#include "sheet.h"

enum { NAME_BYTES_MAX = 63 };

/* Whether ADDITION is one line that the reader takes as it is meant. It may come from a log that
 * somebody made up. */
static bool is_writable(const struct addition *addition)
{
    const char *condition = addition->condition ? addition->condition : "";
    size_t name = strspn(addition->name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    size_t length = strlen(condition);

    if (name == 0 || name > NAME_BYTES_MAX || addition->name[name] != '\0' ||
        strcmp(addition->name, "syscalls") == 0 || name + strlen(" = ") + length > LINE_BYTES_MAX)
        return false;
    for (const char *at = condition; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~' || *at == ';' || *at == '#')
            return false;
    }
    return !addition->condition || (length > 0 && *condition != ' ');
}

static bool are_writable(const struct additions *additions)
{
    for (size_t i = 0; i < additions->count; i++) {
        if (!is_writable(&additions->items[i]))
            return false;
    }
    return true;
}

/* Where a line with a condition for NAME goes. */
static size_t find_place(const struct sheet *sheet, const char *name)
{
    for (size_t at = sheet->count; at > 0; at--) {
        if (sheet_allows(&sheet->lines[at - 1], name))
            return at;
    }
    size_t at = block_end(sheet);
    if (at == 0)
        return sheet_tail(sheet);
    size_t run = at;
    while (run < sheet->count && sheet->lines[run].kind == SHEET_BLANK)
        run++;
    while (run < sheet->count && sheet->lines[run].kind == SHEET_SETTING &&
           !sheet_allows(&sheet->lines[run], "syscalls")) {
        size_t length = sheet->lines[run].key_length;
        int order = strncmp(sheet->lines[run].text, name, length);
        if (order > 0)
            return run;
        at = ++run;
    }
    return at;
}

static int add_condition(struct sheet *sheet, const struct addition *addition, bool annotate)
{
    size_t at = find_place(sheet, addition->name);
    size_t length = strlen(addition->name) + strlen(" = ") + strlen(addition->condition);
    char *remark = remark_of(addition, length, annotate);
    char *line;
    int error = 0;

    if (!remark || asprintf(&line, "%s = %s%s", addition->name, addition->condition, remark) < 0)
        line = NULL;
    free(remark);
    if (at > 0 && at == block_end(sheet)) {
        error = sheet_insert(sheet, at, strdup(""));
        at++;
    }
    if (error) {
        free(line);
        return error;
    }
    return sheet_insert(sheet, at, line);
}

static int add_all(struct sheet *sheet, const struct additions *additions, bool annotate)
{
    int error = 0;

    for (size_t i = 0; !error && i < additions->count; i++) {
        if (!additions->items[i].condition)
            error = block_add(sheet, &additions->items[i], annotate);
    }
    for (size_t i = 0; !error && i < additions->count; i++) {
        if (additions->items[i].condition)
            error = add_condition(sheet, &additions->items[i], annotate);
    }
    return error;
}

/* What a whitelist has before a learner adds to it. */
static int begin(struct sheet *sheet, const struct merge_facts *facts)
{
    static const char *const LINES[] = {"[filter]", "default = EPERM", "", "[allow]"};
    int error = header_add(sheet, facts);

    for (size_t i = 0; !error && i < sizeof(LINES) / sizeof(LINES[0]); i++)
        error = sheet_insert(sheet, sheet->count, strdup(LINES[i]));
    return error;
}

/* An [allow], where there is none yet. */
static int need_allow(struct sheet *sheet)
{
    if (sheet_tail(sheet) > 0)
        return 0;
    int error = sheet_insert(sheet, sheet->count, strdup(""));
    return error ? error : sheet_insert(sheet, sheet->count, strdup("[allow]"));
}

/* A text of two parts as a line of its own. */
static int add_line(struct sheet *sheet, const char *one, const char *other, const char *end)
{
    char *line;

    if (asprintf(&line, "%s%s%s", one, other, end) < 0)
        line = NULL;
    return sheet_insert(sheet, sheet->count, line);
}

/* The section of the stage, where there is none yet. */
static int need_stage(struct sheet *sheet, const struct merge_facts *facts)
{
    if (sheet_tail(sheet) > 0)
        return 0;
    int error = sheet_insert(sheet, sheet->count, strdup(""));
    if (!error)
        error = add_line(sheet, "[stage ", facts->stage, "]");
    return error ? error : add_line(sheet, "when = ", facts->when, "");
}

static int merge_stage(struct sheet *sheet, const struct additions *additions,
                       const struct merge_facts *facts)
{
    sheet_choose(sheet, facts->stage);
    int error = need_stage(sheet, facts);
    return error ? error : add_all(sheet, additions, facts->annotate);
}

static int merge(struct sheet *sheet, const struct additions *additions,
                 const struct merge_facts *facts)
{
    struct outlook outlook = {0};
    bool fresh = sheet->count == 0;
    int error = fresh ? begin(sheet, facts) : need_allow(sheet);

    if (!error && !fresh)
        error = outlook_find(&outlook, sheet);
    if (!error)
        error = add_all(sheet, additions, facts->annotate);
    if (!error && !fresh)
        error = header_update(sheet, facts);
    if (!error && fresh && facts->likely)
        error = outlook_add(sheet);
    if (!error && !fresh)
        error = outlook_update(&outlook, sheet);
    outlook_release(&outlook);
    return error;
}

int merge_text(const char *text, size_t length, const struct additions *additions,
               const struct merge_facts *facts, char **result, size_t *result_length)
{
    struct sheet sheet;

    *result = NULL;
    *result_length = 0;
    if (additions->count == 0)
        return 0;
    if (!are_writable(additions))
        return -EINVAL;
    int error = sheet_read(&sheet, text ? text : "", length);
    if (!error)
        error =
            facts->stage ? merge_stage(&sheet, additions, facts) : merge(&sheet, additions, facts);
    if (!error)
        error = sheet_write(&sheet, result, result_length);
    sheet_release(&sheet);
    return error;
}
