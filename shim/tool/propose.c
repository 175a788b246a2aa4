#include "propose.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../../config/constants.h"
#include "call.h"
#include "decode.h"
#include "learn/worth.h"

/* The call, and the line in the making. */
struct proposal {
    const char *call;
    const struct prototype *prototype;
    const uint64_t *arguments;
    char *line;
    size_t length;
    bool begun; /* a clause stands there */
};

__attribute__((format(printf, 2, 3))) static void add(struct proposal *proposal, const char *format,
                                                      ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(proposal->line + proposal->length, PROPOSE_LINE_MAX - proposal->length,
                           format, arguments);
    va_end(arguments);
    proposal->length += length > 0 ? (size_t)length : 0;
    if (proposal->length >= PROPOSE_LINE_MAX)
        proposal->length = PROPOSE_LINE_MAX - 1;
}

static void begin(struct proposal *proposal)
{
    proposal->length = 0;
    proposal->begun = false;
    add(proposal, "%s =", proposal->call);
}

static void begin_clause(struct proposal *proposal)
{
    add(proposal, proposal->begun ? " and " : " ");
    proposal->begun = true;
}

/* VALUE as one word of the language. */
static const char *word_of(const struct proposal *proposal, const struct argument *argument,
                           uint64_t value, char text[DECODE_VALUE_MAX])
{
    decode_value(decode_context(proposal->call, argument, proposal->arguments), argument, value,
                 text);
    if (strchr(text, '|') || strcmp(text, "NULL") == 0)
        snprintf(text, DECODE_VALUE_MAX, "0x%" PRIx64, value);
    return text;
}

static void add_prot(struct proposal *proposal, const struct argument *argument, uint64_t value)
{
    char text[DECODE_VALUE_MAX];

    if (!(value & PROT_EXEC))
        add(proposal, "%s without PROT_EXEC", prototype_text(argument->name));
    else
        add(proposal, "%s only %s", prototype_text(argument->name),
            decode_flags(proposal->call, argument, value, text));
}

/* None of the flags that ROW names; or those that are there. */
static void add_without(struct proposal *proposal, const struct argument *argument,
                        const struct worth *row, uint64_t value)
{
    char text[DECODE_VALUE_MAX];
    uint64_t flags = 0;

    call_value(row->bits, &flags);
    if (!(value & flags))
        add(proposal, "%s without %s", prototype_text(argument->name), row->bits);
    else
        add(proposal, "%s with %s", prototype_text(argument->name),
            decode_flags(proposal->call, argument, value & flags, text));
}

/* What the call is better not allowed without: the weightiest of its arguments that stay the same,
 * or NULL. */
static const struct worth *find_row(const struct proposal *proposal)
{
    size_t count;
    const struct worth *row = worth_find(proposal->call, &count);

    return proposal->prototype && row && row->safe ? row : NULL;
}

static void add_narrow(struct proposal *proposal, const struct worth *row, unsigned index)
{
    const struct argument *argument = &proposal->prototype->arguments[index];
    uint64_t value = decode_cut(argument, proposal->arguments[index]);
    char text[DECODE_VALUE_MAX];

    begin_clause(proposal);
    switch (row->manner) {
    case WORTH_VALUE:
        add(proposal, "%s == %s", prototype_text(argument->name),
            word_of(proposal, argument, value, text));
        break;
    case WORTH_PROT:
        add_prot(proposal, argument, value);
        break;
    case WORTH_WITHOUT:
        add_without(proposal, argument, row, value);
        break;
    }
}

/* Whether CLAUSE alone lets the call through. */
static bool passes(const struct clause *clause, const uint64_t arguments[6])
{
    struct clause one = *clause;

    return condition_matches(&(struct condition){&one, 1}, arguments);
}

static bool is_called(const struct prototype *prototype, const struct clause *clause,
                      const char *name)
{
    return prototype &&
           strcmp(prototype_text(prototype->arguments[clause->argument].name), name) == 0;
}

/* Whether CLAUSE, of CONDITION, speaks of options of a socket at another level than the call's:
 * those have the same numbers. */
static bool is_elsewhere(const struct prototype *prototype, const struct condition *condition,
                         const struct clause *clause, const uint64_t arguments[6])
{
    if (!is_called(prototype, clause, "optname"))
        return false;
    for (size_t i = 0; i < condition->count; i++) {
        const struct clause *other = &condition->clauses[i];
        if (is_called(prototype, other, "level") && !passes(other, arguments))
            return true;
    }
    return false;
}

static size_t failures(const struct prototype *prototype, const struct condition *condition,
                       const uint64_t arguments[6])
{
    size_t count = 0;

    for (size_t i = 0; i < condition->count; i++) {
        const struct clause *clause = &condition->clauses[i];
        count +=
            !passes(clause, arguments) || is_elsewhere(prototype, condition, clause, arguments);
    }
    return count;
}

/* The line with a condition that lacks the least, or NULL. */
static const struct entry *nearest_line(const struct rule *rule, const struct prototype *prototype,
                                        const uint64_t arguments[6])
{
    const struct entry *best = NULL;
    size_t best_count = 0;

    for (size_t i = 0; rule && i < rule->allow_count; i++) {
        const struct entry *entry = rule->allow[i].entry;
        size_t count = failures(prototype, &entry->condition, arguments);
        if (entry->conditional && (!best || count < best_count)) {
            best = entry;
            best_count = count;
        }
    }
    return best;
}

/* "flags & O_ACCMODE" */
static void add_operand(struct proposal *proposal, const struct argument *argument,
                        const struct clause *clause)
{
    uint64_t all = clause_bits(clause);
    uint64_t mask = clause->mask & all;
    int64_t field = 0;

    add(proposal, "%s", prototype_text(argument->name));
    if (mask == all)
        return;
    if (argument->field && constant_find(prototype_text(argument->field), &field) &&
        ((uint64_t)field & all) == mask)
        add(proposal, " & %s", prototype_text(argument->field));
    else
        add(proposal, " & 0x%" PRIx64, mask);
}

/* What CLAUSE, which fails, would have to be. */
static void add_instead(struct proposal *proposal, const struct clause *clause)
{
    const struct argument *argument = &proposal->prototype->arguments[clause->argument];
    uint64_t value = proposal->arguments[clause->argument] & clause_bits(clause) & clause->mask;
    uint64_t flags = clause->ranges[0].low;
    char text[DECODE_VALUE_MAX];
    const char *sign = "==";

    begin_clause(proposal);
    add_operand(proposal, argument, clause);
    if (clause->comparison == COMPARE_WITH) {
        add(proposal, " without %s", decode_flags(proposal->call, argument, flags & ~value, text));
        return;
    }
    if (clause->comparison == COMPARE_WITHOUT) {
        add(proposal, " with %s", decode_flags(proposal->call, argument, flags & value, text));
        return;
    }
    if (clause->comparison == COMPARE_ONLY) {
        add(proposal, " only %s", decode_flags(proposal->call, argument, flags | value, text));
        return;
    }
    if (clause->comparison == COMPARE_LESS || clause->comparison == COMPARE_LESS_EQUAL)
        sign = "<=";
    else if (clause->comparison == COMPARE_GREATER || clause->comparison == COMPARE_GREATER_EQUAL)
        sign = ">=";
    add(proposal, " %s %s", sign, word_of(proposal, argument, value, text));
}

/* "optname == TCP_NODELAY", in the place of all that a line says of an option elsewhere. */
static void add_option(struct proposal *proposal, unsigned index)
{
    const struct argument *argument = &proposal->prototype->arguments[index];
    char text[DECODE_VALUE_MAX];

    begin_clause(proposal);
    add(proposal, "%s == %s", prototype_text(argument->name),
        word_of(proposal, argument, decode_cut(argument, proposal->arguments[index]), text));
}

/* ENTRY's condition, with what fails replaced. */
static void add_alike(struct proposal *proposal, const struct entry *entry)
{
    char text[CALL_TEXT_MAX];
    bool optioned = false;

    for (size_t i = 0; i < entry->condition.count; i++) {
        const struct clause *clause = &entry->condition.clauses[i];
        if (is_elsewhere(proposal->prototype, &entry->condition, clause, proposal->arguments)) {
            if (!optioned)
                add_option(proposal, clause->argument);
            optioned = true;
        } else if (passes(clause, proposal->arguments)) {
            begin_clause(proposal);
            add(proposal, "%s", entry_clause(entry, i, text));
        } else {
            add_instead(proposal, clause);
        }
    }
}

/* Whether ENTRY's line speaks of an argument, and lets the call's pass. */
static bool accepts(const struct entry *entry, int argument, const uint64_t arguments[6])
{
    bool speaks = false;

    for (size_t i = 0; i < entry->condition.count; i++) {
        const struct clause *clause = &entry->condition.clauses[i];
        if ((int)clause->argument != argument)
            continue;
        if (!passes(clause, arguments))
            return false;
        speaks = true;
    }
    return speaks;
}

/* The language's own reader has the last word. */
static bool admits(const struct proposal *proposal)
{
    const char *text = proposal->line + strlen(proposal->call) + strlen(" = ");
    struct diagnostics diagnostics = {0};
    struct condition condition = {0};

    bool good = condition_parse(text, proposal->call, proposal->prototype, (struct place){"", 0},
                                &diagnostics, &condition) == 0 &&
                condition_matches(&condition, proposal->arguments);
    condition_release(&condition);
    diagnostics_release(&diagnostics);
    return good;
}

const char *propose_line(const struct rules *rules, int number, const uint64_t arguments[6],
                         char line[PROPOSE_LINE_MAX])
{
    const struct rule *rule = rules_find(rules, number);
    char name[CALL_NAME_MAX];
    struct proposal proposal = {.call = call_name(number, name),
                                .prototype = decode_prototype(number),
                                .arguments = arguments,
                                .line = line};
    const struct prototype *prototype = proposal.prototype;
    const struct entry *nearest = nearest_line(rule, prototype, arguments);
    const struct worth *row = find_row(&proposal);
    int narrow = row ? prototype_argument(prototype, row->argument) : -1;

    *line = '\0';
    if (rule && (rule->allowed || rule->implicit ||
                 (nearest && failures(prototype, &nearest->condition, arguments) == 0)))
        return line;
    begin(&proposal);
    if (nearest && prototype && (narrow < 0 || accepts(nearest, narrow, arguments)))
        add_alike(&proposal, nearest);
    else if (narrow >= 0 && prototype)
        add_narrow(&proposal, row, (unsigned)narrow);
    if (!proposal.begun || !admits(&proposal))
        snprintf(line, PROPOSE_LINE_MAX, "syscalls = %s", proposal.call);
    return line;
}
