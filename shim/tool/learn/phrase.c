#include "phrase.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../../config/constants.h"
#include "../../../config/lines.h"
#include "../call.h"
#include "../decode.h"

enum {
    LINE_COLUMNS = 100, /* lists are split to fit */
    ROWS_FEW = 6,       /* more lines than this are no longer read */
    PRODUCT_MAX = 4 * PHRASE_TUPLES_MAX,
    CONDITION_MAX = 8192, /* of any that is made and then split */
    WORD_MAX = DECODE_VALUE_MAX,
};

/* A line in the making: for each column a set of its values, by their position in the phrase. */
struct row {
    uint64_t sets[COLUMNS_MAX];
};

struct phrase {
    char call[CALL_NAME_MAX];
    int number;
    const struct prototype *prototype;
    const struct columns *columns;
    const struct tuple *const *tuples;
    unsigned count;
    uint64_t values[COLUMNS_MAX][PHRASE_TUPLES_MAX]; /* in order, each once */
    unsigned value_counts[COLUMNS_MAX];
    struct row rows[PHRASE_TUPLES_MAX];
    unsigned row_count;
    uint64_t told; /* the tuples that a line has counted */
    bool plain;    /* numbers in place of names */
    struct additions *additions;
};

/* Text that is added to until it is full. */
struct draft {
    char text[CONDITION_MAX];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct draft *draft, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(draft->text + draft->length, sizeof(draft->text) - draft->length, format,
                           arguments);
    va_end(arguments);
    draft->length += length > 0 ? (size_t)length : 0;
    if (draft->length >= sizeof(draft->text))
        draft->length = sizeof(draft->text) - 1;
}

/* In the order of the argument's type. */
static bool is_less(const struct column *column, uint64_t one, uint64_t two)
{
    if (column->argument.is_signed)
        return (int64_t)decode_cut(&column->argument, one) <
               (int64_t)decode_cut(&column->argument, two);
    return one < two;
}

static void collect_values(struct phrase *phrase, unsigned index)
{
    const struct column *column = &phrase->columns->items[index];
    uint64_t *values = phrase->values[index];
    unsigned count = 0;

    for (unsigned i = 0; i < phrase->count; i++) {
        uint64_t value = phrase->tuples[i]->values[index];
        unsigned at = count;
        while (at > 0 && is_less(column, value, values[at - 1]))
            at--;
        if (at > 0 && values[at - 1] == value)
            continue;
        memmove(&values[at + 1], &values[at], (count - at) * sizeof(*values));
        values[at] = value;
        count++;
    }
    phrase->value_counts[index] = count;
}

static unsigned position_of(const struct phrase *phrase, unsigned index, uint64_t value)
{
    unsigned at = 0;

    while (phrase->values[index][at] != value)
        at++;
    return at;
}

/* All bits of the values in a column of ROW. */
static uint64_t union_of(const struct phrase *phrase, const struct row *row, unsigned index)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < phrase->value_counts[index]; i++)
        all |= row->sets[index] >> i & 1 ? phrase->values[index][i] : 0;
    return all;
}

/* Whether what ROW has in a column says the same, or can be made to, as what OTHER has there. */
static bool agrees(const struct phrase *phrase, const struct row *row, const struct row *other,
                   unsigned index, bool loosely)
{
    uint64_t one = union_of(phrase, row, index);
    uint64_t two = union_of(phrase, other, index);

    switch (phrase->columns->items[index].manner) {
    case WORTH_PROT:
        return ((one ^ two) & PROT_EXEC) == 0;
    case WORTH_WITHOUT:
        return loosely || one == two;
    case WORTH_VALUE:
        break;
    }
    return row->sets[index] == other->sets[index];
}

static bool may_join(const struct phrase *phrase, const struct row *row, const struct row *other,
                     int free_column)
{
    for (unsigned i = 0; i < phrase->columns->count; i++) {
        if ((int)i != free_column && !agrees(phrase, row, other, i, free_column < 0))
            return false;
    }
    return true;
}

static void join_into(const struct phrase *phrase, struct row *row, const struct row *other)
{
    for (unsigned i = 0; i < phrase->columns->count; i++)
        row->sets[i] |= other->sets[i];
}

/* Joins the rows that differ in FREE_COLUMN at most; if that is -1, those with the same values but
 * other flags. */
static void join_rows(struct phrase *phrase, int free_column)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < phrase->row_count; i++) {
        unsigned k = 0;
        while (k < kept && !may_join(phrase, &phrase->rows[k], &phrase->rows[i], free_column))
            k++;
        if (k < kept)
            join_into(phrase, &phrase->rows[k], &phrase->rows[i]);
        else
            phrase->rows[kept++] = phrase->rows[i];
    }
    phrase->row_count = kept;
}

/* How many pairs of mask and value ROW costs in the filter. */
static unsigned cost_of(const struct phrase *phrase, const struct row *row)
{
    unsigned cost = 1;

    for (unsigned i = 0; i < phrase->columns->count && cost <= PRODUCT_MAX; i++) {
        if (phrase->columns->items[i].manner == WORTH_VALUE)
            cost *= (unsigned)__builtin_popcountll(row->sets[i]);
    }
    return cost;
}

static bool is_executable(const struct phrase *phrase, const struct row *row)
{
    for (unsigned i = 0; i < phrase->columns->count; i++) {
        if (phrase->columns->items[i].manner == WORTH_PROT &&
            (union_of(phrase, row, i) & PROT_EXEC) != 0)
            return true;
    }
    return false;
}

/* Where there would be too many lines to read: every value of one argument with every one of the
 * others, unless that costs too much. */
static void join_all(struct phrase *phrase)
{
    struct row all[2] = {0};
    unsigned used[2] = {0};

    for (unsigned i = 0; i < phrase->row_count; i++) {
        bool executable = is_executable(phrase, &phrase->rows[i]);
        join_into(phrase, &all[executable], &phrase->rows[i]);
        used[executable]++;
    }
    if (cost_of(phrase, &all[0]) > PRODUCT_MAX || cost_of(phrase, &all[1]) > PRODUCT_MAX)
        return;
    phrase->row_count = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (used[i] > 0)
            phrase->rows[phrase->row_count++] = all[i];
    }
}

static void make_rows(struct phrase *phrase)
{
    for (unsigned i = 0; i < phrase->columns->count; i++)
        collect_values(phrase, i);
    phrase->row_count = phrase->count;
    for (unsigned i = 0; i < phrase->count; i++) {
        for (unsigned k = 0; k < phrase->columns->count; k++) {
            unsigned at = position_of(phrase, k, phrase->tuples[i]->values[k]);
            phrase->rows[i].sets[k] = (uint64_t)1 << at;
        }
    }
    join_rows(phrase, -1);
    for (unsigned i = phrase->columns->count; i-- > 0;) {
        if (phrase->columns->items[i].manner == WORTH_VALUE)
            join_rows(phrase, (int)i);
    }
    if (phrase->row_count > ROWS_FEW)
        join_all(phrase);
}

/* What decides about the names of the values: for the options of a socket their level. */
static const char *context_of(const struct phrase *phrase, const struct row *row, unsigned index)
{
    const struct column *column = &phrase->columns->items[index];
    uint64_t arguments[6] = {0};

    for (unsigned i = 0; i < phrase->columns->count; i++) {
        const struct column *other = &phrase->columns->items[i];
        if (other->widened || __builtin_popcountll(row->sets[i]) != 1)
            arguments[other->index] = UINT64_MAX;
        else
            arguments[other->index] = phrase->values[i][(unsigned)__builtin_ctzll(row->sets[i])];
    }
    return decode_context(phrase->call, &column->argument, arguments);
}

static uint64_t full_mask(const struct column *column)
{
    return column->argument.width >= 64 ? UINT64_MAX : ((uint64_t)1 << column->argument.width) - 1;
}

/* Whether COLUMN looks at the number among the flags of its argument. */
static bool has_field(const struct column *column, uint64_t *field)
{
    int64_t value = 0;

    if (column->argument.field == 0 ||
        !constant_find(prototype_text(column->argument.field), &value))
        return false;
    *field = (uint64_t)value & full_mask(column);
    return true;
}

/* VALUE, as a word that the language takes. */
static const char *word_of(const struct phrase *phrase, const struct column *column,
                           const char *context, uint64_t value, char text[WORD_MAX])
{
    uint64_t field = 0;

    if (phrase->plain)
        snprintf(text, WORD_MAX, "0x%" PRIx64, value & full_mask(column));
    else if (column->mask == full_mask(column) ||
             (has_field(column, &field) && (column->mask & field) == field))
        decode_value(context, &column->argument, value, text);
    else
        decode_flags(context, &column->argument, value, text);
    if (strcmp(text, "NULL") == 0)
        snprintf(text, WORD_MAX, "0");
    return text;
}

static void add_argument(const struct phrase *phrase, struct draft *draft,
                         const struct column *column)
{
    add(draft, "%s", draft->length > 0 ? " and " : "");
    if (phrase->prototype)
        add(draft, "%s", prototype_text(column->argument.name));
    else
        add(draft, "a%u", column->index);
}

/* "flags & O_ACCMODE" */
static void add_operand(const struct phrase *phrase, struct draft *draft,
                        const struct column *column)
{
    char text[WORD_MAX];
    uint64_t field = 0;

    add_argument(phrase, draft, column);
    if (column->mask == full_mask(column))
        return;
    if (column->bits)
        add(draft, " & %s", column->bits);
    else if (has_field(column, &field) && (column->mask & field) != 0)
        add(draft, " & %s%s%s", prototype_text(column->argument.field),
            column->mask == field ? "" : "|",
            column->mask == field
                ? ""
                : decode_flags(phrase->call, &column->argument, column->mask & ~field, text));
    else
        add(draft, " & %s",
            phrase->plain ? word_of(phrase, column, phrase->call, column->mask, text)
                          : decode_flags(phrase->call, &column->argument, column->mask, text));
}

/* Of the values from FIRST on in SET, how many follow each other and have no names. */
static unsigned run_length(const struct phrase *phrase, unsigned index, uint64_t set,
                           const char *context, unsigned first)
{
    const struct column *column = &phrase->columns->items[index];
    char text[WORD_MAX];
    unsigned count = 0;

    while (first + count < phrase->value_counts[index] && set >> (first + count) & 1) {
        uint64_t value = phrase->values[index][first + count];
        word_of(phrase, column, context, value, text);
        bool is_number = *text >= '0' && *text <= '9' && !strchr(text, '|');
        if (!is_number || column->mask != full_mask(column) || column->argument.is_pointer ||
            value != phrase->values[index][first] + count)
            break;
        count++;
    }
    return count;
}

static void add_values(const struct phrase *phrase, struct draft *draft, const struct row *row,
                       unsigned index)
{
    const struct column *column = &phrase->columns->items[index];
    const char *context = context_of(phrase, row, index);
    uint64_t set = row->sets[index];
    char text[WORD_MAX];

    add_operand(phrase, draft, column);
    if (column->argument.is_pointer) {
        add(draft, phrase->values[index][(unsigned)__builtin_ctzll(set)] ? " != 0" : " == 0");
        return;
    }
    add(draft, __builtin_popcountll(set) == 1 ? " ==" : " in");
    for (unsigned i = 0; i < phrase->value_counts[index]; i++) {
        if (!(set >> i & 1))
            continue;
        unsigned run = run_length(phrase, index, set, context, i);
        add(draft, " %s", word_of(phrase, column, context, phrase->values[index][i], text));
        if (run < 3)
            continue;
        i += run - 1;
        add(draft, "..%s", word_of(phrase, column, context, phrase->values[index][i], text));
    }
}

/* "count in 1..4096" */
static void add_range(const struct phrase *phrase, struct draft *draft, const struct column *column)
{
    add_argument(phrase, draft, column);
    if (column->argument.is_signed)
        add(draft, " in %" PRId64 "..%" PRId64, (int64_t)column->low, (int64_t)column->high);
    else
        add(draft, " in %" PRIu64 "..%" PRIu64, column->low, column->high);
}

static void add_without(const struct phrase *phrase, struct draft *draft,
                        const struct column *column, uint64_t flags)
{
    char text[WORD_MAX];

    if (flags == 0)
        return;
    add_argument(phrase, draft, column);
    add(draft, " without %s",
        column->bits && flags == column->mask
            ? column->bits
            : decode_flags(phrase->call, &column->argument, flags, text));
}

static void add_prot(const struct phrase *phrase, struct draft *draft, const struct column *column,
                     uint64_t rights)
{
    char text[WORD_MAX];

    add_argument(phrase, draft, column);
    if (!(rights & PROT_EXEC))
        add(draft, " without PROT_EXEC");
    else
        add(draft, " only %s", decode_flags(phrase->call, &column->argument, rights, text));
}

/* Whether nothing is said about a pointer that was seen NULL and otherwise. */
static bool is_idle(const struct phrase *phrase, const struct row *row, unsigned index)
{
    const struct column *column = &phrase->columns->items[index];

    return column->argument.is_pointer && __builtin_popcountll(row->sets[index]) == 2;
}

static void write_clause(const struct phrase *phrase, const struct row *row, unsigned index,
                         struct draft *draft)
{
    const struct column *column = &phrase->columns->items[index];

    if (column->widened) {
        if (column->own && column->ranged)
            add_range(phrase, draft, column);
        return;
    }
    switch (column->manner) {
    case WORTH_VALUE:
        if (!is_idle(phrase, row, index))
            add_values(phrase, draft, row, index);
        break;
    case WORTH_WITHOUT:
        add_without(phrase, draft, column, column->mask & ~union_of(phrase, row, index));
        break;
    case WORTH_PROT:
        add_prot(phrase, draft, column, union_of(phrase, row, index));
        break;
    }
}

/* Where nothing is left to say, and a line of the user's would be swallowed by the name alone. */
static void write_bounds(const struct phrase *phrase, struct draft *draft)
{
    for (unsigned i = 0; i < phrase->columns->count; i++) {
        const struct column *column = &phrase->columns->items[i];
        if (column->own && column->ranged && !column->argument.is_pointer) {
            add_range(phrase, draft, column);
            return;
        }
    }
}

static void write_row(const struct phrase *phrase, const struct row *row, struct draft *draft)
{
    draft->length = 0;
    draft->text[0] = '\0';
    for (unsigned i = 0; i < phrase->columns->count; i++)
        write_clause(phrase, row, i, draft);
    if (draft->length == 0)
        write_bounds(phrase, draft);
}

static bool covers(const struct phrase *phrase, const struct row *row, const struct tuple *tuple)
{
    for (unsigned i = 0; i < phrase->columns->count; i++) {
        if (!(row->sets[i] >> position_of(phrase, i, tuple->values[i]) & 1))
            return false;
    }
    return true;
}

/* The language's own reader has the last word. */
static bool is_right(const struct phrase *phrase, const struct row *row, const char *text)
{
    struct diagnostics diagnostics = {0};
    struct condition condition = {0};
    bool right = condition_parse(text, phrase->call, phrase->prototype, (struct place){"", 0},
                                 &diagnostics, &condition) == 0;

    for (unsigned i = 0; i < phrase->count && right; i++)
        right = !covers(phrase, row, phrase->tuples[i]) ||
                condition_matches(&condition, phrase->tuples[i]->arguments);
    condition_release(&condition);
    diagnostics_release(&diagnostics);
    return right;
}

static size_t line_length(const struct phrase *phrase, const struct draft *draft)
{
    return strlen(phrase->call) + strlen(" = ") + draft->length;
}

/* The column of ROW with the longest list, or -1 if there is no list. */
static int longest_list(const struct phrase *phrase, const struct row *row)
{
    int longest = -1;
    int most = 1;

    for (unsigned i = 0; i < phrase->columns->count; i++) {
        const struct column *column = &phrase->columns->items[i];
        int count = __builtin_popcountll(row->sets[i]);
        if (column->manner == WORTH_VALUE && !column->widened && !column->argument.is_pointer &&
            count > most) {
            most = count;
            longest = (int)i;
        }
    }
    return longest;
}

/* The lowest COUNT members of SET. */
static uint64_t lowest(uint64_t set, unsigned count)
{
    uint64_t result = 0;

    for (; count > 0; count--) {
        result |= set & -set;
        set &= set - 1;
    }
    return result;
}

static int tell_widened(const struct phrase *phrase, const char *condition)
{
    char note[256];
    int error = 0;

    for (unsigned i = 0; i < phrase->columns->count && !error; i++) {
        const struct column *column = &phrase->columns->items[i];
        if (!column->widened || column->own)
            continue;
        snprintf(note, sizeof(note), "too many different values of %s were seen for a condition",
                 prototype_text(column->argument.name));
        error = additions_note(phrase->additions, phrase->call, condition, note);
    }
    return error;
}

/* Adds the line TEXT with what ROW's tuples know. */
static int add_line(struct phrase *phrase, const struct row *row, const char *text)
{
    const char *condition = *text != '\0' ? text : NULL;
    const char *site = NULL;
    uint64_t count = 0;

    for (unsigned i = 0; i < phrase->count; i++) {
        const struct tuple *tuple = phrase->tuples[i];
        if (phrase->told >> i & 1 || !covers(phrase, row, tuple))
            continue;
        phrase->told |= (uint64_t)1 << i;
        count += tuple->count;
        site = site ? site : tuple->site;
    }
    int error = additions_add(phrase->additions, phrase->call, condition, count, site);
    return error ? error : tell_widened(phrase, condition);
}

/* Shortens the list in column INDEX of ROW until the line fits; the rest is left in REST. */
static void split(struct phrase *phrase, struct row *row, unsigned index, struct row *rest,
                  struct draft *draft)
{
    uint64_t all = row->sets[index];
    unsigned count = (unsigned)__builtin_popcountll(all);

    do {
        count--;
        row->sets[index] = lowest(all, count);
        write_row(phrase, row, draft);
    } while (count > 1 && line_length(phrase, draft) > LINE_COLUMNS);
    *rest = *row;
    rest->sets[index] = all & ~row->sets[index];
}

/* Adds the lines that ROW is. */
static int add_row(struct phrase *phrase, struct row row)
{
    struct draft draft;
    int error = 0;
    bool more = true;

    while (more && !error) {
        struct row rest;
        int list = longest_list(phrase, &row);
        write_row(phrase, &row, &draft);
        more = list >= 0 && line_length(phrase, &draft) > LINE_COLUMNS;
        if (more)
            split(phrase, &row, (unsigned)list, &rest, &draft);
        if (more && longest_list(phrase, &row) >= 0 && line_length(phrase, &draft) > LINE_COLUMNS)
            error = add_row(phrase, row);
        else
            error = add_line(phrase, &row, draft.text);
        row = more ? rest : row;
    }
    return error;
}

/* Whether every row can be said, and each is a line that is short enough. */
static bool is_sayable(const struct phrase *phrase)
{
    struct draft draft;

    for (unsigned i = 0; i < phrase->row_count; i++) {
        struct row row = phrase->rows[i];
        write_row(phrase, &row, &draft);
        if (draft.length > 0 && !is_right(phrase, &row, draft.text))
            return false;
        for (int list; (list = longest_list(phrase, &row)) >= 0;)
            row.sets[list] = lowest(row.sets[list], 1);
        write_row(phrase, &row, &draft);
        if (line_length(phrase, &draft) > LINE_BYTES_MAX)
            return false;
    }
    return true;
}

/* Whether a row says nothing: then the name alone says all. */
static bool is_bare(const struct phrase *phrase)
{
    struct draft draft;

    for (unsigned i = 0; i < phrase->row_count; i++) {
        write_row(phrase, &phrase->rows[i], &draft);
        if (draft.length == 0)
            return true;
    }
    return phrase->row_count == 0;
}

static int add_name(struct phrase *phrase)
{
    const char *site = NULL;
    uint64_t count = 0;

    for (unsigned i = 0; i < phrase->count; i++) {
        count += phrase->tuples[i]->count;
        site = site ? site : phrase->tuples[i]->site;
    }
    int error = additions_add(phrase->additions, phrase->call, NULL, count, site);
    return error ? error : tell_widened(phrase, NULL);
}

int phrase_add(int number, const struct columns *columns, const struct tuple *const *tuples,
               unsigned count, struct additions *additions)
{
    struct phrase phrase = {.number = number,
                            .prototype = decode_prototype(number),
                            .columns = columns,
                            .tuples = tuples,
                            .count = count,
                            .additions = additions};
    int error = 0;

    call_name(number, phrase.call);
    make_rows(&phrase);
    phrase.plain = !is_sayable(&phrase);
    if (is_bare(&phrase) || !is_sayable(&phrase))
        return add_name(&phrase);
    for (unsigned i = 0; i < phrase.row_count && !error; i++)
        error = add_row(&phrase, phrase.rows[i]);
    return error;
}
