#include "phrase.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"
#include "../../values.h"
#include "../call.h"
#include "../decode.h"
#include "wording.h"

enum {
    LINE_COLUMNS = 100, /* lists are split to fit */
    COST_ENOUGH = 4096, /* more than any filter has room for */
};

struct phrase {
    char call[CALL_NAME_MAX];
    const struct prototype *prototype;
    struct rows rows;
    uint64_t told;              /* the tuples that a line has counted */
    unsigned cost;              /* of the lines so far, in comparisons */
    bool plain;                 /* numbers in place of names */
    struct additions additions; /* owned */
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

/* How many pairs of mask and value a filter compares for CONDITION, up to COST_ENOUGH. */
static unsigned cost_of(const struct condition *condition)
{
    size_t pairs = 1;
    unsigned arguments = 0;

    for (unsigned i = 0; i < 6 && pairs < COST_ENOUGH; i++) {
        struct values values;
        bool folded = values_fold(condition, i, &values) == 0;
        bool any = values.count > 0 && values.blocks[0].mask != 0;
        pairs *= folded ? values.count : COST_ENOUGH;
        arguments += any;
        values_release(&values);
    }
    return (unsigned)(pairs < COST_ENOUGH ? pairs * arguments : COST_ENOUGH);
}

/* Whether the text that ROW became means that, in the opinion of the language's own reader. */
static bool is_right(struct phrase *phrase, const struct row *row)
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

/* Whether each row says something, and the right thing. */
static bool is_sayable(struct phrase *phrase)
{
    for (unsigned i = 0; i < phrase->rows.count; i++) {
        if (write_row(phrase, &phrase->rows.items[i]) == 0 ||
            !is_right(phrase, &phrase->rows.items[i]))
            return false;
    }
    return true;
}

/* Says where there were too many values. */
static int tell_widened(struct phrase *phrase, const char *condition)
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
    return any ? additions_note(&phrase->additions, phrase->call, condition, note) : 0;
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
    int error = additions_add(&phrase->additions, phrase->call, condition, count, site);
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

/* Counts what the line costs: where a list is split over several, each has all of the rest. */
static void count_cost(struct phrase *phrase)
{
    struct diagnostics diagnostics = {0};
    struct condition condition = {0};
    bool parsed = condition_parse(phrase->text, phrase->call, phrase->prototype,
                                  (struct place){"", 0}, &diagnostics, &condition) == 0;

    phrase->cost += parsed ? cost_of(&condition) : COST_ENOUGH;
    condition_release(&condition);
    diagnostics_release(&diagnostics);
}

/* Adds ROW as one line. Returns 0; -E2BIG if it is too long for one; -ENOMEM. */
static int add_short_line(struct phrase *phrase, const struct row *row)
{
    const bool plain = phrase->plain;

    write_row(phrase, row);
    if (line_length(phrase) > LINE_BYTES_MAX) {
        phrase->plain = true;
        write_row(phrase, row);
        phrase->plain = plain;
    }
    if (line_length(phrase) > LINE_BYTES_MAX)
        return -E2BIG;
    count_cost(phrase);
    return add_line(phrase, row, phrase->text);
}

/* Adds the lines that ROW is. Returns as add_short_line() does. */
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
    return add_short_line(phrase, &row);
}

/* Rounds the ends of COLUMN's range to what takes one comparison, or two where it has a sign. */
static void round_range(struct column *column)
{
    bool negative = column->argument.is_signed && (int64_t)column->low < 0;
    uint64_t reach = negative ? ~column->low | column->high : column->high;

    if (column->argument.is_signed && (int64_t)column->high < 0)
        reach = ~column->low;
    for (unsigned shift = 1; shift < 64; shift *= 2)
        reach |= reach >> shift;
    column->low = negative ? ~reach : 0;
    column->high = reach;
}

/* Forgets all but the rough bounds of one argument that the user's lines look at, if there is one.
 */
static void widen_all(struct columns *columns)
{
    bool bounded = false;

    for (unsigned i = 0; i < columns->count; i++) {
        struct column *column = &columns->items[i];
        column->widened = true;
        column->own = column->own && column->ranged && !column->argument.is_pointer && !bounded;
        bounded |= column->own;
        if (column->own)
            round_range(column);
    }
}

/* Returns the cost, -E2BIG or -ENOMEM. */
static int add_rows(struct phrase *phrase)
{
    phrase->plain = !is_sayable(phrase);
    if (phrase->plain && !is_sayable(phrase))
        return -E2BIG;
    for (unsigned i = 0; i < phrase->rows.count; i++) {
        int error = add_row(phrase, phrase->rows.items[i]);
        if (error)
            return error;
    }
    return (int)phrase->cost;
}

/* Moves what PHRASE has made to ADDITIONS. */
static int hand_over(const struct phrase *phrase, struct additions *additions)
{
    int error = 0;

    for (size_t i = 0; i < phrase->additions.count && !error; i++) {
        const struct addition *item = &phrase->additions.items[i];
        error = additions_add(additions, item->name, item->condition, item->count, item->site);
        if (!error && item->note)
            error = additions_note(additions, item->name, item->condition, item->note);
    }
    return error;
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
    if (short_of_room)
        widen_all(&wide);
    rows_make(&phrase->rows, short_of_room ? &wide : columns, tuples, count);
    if (short_of_room)
        rows_join(&phrase->rows);
    int result = add_rows(phrase);
    if (result == -E2BIG) {
        additions_release(&phrase->additions);
        result = add_line(phrase, NULL, NULL);
    }
    int error = result < 0 ? result : hand_over(phrase, additions);
    additions_release(&phrase->additions);
    free(phrase);
    return error ? error : result;
}
