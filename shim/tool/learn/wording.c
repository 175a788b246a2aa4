#include "wording.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../decode.h"

enum { WORD_MAX = DECODE_VALUE_MAX };

/* The condition in the making. */
struct draft {
    const char *call;
    const struct prototype *prototype;
    const struct rows *rows;
    const struct row *row;
    bool plain;
    char *text;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct draft *draft, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length =
        vsnprintf(draft->text + draft->length, WORDING_MAX - draft->length, format, arguments);
    va_end(arguments);
    draft->length += length > 0 ? (size_t)length : 0;
    if (draft->length >= WORDING_MAX)
        draft->length = WORDING_MAX - 1;
}

static const char *argument_name(const struct draft *draft, const struct column *column,
                                 char name[4])
{
    if (draft->prototype)
        return prototype_text(column->argument.name);
    snprintf(name, 4, "a%u", column->index);
    return name;
}

/* What decides about the names of the values: for the options of a socket their level. */
static const char *context_of(const struct draft *draft, const struct column *column)
{
    uint64_t arguments[6] = {0};

    for (unsigned i = 0; i < draft->rows->columns->count; i++) {
        const struct column *other = &draft->rows->columns->items[i];
        bool known = !other->widened && row_size(draft->row, i) == 1;
        arguments[other->index] = known ? row_first(draft->rows, draft->row, i) : UINT64_MAX;
    }
    return decode_context(draft->call, &column->argument, arguments);
}

/* VALUE, as a word that the language takes. */
static const char *word_of(const struct draft *draft, const struct column *column, uint64_t value,
                           char text[WORD_MAX])
{
    const char *context = context_of(draft, column);

    if (draft->plain)
        snprintf(text, WORD_MAX, "0x%" PRIx64, value);
    else if (column_is_whole(column) || column_field(column) != 0)
        decode_value(context, &column->argument, value, text);
    else
        decode_flags(context, &column->argument, value, text);
    if (strcmp(text, "NULL") == 0)
        snprintf(text, WORD_MAX, "0");
    return text;
}

/* FLAGS, none of which is in a field, joined by '|'. */
static const char *flags_of(const struct draft *draft, const struct column *column, uint64_t flags,
                            char text[WORD_MAX])
{
    if (draft->plain)
        snprintf(text, WORD_MAX, "0x%" PRIx64, flags);
    else
        decode_flags(draft->call, &column->argument, flags, text);
    return text;
}

static void begin_clause(struct draft *draft, const struct column *column)
{
    char name[4];

    add(draft, "%s%s", draft->length > 0 ? " and " : "", argument_name(draft, column, name));
}

/* "flags & O_ACCMODE" */
static void add_operand(struct draft *draft, const struct column *column)
{
    char text[WORD_MAX];
    uint64_t field = column_field(column);

    begin_clause(draft, column);
    if (column_is_whole(column))
        return;
    if (column->bits)
        add(draft, " & %s", column->bits);
    else if (field == 0)
        add(draft, " & %s", flags_of(draft, column, column->mask, text));
    else if (draft->plain)
        add(draft, " & 0x%" PRIx64, column->mask);
    else if (column->mask == field)
        add(draft, " & %s", prototype_text(column->argument.field));
    else
        add(draft, " & %s|%s", prototype_text(column->argument.field),
            flags_of(draft, column, column->mask & ~field, text));
}

/* Of the values from position FIRST on, how many follow each other and have no names. */
static unsigned run_length(const struct draft *draft, unsigned index, unsigned first)
{
    const struct column *column = &draft->rows->columns->items[index];
    const uint64_t *values = draft->rows->values[index];
    unsigned count = 0;
    char text[WORD_MAX];

    while (first + count < draft->rows->value_counts[index] &&
           draft->row->sets[index] >> (first + count) & 1) {
        uint64_t value = values[first + count];
        word_of(draft, column, value, text);
        if (value != values[first] + count || text[strspn(text, "0123456789")] != '\0')
            break;
        count++;
    }
    return !draft->plain && column_is_whole(column) ? count : 0;
}

static void add_values(struct draft *draft, unsigned index)
{
    const struct column *column = &draft->rows->columns->items[index];
    const uint64_t *values = draft->rows->values[index];
    char text[WORD_MAX];

    add_operand(draft, column);
    if (column->argument.is_pointer) {
        add(draft, row_first(draft->rows, draft->row, index) ? " != 0" : " == 0");
        return;
    }
    add(draft, row_size(draft->row, index) == 1 ? " ==" : " in");
    for (unsigned i = 0; i < draft->rows->value_counts[index]; i++) {
        if (!(draft->row->sets[index] >> i & 1))
            continue;
        unsigned run = run_length(draft, index, i);
        add(draft, " %s", word_of(draft, column, values[i], text));
        if (run < 3)
            continue;
        i += run - 1;
        add(draft, "..%s", word_of(draft, column, values[i], text));
    }
}

/* "count in 1..4096" */
static void add_range(struct draft *draft, const struct column *column)
{
    begin_clause(draft, column);
    if (column->low == column->high)
        add(draft, " == 0x%" PRIx64, column->low & column_bits(column));
    else if (column->argument.is_signed)
        add(draft, " in %" PRId64 "..%" PRId64, (int64_t)column->low, (int64_t)column->high);
    else
        add(draft, " in %" PRIu64 "..%" PRIu64, column->low, column->high);
}

static void add_without(struct draft *draft, const struct column *column, uint64_t flags)
{
    char text[WORD_MAX];

    if (flags == 0)
        return;
    begin_clause(draft, column);
    add(draft, " without %s",
        column->bits && flags == column->mask ? column->bits
                                              : flags_of(draft, column, flags, text));
}

static void add_prot(struct draft *draft, const struct column *column, uint64_t rights)
{
    char text[WORD_MAX];

    begin_clause(draft, column);
    if (!(rights & PROT_EXEC))
        add(draft, " without PROT_EXEC");
    else
        add(draft, " only %s", flags_of(draft, column, rights, text));
}

static void add_clause(struct draft *draft, unsigned index)
{
    const struct column *column = &draft->rows->columns->items[index];

    if (column->widened) {
        if (column->own && column->ranged)
            add_range(draft, column);
        return;
    }
    switch (column->manner) {
    case WORTH_VALUE:
        /* a pointer that was seen NULL and otherwise says nothing */
        if (!column->argument.is_pointer || row_size(draft->row, index) == 1)
            add_values(draft, index);
        break;
    case WORTH_WITHOUT:
        add_without(draft, column, column->mask & ~row_union(draft->rows, draft->row, index));
        break;
    case WORTH_PROT:
        add_prot(draft, column, row_union(draft->rows, draft->row, index));
        break;
    }
}

/* The flags that all values of a column have. */
static uint64_t common_flags(const struct draft *draft, unsigned index)
{
    const struct rows *rows = draft->rows;
    uint64_t common = UINT64_MAX;

    for (unsigned i = 0; i < rows->value_counts[index]; i++)
        common &= draft->row->sets[index] >> i & 1 ? rows->values[index][i] : UINT64_MAX;
    return common;
}

/* Where nothing is left to say, and a line of the user's would be swallowed by the name alone. */
static void add_bounds(struct draft *draft)
{
    char text[WORD_MAX];

    for (unsigned i = 0; i < draft->rows->columns->count && draft->length == 0; i++) {
        const struct column *column = &draft->rows->columns->items[i];
        if (!column->own || !column->ranged || column->argument.is_pointer)
            continue;
        uint64_t flags = column->manner == WORTH_WITHOUT ? common_flags(draft, i) : 0;
        if (flags != 0 && !column->widened) {
            begin_clause(draft, column);
            add(draft, " with %s", flags_of(draft, column, flags, text));
        } else {
            add_range(draft, column);
        }
    }
}

size_t wording_write(const char *call, const struct prototype *prototype, const struct rows *rows,
                     const struct row *row, bool plain, char *text)
{
    struct draft draft = {.call = call,
                          .prototype = prototype,
                          .rows = rows,
                          .row = row,
                          .plain = plain,
                          .text = text};

    *text = '\0';
    for (unsigned i = 0; i < rows->columns->count; i++)
        add_clause(&draft, i);
    if (draft.length == 0)
        add_bounds(&draft);
    return draft.length;
}
