#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "writing.h"

enum { NUMBER_MAX = 24, HEXADECIMAL_FROM = 4096 };

/* Some values of one list of a condition. */
struct share {
    const struct clause *clause;
    size_t first;
    size_t count;
};

/* A line that is too long is full. */
struct line {
    char text[LINE_BYTES_MAX + 2]; /* a newline and a NUL */
    size_t length;
    bool full;
};

static void add(struct line *line, const char *text)
{
    size_t length = strlen(text);

    if (line->length + length > LINE_BYTES_MAX) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void add_number(struct line *line, const struct clause *clause, uint64_t bits)
{
    char text[NUMBER_MAX];
    uint64_t sign = (uint64_t)1 << (clause->width - 1);

    if (clause->is_signed && (bits & sign) != 0)
        snprintf(text, sizeof(text), "%ld", (long)(bits | ~clause_bits(clause)));
    else if (bits < HEXADECIMAL_FROM)
        snprintf(text, sizeof(text), "%lu", (unsigned long)bits);
    else
        snprintf(text, sizeof(text), "0x%lx", (unsigned long)bits);
    add(line, text);
}

static void add_values(struct line *line, const struct clause *clause, const struct share *share)
{
    size_t first = share->clause == clause ? share->first : 0;
    size_t count = share->clause == clause ? share->count : clause->count;

    for (size_t i = first; i < first + count; i++) {
        const struct range *range = &clause->ranges[i];
        add(line, " ");
        add_number(line, clause, range->low);
        if (range->low == range->high)
            continue;
        add(line, "..");
        add_number(line, clause, range->high);
    }
}

static void add_clause(struct line *line, const struct prototype *prototype,
                       const struct clause *clause, const struct share *share)
{
    static const char SIGNS[][8] = {
        [COMPARE_IN] = "in",           [COMPARE_NOT_IN] = "not in",    [COMPARE_WITH] = "with",
        [COMPARE_WITHOUT] = "without", [COMPARE_ONLY] = "only",        [COMPARE_EQUAL] = "==",
        [COMPARE_NOT_EQUAL] = "!=",    [COMPARE_LESS] = "<",           [COMPARE_LESS_EQUAL] = "<=",
        [COMPARE_GREATER] = ">",       [COMPARE_GREATER_EQUAL] = ">=",
    };
    static const char RAW_NAMES[][3] = {"a0", "a1", "a2", "a3", "a4", "a5"};
    const struct argument *argument = prototype ? &prototype->arguments[clause->argument] : NULL;

    add(line, argument ? prototype_text(argument->name) : RAW_NAMES[clause->argument]);
    /* a mask of all ones makes a signed argument an unsigned one */
    if (clause->mask != UINT64_MAX || (argument && argument->is_signed && !clause->is_signed)) {
        add(line, " & ");
        add_number(line, clause, clause->mask & clause_bits(clause));
    }
    add(line, " ");
    add(line, SIGNS[clause->comparison]);
    add_values(line, clause, share);
}

/* Whether the line is short enough. */
static bool compose(struct line *line, const char *start, const struct prototype *prototype,
                    const struct condition *condition, const struct share *share)
{
    *line = (struct line){.length = 0};
    add(line, start);
    for (size_t i = 0; i < condition->count; i++) {
        add(line, i ? " and " : "");
        add_clause(line, prototype, &condition->clauses[i], share);
    }
    line->text[line->length] = '\n';
    return !line->full;
}

/* The list with the most values, each of which can stand in a line of its own: alternatives. */
static const struct clause *longest_list(const struct condition *condition)
{
    const struct clause *longest = NULL;

    for (size_t i = 0; i < condition->count; i++) {
        const struct clause *clause = &condition->clauses[i];
        if (clause->comparison == COMPARE_IN && (!longest || clause->count > longest->count))
            longest = clause;
    }
    return longest;
}

int writing_condition(const struct writing *writing, const char *start,
                      const struct prototype *prototype, const struct condition *condition)
{
    struct share share = {longest_list(condition), 0, 0};
    size_t total = share.clause ? share.clause->count : 1;
    struct line line;

    while (share.first < total) {
        share.count = total - share.first;
        while (!compose(&line, start, prototype, condition, &share) && share.count > 1)
            share.count /= 2;
        if (line.full)
            return -E2BIG;
        writing->write(writing->context, line.text, line.length + 1);
        share.first += share.count;
    }
    return 0;
}
