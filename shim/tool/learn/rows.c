#include "rows.h"

#include <string.h>
#include <sys/mman.h>

#include "../decode.h"

enum {
    ROWS_FEW = 6,      /* more lines than these are no longer read */
    PAIRS_ENOUGH = 64, /* more than these are not spent on a product */
};

/* In the order of the argument's type. */
static bool is_less(const struct column *column, uint64_t one, uint64_t two)
{
    if (column->argument.is_signed && column_is_whole(column))
        return (int64_t)decode_cut(&column->argument, one) <
               (int64_t)decode_cut(&column->argument, two);
    return one < two;
}

static void collect_values(struct rows *rows, unsigned index)
{
    const struct column *column = &rows->columns->items[index];
    uint64_t *values = rows->values[index];
    unsigned count = 0;

    for (unsigned i = 0; i < rows->tuple_count; i++) {
        uint64_t value = rows->tuples[i]->values[index];
        unsigned at = count;
        while (at > 0 && is_less(column, value, values[at - 1]))
            at--;
        if (at > 0 && values[at - 1] == value)
            continue;
        memmove(&values[at + 1], &values[at], (count - at) * sizeof(*values));
        values[at] = value;
        count++;
    }
    rows->value_counts[index] = count;
}

static unsigned position_of(const struct rows *rows, unsigned index, uint64_t value)
{
    unsigned at = 0;

    while (rows->values[index][at] != value)
        at++;
    return at;
}

uint64_t row_union(const struct rows *rows, const struct row *row, unsigned column)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < rows->value_counts[column]; i++)
        all |= row->sets[column] >> i & 1 ? rows->values[column][i] : 0;
    return all;
}

unsigned row_size(const struct row *row, unsigned column)
{
    return (unsigned)__builtin_popcountll(row->sets[column]);
}

uint64_t row_first(const struct rows *rows, const struct row *row, unsigned column)
{
    return rows->values[column][__builtin_ctzll(row->sets[column])];
}

/* Whether what ROW has in a column says the same, or can be made to, as what OTHER has there. */
static bool agrees(const struct rows *rows, const struct row *row, const struct row *other,
                   unsigned column, bool loosely)
{
    uint64_t one = row_union(rows, row, column);
    uint64_t two = row_union(rows, other, column);

    switch (rows->columns->items[column].manner) {
    case WORTH_PROT:
        return ((one ^ two) & PROT_EXEC) == 0;
    case WORTH_WITHOUT:
        return loosely || one == two;
    case WORTH_VALUE:
        break;
    }
    return row->sets[column] == other->sets[column];
}

static bool may_join(const struct rows *rows, const struct row *row, const struct row *other,
                     int free_column)
{
    for (unsigned i = 0; i < rows->columns->count; i++) {
        if ((int)i != free_column && !agrees(rows, row, other, i, free_column < 0))
            return false;
    }
    return true;
}

static void join_into(const struct rows *rows, struct row *row, const struct row *other)
{
    for (unsigned i = 0; i < rows->columns->count; i++)
        row->sets[i] |= other->sets[i];
}

/* Joins the rows that differ in FREE_COLUMN at most; if that is -1, those with the same values but
 * other flags. */
static void join_rows(struct rows *rows, int free_column)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < rows->count; i++) {
        unsigned k = 0;
        while (k < kept && !may_join(rows, &rows->items[k], &rows->items[i], free_column))
            k++;
        if (k < kept)
            join_into(rows, &rows->items[k], &rows->items[i]);
        else
            rows->items[kept++] = rows->items[i];
    }
    rows->count = kept;
}

/* How many combinations of values ROW stands for, up to PAIRS_ENOUGH. */
static unsigned count_pairs(const struct rows *rows, const struct row *row)
{
    unsigned count = 1;

    for (unsigned i = 0; i < rows->columns->count && count < PAIRS_ENOUGH; i++) {
        if (rows->columns->items[i].manner == WORTH_VALUE)
            count *= row_size(row, i);
    }
    return count;
}

static bool is_executable(const struct rows *rows, const struct row *row)
{
    for (unsigned i = 0; i < rows->columns->count; i++) {
        if (rows->columns->items[i].manner == WORTH_PROT &&
            (row_union(rows, row, i) & PROT_EXEC) != 0)
            return true;
    }
    return false;
}

/* Every value of one argument with every one of the others, unless that costs too much. */
static void join_all(struct rows *rows)
{
    struct row all[2] = {0};
    bool used[2] = {0};

    for (unsigned i = 0; i < rows->count; i++) {
        bool executable = is_executable(rows, &rows->items[i]);
        join_into(rows, &all[executable], &rows->items[i]);
        used[executable] = true;
    }
    if ((used[0] && count_pairs(rows, &all[0]) >= PAIRS_ENOUGH) ||
        (used[1] && count_pairs(rows, &all[1]) >= PAIRS_ENOUGH))
        return;
    rows->count = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (used[i])
            rows->items[rows->count++] = all[i];
    }
}

void rows_make(struct rows *rows, const struct columns *columns, const struct tuple *const *tuples,
               unsigned count)
{
    *rows =
        (struct rows){.columns = columns, .tuples = tuples, .tuple_count = count, .count = count};
    for (unsigned i = 0; i < columns->count; i++)
        collect_values(rows, i);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < columns->count; k++)
            rows->items[i].sets[k] = (uint64_t)1 << position_of(rows, k, tuples[i]->values[k]);
    }
    join_rows(rows, -1);
    for (unsigned i = columns->count; i-- > 0;) {
        if (columns->items[i].manner == WORTH_VALUE)
            join_rows(rows, (int)i);
    }
    if (rows->count > ROWS_FEW)
        join_all(rows);
}

void rows_join(struct rows *rows)
{
    for (unsigned i = 1; i < rows->count; i++)
        join_into(rows, &rows->items[0], &rows->items[i]);
    rows->count = 1;
}

bool row_covers(const struct rows *rows, const struct row *row, const struct tuple *tuple)
{
    for (unsigned i = 0; i < rows->columns->count; i++) {
        if (!(row->sets[i] >> position_of(rows, i, tuple->values[i]) & 1))
            return false;
    }
    return true;
}

int row_longest_list(const struct rows *rows, const struct row *row)
{
    int longest = -1;
    unsigned most = 1;

    for (unsigned i = 0; i < rows->columns->count; i++) {
        const struct column *column = &rows->columns->items[i];
        if (column->manner == WORTH_VALUE && !column->widened && !column->argument.is_pointer &&
            row_size(row, i) > most) {
            most = row_size(row, i);
            longest = (int)i;
        }
    }
    return longest;
}

void row_split(struct row *row, unsigned column, unsigned count, struct row *rest)
{
    uint64_t high = row->sets[column];

    for (; count > 0; count--)
        high &= high - 1;
    *rest = *row;
    rest->sets[column] = high;
    row->sets[column] &= ~high;
}
