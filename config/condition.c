#include "condition.h"

#include <stdlib.h>

void condition_release(struct condition *condition)
{
    for (size_t i = 0; i < condition->count; i++)
        free(condition->clauses[i].ranges);
    free(condition->clauses);
    *condition = (struct condition){0};
}

uint64_t clause_bits(const struct clause *clause)
{
    return clause->width >= 64 ? UINT64_MAX : ((uint64_t)1 << clause->width) - 1;
}

/* Moves the order of signed numbers onto that of unsigned ones. */
static uint64_t ordered(const struct clause *clause, uint64_t bits)
{
    return clause->is_signed ? bits ^ (uint64_t)1 << (clause->width - 1) : bits;
}

static bool is_listed(const struct clause *clause, uint64_t value)
{
    for (size_t i = 0; i < clause->count; i++) {
        if (ordered(clause, value) >= ordered(clause, clause->ranges[i].low) &&
            ordered(clause, value) <= ordered(clause, clause->ranges[i].high))
            return true;
    }
    return false;
}

static bool clause_matches(const struct clause *clause, uint64_t argument)
{
    uint64_t value = argument & clause_bits(clause) & clause->mask;
    uint64_t operand = clause->ranges[0].low;

    switch (clause->comparison) {
    case COMPARE_IN:
        return is_listed(clause, value);
    case COMPARE_NOT_IN:
        return !is_listed(clause, value);
    case COMPARE_WITH:
        return (value & operand) == operand;
    case COMPARE_WITHOUT:
        return (value & operand) == 0;
    case COMPARE_ONLY:
        return (value & ~operand) == 0;
    case COMPARE_EQUAL:
        return value == operand;
    case COMPARE_NOT_EQUAL:
        return value != operand;
    case COMPARE_LESS:
        return ordered(clause, value) < ordered(clause, operand);
    case COMPARE_LESS_EQUAL:
        return ordered(clause, value) <= ordered(clause, operand);
    case COMPARE_GREATER:
        return ordered(clause, value) > ordered(clause, operand);
    case COMPARE_GREATER_EQUAL:
        return ordered(clause, value) >= ordered(clause, operand);
    }
    return false;
}

bool condition_matches(const struct condition *condition, const uint64_t arguments[6])
{
    for (size_t i = 0; i < condition->count; i++) {
        const struct clause *clause = &condition->clauses[i];
        if (!clause_matches(clause, arguments[clause->argument]))
            return false;
    }
    return true;
}
