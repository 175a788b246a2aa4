#include "columns.h"

#include "../../../config/constants.h"
#include "../call.h"
#include "../decode.h"

/* The bits that decide whether CLAUSE holds. */
static uint64_t decisive_bits(const struct clause *clause)
{
    uint64_t bits = clause->mask & clause_bits(clause);

    if (clause->comparison == COMPARE_WITH || clause->comparison == COMPARE_WITHOUT)
        return clause->ranges[0].low & clause_bits(clause);
    if (clause->comparison == COMPARE_ONLY)
        return bits & ~clause->ranges[0].low;
    return bits;
}

static struct column *add(struct columns *columns, const struct prototype *prototype,
                          unsigned index, uint64_t mask)
{
    static const struct argument RAW = {.width = 64};
    struct column *column = &columns->items[columns->count];

    if (columns->count == COLUMNS_MAX)
        return NULL;
    *column =
        (struct column){.index = index, .argument = prototype ? prototype->arguments[index] : RAW};
    column->mask = mask & decode_bits(&column->argument);
    columns->count++;
    return column;
}

static struct column *add_row(struct columns *columns, const struct prototype *prototype,
                              const struct worth *row)
{
    int index = prototype ? prototype_argument(prototype, row->argument) : -1;
    uint64_t mask = UINT64_MAX;

    if (index < 0 || (row->bits && !call_value(row->bits, &mask)))
        return NULL;
    struct column *column = add(columns, prototype, (unsigned)index, mask);
    if (column) {
        column->manner = row->manner;
        column->bits = row->bits;
    }
    return column;
}

static bool has_row(const struct columns *columns, unsigned index, const struct worth *row)
{
    for (unsigned i = 0; i < columns->count; i++) {
        if (columns->items[i].index == index && columns->items[i].bits == row->bits &&
            columns->items[i].manner == row->manner)
            return true;
    }
    return false;
}

/* The rows of the table that look at some of the BITS which a line of the user looks at: they know
 * how people write it. */
static void add_fitting_rows(struct columns *columns, int number, unsigned index, uint64_t bits)
{
    const struct prototype *prototype = decode_prototype(number);
    char name[CALL_NAME_MAX];
    size_t count;
    const struct worth *row = worth_find(call_name(number, name), &count);

    for (; count > 0 && prototype; count--, row++) {
        uint64_t mask = UINT64_MAX;
        if (prototype_argument(prototype, row->argument) != (int)index ||
            has_row(columns, index, row) || (row->bits && !call_value(row->bits, &mask)) ||
            (mask & bits) == 0)
            continue;
        add_row(columns, prototype, row);
    }
}

/* Marks what looks at the argument as the user's. Returns the BITS that nothing looks at. */
static uint64_t claim(struct columns *columns, unsigned index, uint64_t bits)
{
    for (unsigned i = 0; i < columns->count; i++) {
        struct column *column = &columns->items[i];
        if (column->index != index || (column->mask & bits) == 0)
            continue;
        column->own = true;
        bits &= ~column->mask;
    }
    return bits;
}

/* A column of values for BITS, or the one that is there with more bits. */
static void add_bits(struct columns *columns, int number, unsigned index, uint64_t bits)
{
    for (unsigned i = 0; i < columns->count; i++) {
        struct column *column = &columns->items[i];
        if (column->index == index && column->manner == WORTH_VALUE) {
            column->mask |= bits;
            column->bits = NULL;
            column->own = true;
            return;
        }
    }
    struct column *column = add(columns, decode_prototype(number), index, bits);
    if (column)
        column->own = true;
}

static void add_clause(struct columns *columns, int number, const struct clause *clause)
{
    uint64_t bits = decisive_bits(clause);
    uint64_t left = claim(columns, clause->argument, bits);

    if (left != 0) {
        add_fitting_rows(columns, number, clause->argument, left);
        left = claim(columns, clause->argument, bits);
    }
    if (left != 0)
        add_bits(columns, number, clause->argument, left);
}

void columns_choose(struct columns *columns, int number, const struct rule *rule,
                    enum record_arguments arguments)
{
    char name[CALL_NAME_MAX];
    const struct prototype *prototype = decode_prototype(number);
    size_t count;
    const struct worth *row = worth_find(call_name(number, name), &count);

    *columns = (struct columns){0};
    for (; count > 0 && arguments != RECORD_ARGUMENTS_NONE; count--, row++) {
        if (row->safe || arguments == RECORD_ARGUMENTS_ALL)
            add_row(columns, prototype, row);
    }
    for (size_t i = 0; rule && i < rule->allow_count; i++) {
        const struct entry *entry = rule->allow[i].entry;
        for (size_t k = 0; k < entry->condition.count; k++)
            add_clause(columns, number, &entry->condition.clauses[k]);
    }
}

uint64_t column_bits(const struct column *column)
{
    return decode_bits(&column->argument);
}

bool column_is_whole(const struct column *column)
{
    return column->mask == column_bits(column);
}

uint64_t column_field(const struct column *column)
{
    int64_t field = 0;

    if (column->argument.field == 0 ||
        !constant_find(prototype_text(column->argument.field), &field))
        return 0;
    uint64_t bits = (uint64_t)field & column_bits(column);
    return (column->mask & bits) == bits ? bits : 0;
}

uint64_t column_value(const struct column *column, const uint64_t arguments[6])
{
    uint64_t value = arguments[column->index];

    if (column->widened)
        return 0;
    return column->argument.is_pointer ? value != 0 : value & column->mask;
}

/* Moves the order of the argument's type onto that of unsigned numbers. */
static uint64_t ordered(const struct column *column, uint64_t value)
{
    return column->argument.is_signed ? value ^ (uint64_t)1 << 63 : value;
}

void column_stretch(struct column *column, const uint64_t arguments[6])
{
    uint64_t value = decode_cut(&column->argument, arguments[column->index]);

    if (!column->ranged || ordered(column, value) < ordered(column, column->low))
        column->low = value;
    if (!column->ranged || ordered(column, value) > ordered(column, column->high))
        column->high = value;
    column->ranged = true;
}

/* Whether a plain CLAUSE on numbers, without holes, holds from one end of COLUMN's range to the
 * other. */
static bool spans(const struct clause *clause, const struct column *column)
{
    struct clause one = *clause;
    uint64_t ends[2][6] = {{0}};

    ends[0][column->index] = column->low;
    ends[1][column->index] = column->high;
    if (clause->mask != UINT64_MAX || clause->comparison == COMPARE_NOT_IN ||
        clause->comparison == COMPARE_NOT_EQUAL || clause->comparison == COMPARE_WITH ||
        clause->comparison == COMPARE_WITHOUT || clause->comparison == COMPARE_ONLY)
        return false;
    bool is_list = clause->comparison == COMPARE_IN;
    for (size_t i = 0; i < (is_list ? clause->count : 1); i++) {
        if (is_list) {
            one.ranges = &clause->ranges[i];
            one.count = 1;
        }
        if (condition_matches(&(struct condition){&one, 1}, ends[0]) &&
            condition_matches(&(struct condition){&one, 1}, ends[1]))
            return true;
    }
    return false;
}

static bool clause_holds(const struct columns *columns, const struct clause *clause,
                         const uint64_t arguments[6])
{
    struct clause one = *clause;
    uint64_t bits = decisive_bits(clause);

    for (unsigned i = 0; i < columns->count; i++) {
        const struct column *column = &columns->items[i];
        if (column->index != clause->argument)
            continue;
        if (column->ranged && spans(clause, column))
            return true;
        if (!column->widened)
            bits &= ~column->mask;
    }
    return bits == 0 && condition_matches(&(struct condition){&one, 1}, arguments);
}

bool columns_match(const struct columns *columns, const struct entry *entry,
                   const uint64_t arguments[6])
{
    for (size_t i = 0; i < entry->condition.count; i++) {
        if (!clause_holds(columns, &entry->condition.clauses[i], arguments))
            return false;
    }
    return true;
}
