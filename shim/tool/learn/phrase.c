#include "phrase.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"
#include "../call.h"
#include "../decode.h"
#include "wording.h"

enum { LINE_COLUMNS = 100 /* lists are split to fit */ };

struct phrase {
    char call[CALL_NAME_MAX];
    const struct prototype *prototype;
    struct rows rows;
    uint64_t told; /* the tuples that a line has counted */
    bool plain;    /* numbers in place of names */
    struct additions *additions;
    char text[WORDING_MAX];
};

static size_t write_row(struct phrase *phrase, const struct row *row)
{
    return wording_write(phrase->call, phrase->prototype, &phrase->rows, row, phrase->plain,
                         phrase->text);
}

static size_t line_length(const struct phrase *phrase)
{
    return strlen(phrase->call) + strlen(" = ") + strlen(phrase->text);
}

/* Whether the text that ROW became means that, in the opinion of the language's own reader. */
static bool is_right(const struct phrase *phrase, const struct row *row)
{
    struct diagnostics diagnostics = {0};
    struct condition condition = {0};
    bool right = condition_parse(phrase->text, phrase->call, phrase->prototype,
                                 (struct place){"", 0}, &diagnostics, &condition) == 0;

    for (unsigned i = 0; i < phrase->rows.tuple_count && right; i++) {
        const struct tuple *tuple = phrase->rows.tuples[i];
        right = !row_covers(&phrase->rows, row, tuple) ||
                condition_matches(&condition, tuple->arguments);
    }
    condition_release(&condition);
    diagnostics_release(&diagnostics);
    return right;
}

/* Whether each row says something right, and the shortest line of it is short enough. */
static bool is_sayable(struct phrase *phrase)
{
    for (unsigned i = 0; i < phrase->rows.count; i++) {
        struct row row = phrase->rows.items[i];
        struct row rest;
        if (write_row(phrase, &row) == 0 || !is_right(phrase, &row))
            return false;
        for (int list; (list = row_longest_list(&phrase->rows, &row)) >= 0;)
            row_split(&row, (unsigned)list, 1, &rest);
        write_row(phrase, &row);
        if (line_length(phrase) > LINE_BYTES_MAX)
            return false;
    }
    return true;
}

/* Says where there were too many values. */
static int tell_widened(const struct phrase *phrase, const char *condition)
{
    char note[256];
    int length = snprintf(note, sizeof(note), "too many different values for a condition:");
    bool any = false;

    for (unsigned i = 0; i < phrase->rows.columns->count; i++) {
        const struct column *column = &phrase->rows.columns->items[i];
        if (!column->widened || column->own || column->argument.name == 0)
            continue;
        length += snprintf(note + length, sizeof(note) - (size_t)length, " %s",
                           prototype_text(column->argument.name));
        any = true;
    }
    return any ? additions_note(phrase->additions, phrase->call, condition, note) : 0;
}

/* Adds a line, the name alone if CONDITION is NULL, with what ROW's tuples know; ROW NULL: all of
 * them. */
static int add_line(struct phrase *phrase, const struct row *row, const char *condition)
{
    const char *site = NULL;
    uint64_t count = 0;

    for (unsigned i = 0; i < phrase->rows.tuple_count; i++) {
        const struct tuple *tuple = phrase->rows.tuples[i];
        if (row && (phrase->told >> i & 1 || !row_covers(&phrase->rows, row, tuple)))
            continue;
        phrase->told |= (uint64_t)1 << i;
        count += tuple->count;
        site = site ? site : tuple->site;
    }
    int error = additions_add(phrase->additions, phrase->call, condition, count, site);
    return error ? error : tell_widened(phrase, condition);
}

/* Shortens the list in COLUMN of ROW until the line fits; the others are left in REST. */
static void shorten(struct phrase *phrase, struct row *row, unsigned column, struct row *rest)
{
    const struct row whole = *row;
    unsigned count = row_size(row, column);

    do {
        *row = whole;
        row_split(row, column, --count, rest);
        write_row(phrase, row);
    } while (count > 1 && line_length(phrase) > LINE_COLUMNS);
}

/* Adds the lines that ROW is. */
static int add_row(struct phrase *phrase, struct row row)
{
    int list = row_longest_list(&phrase->rows, &row);
    struct row rest;

    write_row(phrase, &row);
    while (list >= 0 && line_length(phrase) > LINE_COLUMNS) {
        shorten(phrase, &row, (unsigned)list, &rest);
        int error = add_row(phrase, row);
        if (error)
            return error;
        row = rest;
        list = row_longest_list(&phrase->rows, &row);
        write_row(phrase, &row);
    }
    return add_line(phrase, &row, phrase->text);
}

/* Forgets all but the ends of what the user's lines look at. */
static void widen_all(struct columns *columns)
{
    for (unsigned i = 0; i < columns->count; i++)
        columns->items[i].widened = true;
}

static int add_all(struct phrase *phrase)
{
    unsigned cost = 0;
    int error = 0;

    phrase->plain = false;
    if (!is_sayable(phrase)) {
        phrase->plain = true;
        if (!is_sayable(phrase))
            return add_line(phrase, NULL, NULL);
    }
    for (unsigned i = 0; i < phrase->rows.count && !error; i++) {
        error = add_row(phrase, phrase->rows.items[i]);
        cost += row_cost(&phrase->rows, &phrase->rows.items[i]);
    }
    return error ? error : (int)cost;
}

int phrase_add(int number, const struct columns *columns, const struct tuple *const *tuples,
               unsigned count, bool short_of_room, struct additions *additions)
{
    struct columns wide = *columns;
    struct phrase *phrase = calloc(1, sizeof(*phrase));

    if (!phrase)
        return -ENOMEM;
    call_name(number, phrase->call);
    phrase->prototype = decode_prototype(number);
    phrase->additions = additions;
    if (short_of_room)
        widen_all(&wide);
    rows_make(&phrase->rows, short_of_room ? &wide : columns, tuples, count);
    if (short_of_room)
        rows_join(&phrase->rows);
    int result = add_all(phrase);
    free(phrase);
    return result;
}
