#include "merge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool.h"
#include "block.h"
#include "outlook.h"
#include "remark.h"
#include "sheet.h"

/* Behind the comments that begin a file, "; 1 run, 12 calls seen". */
static char *make_count(uint64_t runs, uint64_t calls)
{
    char *line;

    if (asprintf(&line, "; %" PRIu64 " run%s, %" PRIu64 " calls seen", runs, runs == 1 ? "" : "s",
                 calls) < 0)
        return NULL;
    return line;
}

/* What a whitelist has before a learner adds to it. */
static int begin(struct sheet *sheet, const struct merge_facts *facts)
{
    static const char *const LINES[] = {"[filter]", "default = EPERM", "", "[allow]"};
    char *text;
    int error = asprintf(&text, "by portcullis %s, on %s", PORTCULLIS_VERSION, facts->machine) < 0
                    ? -ENOMEM
                    : 0;

    if (error)
        return error;
    int first = remark_insert(sheet, sheet->count, facts->heading);
    int second = first < 0 ? first : remark_insert(sheet, sheet->count, text);
    free(text);
    error = second < 0 ? second : sheet_insert(sheet, sheet->count, make_count(0, 0));
    for (size_t i = 0; !error && i < sizeof(LINES) / sizeof(LINES[0]); i++)
        error = sheet_insert(sheet, sheet->count, strdup(LINES[i]));
    return error;
}

/* One more run, and its calls. */
static int count_run(struct sheet *sheet, uint64_t calls)
{
    for (size_t i = 0; i < sheet->count && sheet->lines[i].kind == SHEET_COMMENT; i++) {
        char text[128];
        uint64_t runs, seen;
        int end = -1;
        if (sheet->lines[i].length >= sizeof(text))
            continue;
        memcpy(text, sheet->lines[i].text, sheet->lines[i].length);
        text[sheet->lines[i].length] = '\0';
        if ((sscanf(text, "; %" SCNu64 " run, %" SCNu64 " calls seen%n", &runs, &seen, &end) == 2 &&
             end > 0) ||
            (sscanf(text, "; %" SCNu64 " runs, %" SCNu64 " calls seen%n", &runs, &seen, &end) ==
                 2 &&
             end > 0))
            return sheet_replace(sheet, i, make_count(runs + 1, seen + calls));
    }
    return 0;
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
    size_t length = strlen(addition->name) + 3 + strlen(addition->condition);
    char *remark = annotate ? remark_seen(addition, length) : strdup("");
    char *line;
    int error = 0;

    if (!remark || asprintf(&line, "%s = %s%s", addition->name, addition->condition, remark) < 0)
        line = NULL;
    free(remark);
    if (line && at > 0 && at == block_end(sheet)) {
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

/* An [allow], where there is none yet. */
static int need_allow(struct sheet *sheet)
{
    if (sheet_tail(sheet) > 0)
        return 0;
    int error = sheet->count > 0 ? sheet_insert(sheet, sheet->count, strdup("")) : 0;
    return error ? error : sheet_insert(sheet, sheet->count, strdup("[allow]"));
}

static int merge(struct sheet *sheet, const struct additions *additions,
                 const struct merge_facts *facts)
{
    bool fresh = sheet->count == 0;
    int error = fresh ? begin(sheet, facts) : need_allow(sheet);

    if (!error)
        error = add_all(sheet, additions, facts->annotate);
    if (!error)
        error = count_run(sheet, facts->calls);
    if (!error && fresh && facts->likely)
        error = outlook_add(sheet);
    return error || fresh ? error : outlook_trim(sheet);
}

int merge_text(const char *text, size_t length, const struct additions *additions,
               const struct merge_facts *facts, char **result, size_t *result_length)
{
    struct sheet sheet;

    *result = NULL;
    *result_length = 0;
    if (additions->count == 0)
        return 0;
    int error = sheet_read(&sheet, text ? text : "", length);
    if (!error)
        error = merge(&sheet, additions, facts);
    if (!error)
        error = sheet_write(&sheet, result, result_length);
    sheet_release(&sheet);
    return error;
}
