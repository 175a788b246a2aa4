/* Rules on one call that differ in the values of one argument alone become one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

static int compare_numbers(uint64_t one, uint64_t other)
{
    return (one > other) - (one < other);
}

/* An order of VALUES in which equal ones are the same blocks. */
static int compare_values(const struct values *one, const struct values *other)
{
    if (one->count != other->count || one->count == 0)
        return compare_numbers(one->count, other->count);
    return memcmp(one->blocks, other->blocks, one->count * sizeof(*one->blocks));
}

/* An order of rules in which those are equal that differ in the argument FREE alone. */
static int compare_but(const void *one, const void *other, void *free_argument)
{
    const struct draft_rule *a = one;
    const struct draft_rule *b = other;
    const unsigned *but = free_argument;
    int order = compare_numbers(a->action.kind, b->action.kind);

    if (order == 0 && a->action.kind == ACTION_ERRNO)
        order = compare_numbers(a->action.error, b->action.error);
    for (unsigned i = 0; i < DRAFT_ARGUMENTS && order == 0; i++) {
        order = (int)a->asked[i] - (int)b->asked[i];
        if (order == 0 && i != *but)
            order = compare_values(&a->values[i], &b->values[i]);
    }
    return order;
}

/* The same, and of equals the one that came first. */
static int compare_stably(const void *one, const void *other, void *free_argument)
{
    int order = compare_but(one, other, free_argument);

    return order ? order
                 : compare_numbers(((const struct draft_rule *)one)->order,
                                   ((const struct draft_rule *)other)->order);
}

static int compare_order(const void *one, const void *other)
{
    return compare_numbers(((const struct draft_rule *)one)->order,
                           ((const struct draft_rule *)other)->order);
}

/* Appends OTHER's blocks to VALUES. */
static int unite(struct values *values, const struct values *other)
{
    size_t count = values->count + other->count;

    if (count > values->capacity) {
        struct block *blocks = reallocarray(values->blocks, 2 * count, sizeof(*blocks));
        if (!blocks)
            return -ENOMEM;
        values->blocks = blocks;
        values->capacity = 2 * count;
    }
    memcpy(values->blocks + values->count, other->blocks, other->count * sizeof(*other->blocks));
    values->count = count;
    return 0;
}

/* Joins those of CALL that differ in ARGUMENT alone; *AGAIN is set if there were any. */
static int join_by(struct draft_call *call, unsigned argument, bool *again)
{
    struct draft_rule *rules = call->rules;
    size_t kept = 0;
    int error = 0;

    qsort_r(rules, call->count, sizeof(*rules), compare_stably, &argument);
    for (size_t i = 1; i < call->count; i++) {
        struct draft_rule *one = &rules[kept];
        if (error || compare_but(one, &rules[i], &argument) != 0) {
            rules[++kept] = rules[i];
            continue;
        }
        /* those that do not differ at all have nothing to add */
        if (compare_values(&one->values[argument], &rules[i].values[argument]) != 0)
            error = unite(&one->values[argument], &rules[i].values[argument]);
        *again = true;
        for (unsigned k = 0; k < DRAFT_ARGUMENTS; k++)
            values_release(&rules[i].values[k]);
    }
    call->count = kept + 1;
    return error;
}

int draft_join(struct draft_call *call)
{
    int error = 0;

    for (size_t i = 0; i < call->count; i++)
        call->rules[i].order = i;
    for (bool again = call->count > 1; again && !error;) {
        again = false;
        for (unsigned i = 0; i < DRAFT_ARGUMENTS && !error && call->count > 1; i++)
            error = join_by(call, i, &again);
    }
    if (call->count > 1)
        qsort(call->rules, call->count, sizeof(*call->rules), compare_order);
    return error;
}
