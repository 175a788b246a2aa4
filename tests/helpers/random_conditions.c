#include "random_conditions.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../config/constants.h"

enum { COST_MAX = 96 };

static uint64_t low_bits(unsigned count)
{
    return count >= 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

/* The number that a pattern of bits stands for in the clause's type. */
static wide number_of(const struct random_clause *clause, uint64_t bits)
{
    wide number = (wide)(bits & low_bits(clause->width));
    if (clause->is_signed && number >= (wide)1 << (clause->width - 1))
        number -= (wide)1 << clause->width;
    return number;
}

static wide seen(const struct random_clause *clause, const uint64_t arguments[6])
{
    uint64_t bits = arguments[clause->argument];
    return number_of(clause, clause->is_masked ? bits & clause->mask : bits);
}

static bool is_listed(const struct random_clause *clause, wide value)
{
    for (size_t i = 0; i < clause->count; i++) {
        if (value >= clause->items[i].low && value <= clause->items[i].high)
            return true;
    }
    return false;
}

static bool clause_holds(const struct random_clause *clause, const uint64_t arguments[6])
{
    wide value = seen(clause, arguments);
    wide operand = clause->items[0].low;
    uint64_t bits = (uint64_t)value & low_bits(clause->width);
    uint64_t flags = (uint64_t)operand & low_bits(clause->width);
    switch (clause->comparison) {
    case COMPARE_IN:
        return is_listed(clause, value);
    case COMPARE_NOT_IN:
        return !is_listed(clause, value);
    case COMPARE_WITH:
        return (bits | flags) == bits;
    case COMPARE_WITHOUT:
        return !(bits & flags);
    case COMPARE_ONLY:
        return (bits | flags) == flags;
    case COMPARE_EQUAL:
        return value == operand;
    case COMPARE_NOT_EQUAL:
        return value != operand;
    case COMPARE_LESS:
        return value < operand;
    case COMPARE_LESS_EQUAL:
        return value <= operand;
    case COMPARE_GREATER:
        return value > operand;
    case COMPARE_GREATER_EQUAL:
        return value >= operand;
    }
    return false;
}

bool random_condition_holds(const struct random_condition *condition, const uint64_t arguments[6])
{
    for (size_t i = 0; i < condition->count; i++) {
        if (!clause_holds(&condition->clauses[i], arguments))
            return false;
    }
    return true;
}

bool random_condition_possible(const struct prototype *prototype)
{
    for (unsigned i = 0; i < prototype->count; i++) {
        if (!prototype->arguments[i].is_pointer)
            return true;
    }
    return false;
}

__attribute__((format(printf, 2, 3))) static void append(struct random_condition *condition,
                                                         const char *format, ...)
{
    size_t used = strlen(condition->text);
    va_list values;
    va_start(values, format);
    vsnprintf(condition->text + used, sizeof(condition->text) - used, format, values);
    va_end(values);
}

/* Writes a number in one of the ways in which people do. Where it is not ordered, its bits may
 * stand for it: 0xffffff9c for -100, and -1 for all ones. */
static void append_number(struct random *random, struct random_condition *condition,
                          const struct random_clause *clause, wide number, bool ordered)
{
    uint64_t bits = (uint64_t)number & low_bits(clause->width);
    bool has_top = bits >> (clause->width - 1) & 1;
    bool negative = number < 0;
    if (!ordered && has_top)
        negative = random_one_in(random, 2);
    unsigned long long digits = negative ? -bits & low_bits(clause->width) : bits;
    switch (negative ? 0 : random_below(random, 3)) {
    case 0:
        append(condition, "%s%llu", negative ? "-" : "", digits);
        break;
    case 1:
        append(condition, "0x%llx", digits);
        break;
    default:
        append(condition, "0%llo", digits);
        break;
    }
}

static uint64_t pick_mask(struct random *random, unsigned width)
{
    uint64_t mask;
    do {
        switch (random_below(random, 4)) {
        case 0:
            mask = low_bits(1 + random_below(random, width));
            break;
        case 1:
            mask = random_edge(random, width);
            break;
        case 2:
            mask = random_next(random) & random_next(random) & random_next(random);
            break;
        default:
            mask = low_bits(1 + random_below(random, 8)) << random_below(random, width);
            break;
        }
        mask &= low_bits(width);
    } while (mask == 0);
    return mask;
}

/* Bits that may be called flags: those of the mask, without the field of O_ACCMODE and its like. */
static uint64_t flag_bits(const struct argument *argument, const struct random_clause *clause)
{
    const char *name = prototype_text(argument->field);
    int64_t field = 0;
    if (*name && !constant_find(name, &field))
        field = 0;
    return clause->mask & low_bits(clause->width) & ~(uint64_t)field;
}

/* "0x4|0x10" */
static void pick_flags(struct random *random, struct random_condition *condition,
                       struct random_clause *clause, uint64_t bits)
{
    uint64_t flags = 0;
    unsigned count = 1 + random_below(random, 3);
    while (count-- > 0) {
        uint64_t flag;
        do
            flag = (uint64_t)1 << random_below(random, clause->width);
        while (!(flag & bits));
        append(condition, flags ? "|0x%llx" : " 0x%llx", (unsigned long long)flag);
        flags |= flag;
    }
    clause->items[0].low = clause->items[0].high = (wide)flags;
    clause->count = 1;
}

static wide pick_number(struct random *random, const struct random_clause *clause)
{
    uint64_t bits = random_edge(random, clause->width);
    if (clause->is_masked && !random_one_in(random, 16))
        bits &= clause->mask;
    return number_of(clause, bits);
}

static unsigned bits_that_count(const struct random_clause *clause)
{
    return (unsigned)__builtin_popcountll(clause->mask & low_bits(clause->width));
}

/* Values and ranges, separated by spaces and commas. Returns the cost. */
static unsigned pick_list(struct random *random, struct random_condition *condition,
                          struct random_clause *clause)
{
    unsigned cost = 0;
    clause->count = 1 + random_below(random, RANDOM_ITEMS_MAX);
    for (size_t i = 0; i < clause->count; i++) {
        struct random_item *item = &clause->items[i];
        item->low = item->high = pick_number(random, clause);
        append(condition, "%s", i > 0 && random_one_in(random, 3) ? ", " : " ");
        if (!random_one_in(random, 3)) {
            append_number(random, condition, clause, item->low, false);
            cost++;
            continue;
        }
        wide other = random_one_in(random, 2) ? pick_number(random, clause)
                                              : item->low + (wide)random_below(random, 100);
        if (other > number_of(clause, clause->is_signed ? low_bits(clause->width - 1)
                                                        : low_bits(clause->width)))
            other = item->low;
        item->low = item->low < other ? item->low : other;
        item->high = item->high > other ? item->high : other;
        append_number(random, condition, clause, item->low, true);
        append(condition, "..");
        append_number(random, condition, clause, item->high, true);
        cost += bits_that_count(clause) / 2;
    }
    return cost;
}

/* Returns the cost. */
static unsigned pick_operand(struct random *random, struct random_condition *condition,
                             struct random_clause *clause)
{
    bool ordered = clause->comparison != COMPARE_EQUAL && clause->comparison != COMPARE_NOT_EQUAL;
    clause->items[0].low = clause->items[0].high = pick_number(random, clause);
    clause->count = 1;
    append(condition, " ");
    append_number(random, condition, clause, clause->items[0].low, ordered);
    if (clause->comparison == COMPARE_EQUAL)
        return 1;
    return clause->comparison == COMPARE_NOT_EQUAL ? bits_that_count(clause)
                                                   : 1 + bits_that_count(clause) / 2;
}

static void pick_argument(struct random *random, const struct prototype *prototype,
                          struct random_condition *condition, struct random_clause *clause)
{
    unsigned index;
    do
        index = random_below(random, prototype->count);
    while (prototype->arguments[index].is_pointer && !random_one_in(random, 8));
    if (condition->count > 0 && random_one_in(random, 3))
        index = condition->clauses[0].argument;
    const struct argument *argument = &prototype->arguments[index];
    *clause = (struct random_clause){.argument = index,
                                     .width = argument->width,
                                     .is_signed = argument->is_signed,
                                     .mask = UINT64_MAX};
    if (random_one_in(random, 8))
        append(condition, "a%u", index);
    else
        append(condition, "%s",
               prototype_text(random_one_in(random, 4) ? argument->kernel_name : argument->name));
}

static unsigned pick_comparison(struct random *random, const struct argument *argument,
                                struct random_condition *condition, struct random_clause *clause)
{
    static const char *const SIGNS[] = {
        [COMPARE_IN] = "in",           [COMPARE_NOT_IN] = "not in",    [COMPARE_WITH] = "with",
        [COMPARE_WITHOUT] = "without", [COMPARE_ONLY] = "only",        [COMPARE_EQUAL] = "==",
        [COMPARE_NOT_EQUAL] = "!=",    [COMPARE_LESS] = "<",           [COMPARE_LESS_EQUAL] = "<=",
        [COMPARE_GREATER] = ">",       [COMPARE_GREATER_EQUAL] = ">=",
    };
    clause->comparison = (enum comparison)random_below(random, COMPARE_GREATER_EQUAL + 1);
    bool flags = clause->comparison == COMPARE_WITH || clause->comparison == COMPARE_WITHOUT ||
                 clause->comparison == COMPARE_ONLY;
    uint64_t bits = flag_bits(argument, clause);
    if (flags && bits == 0)
        clause->comparison = COMPARE_EQUAL;
    append(condition, " %s", SIGNS[clause->comparison]);
    if (flags && bits != 0) {
        pick_flags(random, condition, clause, bits);
        return 1;
    }
    if (clause->comparison == COMPARE_IN)
        return pick_list(random, condition, clause);
    if (clause->comparison == COMPARE_NOT_IN)
        return pick_list(random, condition, clause) * bits_that_count(clause);
    return pick_operand(random, condition, clause);
}

/* Appends one clause and returns its cost. */
static unsigned pick_clause(struct random *random, const struct prototype *prototype,
                            struct random_condition *condition)
{
    struct random_clause *clause = &condition->clauses[condition->count];
    if (condition->count > 0)
        append(condition, " and ");
    pick_argument(random, prototype, condition, clause);
    condition->count++;
    const struct argument *argument = &prototype->arguments[clause->argument];
    if (argument->is_pointer) {
        bool null = random_one_in(random, 2);
        clause->comparison = null ? COMPARE_EQUAL : COMPARE_NOT_EQUAL;
        clause->count = 1;
        append(condition, null ? " == 0" : " != 0");
        return null ? 1 : clause->width;
    }
    if (random_one_in(random, 3)) {
        clause->is_masked = true;
        clause->is_signed = false;
        clause->mask = pick_mask(random, clause->width);
        append(condition, " & ");
        append_number(random, condition, clause, (wide)clause->mask, false);
    }
    return pick_comparison(random, argument, condition, clause);
}

void random_condition(struct random *random, const struct prototype *prototype, unsigned clauses,
                      struct random_condition *condition)
{
    unsigned cost;
    do {
        *condition = (struct random_condition){0};
        unsigned count = 1 + random_below(random, clauses);
        cost = 1;
        while (count-- > 0)
            cost *= pick_clause(random, prototype, condition);
        condition->cost = cost;
    } while (cost > COST_MAX || strlen(condition->text) + 1 >= sizeof(condition->text));
}
