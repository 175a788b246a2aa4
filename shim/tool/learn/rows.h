/* The calls that were seen, as few rows of sets: each a line in the making. */
#ifndef PORTCULLIS_TOOL_LEARN_ROWS_H
#define PORTCULLIS_TOOL_LEARN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "columns.h"

/* So many different ones of a call are told apart: a filter has 4,096 instructions for all. */
enum { TUPLES_MAX = 64 };

/* Calls that look the same in all columns. */
struct tuple {
    uint64_t values[COLUMNS_MAX];
    uint64_t arguments[6]; /* of the first of them */
    uint64_t count;
    char *site; /* owned; or NULL */
};

/* For each column a set of values, by their positions: every value of one with every one of the
 * others. */
struct row {
    uint64_t sets[COLUMNS_MAX];
};

struct rows {
    const struct columns *columns;     /* borrowed */
    const struct tuple *const *tuples; /* borrowed */
    unsigned tuple_count;
    uint64_t values[COLUMNS_MAX][TUPLES_MAX]; /* in the order of the type, each once */
    unsigned value_counts[COLUMNS_MAX];
    struct row items[TUPLES_MAX];
    unsigned count;
};

/* As few rows as stand for just the COUNT TUPLES (1 to TUPLES_MAX); for a few more, if there would
 * be too many rows to read. */
void rows_make(struct rows *rows, const struct columns *columns, const struct tuple *const *tuples,
               unsigned count);

/* Makes one row of all. */
void rows_join(struct rows *rows);

/* All bits of the values that ROW has in a column. */
uint64_t row_union(const struct rows *rows, const struct row *row, unsigned column);

/* How many values it has there, and the lowest of them. */
unsigned row_size(const struct row *row, unsigned column);
uint64_t row_first(const struct rows *rows, const struct row *row, unsigned column);

bool row_covers(const struct rows *rows, const struct row *row, const struct tuple *tuple);

/* The column with the longest list, or -1 if there is no list. */
int row_longest_list(const struct rows *rows, const struct row *row);

/* Leaves the lowest COUNT values of the column in ROW, and the others in REST. */
void row_split(struct row *row, unsigned column, unsigned count, struct row *rest);

#endif
