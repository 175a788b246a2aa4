#include "values.h"

#include <errno.h>
#include <stdlib.h>

/* A line of the language is short: what takes more pairs than this would never fit into a program.
 */
enum { PAIRS_MAX = 1 << 18 };

/* Disjoint intervals of unsigned numbers, in ascending order. */
struct intervals {
    struct range *ranges; /* owned */
    size_t count;
};

static bool contains(const struct block *outer, const struct block *inner)
{
    return (outer->mask & ~inner->mask) == 0 && (inner->value & outer->mask) == outer->value;
}

/* Adds BLOCK, and drops what lies within another. */
static int add_block(struct values *values, struct block block)
{
    size_t kept = 0;

    for (size_t i = 0; i < values->count; i++) {
        if (contains(&values->blocks[i], &block))
            return 0;
    }
    for (size_t i = 0; i < values->count; i++) {
        if (!contains(&block, &values->blocks[i]))
            values->blocks[kept++] = values->blocks[i];
    }
    values->count = kept;
    if (values->count == VALUES_BLOCKS_MAX)
        return -E2BIG;
    if (values->count == values->capacity) {
        size_t capacity = values->capacity ? 2 * values->capacity : 16;
        struct block *blocks = realloc(values->blocks, capacity * sizeof(*blocks));
        if (!blocks)
            return -ENOMEM;
        values->blocks = blocks;
        values->capacity = capacity;
    }
    values->blocks[values->count++] = block;
    return 0;
}

void values_release(struct values *values)
{
    free(values->blocks);
    *values = (struct values){0};
}

/* Adds the numbers LOW to HIGH, seen through MASK, as aligned blocks: 1000..2000 is eight of them.
 */
static int add_interval(struct values *values, uint64_t low, uint64_t high, uint64_t bits,
                        uint64_t mask)
{
    for (;;) {
        /* the largest aligned block that begins at LOW and ends at HIGH or below */
        uint64_t span = low == 0 ? bits : (low & (0 - low)) - 1;
        while (span > high - low)
            span >>= 1;
        struct block block = {bits & ~span, low & ~span};
        /* what the mask takes away can't be asked for */
        if ((block.value & ~mask) == 0) {
            block.mask &= mask;
            int error = add_block(values, block);
            if (error)
                return error;
        }
        if (high - low == span)
            return 0;
        low += span + 1;
    }
}

/* Sorts and joins what touches. Insertion sort: lists are short, and mostly in order. */
static void normalize(struct intervals *intervals)
{
    struct range *ranges = intervals->ranges;
    size_t count = 0;

    for (size_t i = 1; i < intervals->count; i++) {
        struct range range = ranges[i];
        size_t at = i;
        for (; at > 0 && ranges[at - 1].low > range.low; at--)
            ranges[at] = ranges[at - 1];
        ranges[at] = range;
    }
    for (size_t i = 0; i < intervals->count; i++) {
        struct range *last = count > 0 ? &ranges[count - 1] : NULL;
        if (last && (last->high == UINT64_MAX || ranges[i].low <= last->high + 1))
            last->high = ranges[i].high > last->high ? ranges[i].high : last->high;
        else
            ranges[count++] = ranges[i];
    }
    intervals->count = count;
}

/* Turns INTERVALS into all else among the numbers up to BITS; there is room for one more range. */
static void complement(struct intervals *intervals, uint64_t bits)
{
    struct range *ranges = intervals->ranges;
    size_t count = 0;
    uint64_t next = 0;
    bool open = true; /* there are numbers from NEXT on */

    for (size_t i = 0; i < intervals->count; i++) {
        struct range range = ranges[i];
        if (range.low > next)
            ranges[count++] = (struct range){next, range.low - 1};
        open = range.high < bits;
        next = range.high + 1;
    }
    if (open)
        ranges[count++] = (struct range){next, bits};
    intervals->count = count;
}

/* Adds what lies between LOW and HIGH in the order of the clause's type: across zero that's two. */
static void add_range(struct intervals *intervals, const struct clause *clause, uint64_t low,
                      uint64_t high)
{
    if (low <= high) {
        intervals->ranges[intervals->count++] = (struct range){low, high};
        return;
    }
    intervals->ranges[intervals->count++] = (struct range){low, clause_bits(clause)};
    intervals->ranges[intervals->count++] = (struct range){0, high};
}

/* Adds what is below BOUND in the order of the clause's type, with BOUND itself. */
static void add_up_to(struct intervals *intervals, const struct clause *clause, uint64_t bound)
{
    uint64_t lowest = clause->is_signed ? (uint64_t)1 << (clause->width - 1) : 0;

    add_range(intervals, clause, lowest, bound);
}

/* The values of a clause that looks at numbers (not at flags) as intervals. */
static int number_intervals(const struct clause *clause, struct intervals *intervals)
{
    enum comparison comparison = clause->comparison;
    uint64_t operand = clause->ranges[0].low;

    *intervals = (struct intervals){0};
    /* each range may lie across zero, and a complement has one more */
    intervals->ranges = malloc((2 * clause->count + 1) * sizeof(*intervals->ranges));
    if (!intervals->ranges)
        return -ENOMEM;
    bool negated = comparison == COMPARE_NOT_IN || comparison == COMPARE_NOT_EQUAL ||
                   comparison == COMPARE_GREATER || comparison == COMPARE_LESS;
    if (comparison == COMPARE_LESS_EQUAL || comparison == COMPARE_GREATER) {
        add_up_to(intervals, clause, operand);
    } else if (comparison == COMPARE_LESS || comparison == COMPARE_GREATER_EQUAL) {
        uint64_t bits = clause_bits(clause);
        uint64_t highest = clause->is_signed ? bits >> 1 : bits;
        add_range(intervals, clause, operand, highest);
    } else {
        for (size_t i = 0; i < clause->count; i++)
            add_range(intervals, clause, clause->ranges[i].low, clause->ranges[i].high);
    }
    normalize(intervals);
    if (negated)
        complement(intervals, clause_bits(clause));
    return 0;
}

/* INTERVALS becomes what INTERVALS and OTHER have in common. */
static int intersect_intervals(struct intervals *intervals, const struct intervals *other)
{
    struct intervals common = {malloc((intervals->count + other->count + 1) * sizeof(struct range)),
                               0};
    size_t one = 0;
    size_t two = 0;

    if (!common.ranges)
        return -ENOMEM;
    while (one < intervals->count && two < other->count) {
        struct range a = intervals->ranges[one];
        struct range b = other->ranges[two];
        struct range both = {a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
        if (both.low <= both.high)
            common.ranges[common.count++] = both;
        if (a.high < b.high)
            one++;
        else
            two++;
    }
    free(intervals->ranges);
    *intervals = common;
    return 0;
}

/* Clauses on the plain number are folded as intervals, where a complement costs nothing. */
static bool is_plain(const struct clause *clause)
{
    return clause->mask == UINT64_MAX && clause->comparison != COMPARE_WITH &&
           clause->comparison != COMPARE_WITHOUT && clause->comparison != COMPARE_ONLY;
}

/* VALUES becomes the numbers that meet all plain clauses on ARGUMENT. */
static int fold_plain(const struct condition *condition, unsigned argument, struct values *values)
{
    struct intervals all = {malloc(sizeof(struct range)), 1};
    uint64_t bits = UINT64_MAX;
    int error = 0;

    if (!all.ranges)
        return -ENOMEM;
    all.ranges[0] = (struct range){0, UINT64_MAX};
    for (size_t i = 0; i < condition->count && !error; i++) {
        const struct clause *clause = &condition->clauses[i];
        struct intervals some = {0};
        if (clause->argument != argument || !is_plain(clause))
            continue;
        bits = clause_bits(clause);
        error = number_intervals(clause, &some);
        if (!error)
            error = intersect_intervals(&all, &some);
        free(some.ranges);
    }
    for (size_t i = 0; i < all.count && !error; i++)
        error = add_interval(values, all.ranges[i].low, all.ranges[i].high, bits, UINT64_MAX);
    free(all.ranges);
    return error;
}

static int fold_masked(const struct clause *clause, struct values *values)
{
    struct intervals intervals;
    int error = number_intervals(clause, &intervals);

    for (size_t i = 0; !error && i < intervals.count; i++)
        error = add_interval(values, intervals.ranges[i].low, intervals.ranges[i].high,
                             clause_bits(clause), clause->mask);
    free(intervals.ranges);
    return error;
}

/* The values that meet one clause on flags, or on some bits of a number. */
static int fold_bits(const struct clause *clause, struct values *values)
{
    uint64_t mask = clause->mask & clause_bits(clause);
    uint64_t flags = clause->ranges[0].low;

    if (clause->comparison == COMPARE_WITH)
        return (flags & ~mask) == 0 ? add_block(values, (struct block){flags, flags}) : 0;
    if (clause->comparison == COMPARE_WITHOUT)
        return add_block(values, (struct block){flags & mask, 0});
    if (clause->comparison == COMPARE_ONLY)
        return add_block(values, (struct block){mask & ~flags, 0});
    return fold_masked(clause, values);
}

/* VALUES becomes what VALUES and OTHER have in common. */
static int intersect(struct values *values, const struct values *other)
{
    struct values common = {0};
    int error = values->count * other->count > PAIRS_MAX ? -E2BIG : 0;

    for (size_t i = 0; i < values->count && !error; i++) {
        const struct block *one = &values->blocks[i];
        for (size_t k = 0; k < other->count && !error; k++) {
            const struct block *two = &other->blocks[k];
            if (((one->value ^ two->value) & one->mask & two->mask) == 0)
                error = add_block(&common,
                                  (struct block){one->mask | two->mask, one->value | two->value});
        }
    }
    values_release(values);
    *values = common;
    return error;
}

int values_fold(const struct condition *condition, unsigned argument, struct values *values)
{
    *values = (struct values){0};
    int error = fold_plain(condition, argument, values);

    for (size_t i = 0; i < condition->count && !error; i++) {
        const struct clause *clause = &condition->clauses[i];
        struct values some = {0};
        if (clause->argument != argument || is_plain(clause))
            continue;
        error = fold_bits(clause, &some);
        if (!error)
            error = intersect(values, &some);
        values_release(&some);
    }
    return error;
}
