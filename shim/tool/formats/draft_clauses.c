/* Blocks of values to the clauses that people would write. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/constants.h"
#include "../call.h"
#include "../decode.h"
#include "draft.h"

enum {
    CLAUSE_MAX = 96,
    ITEM_MAX = 48,
    HEXADECIMAL_FROM = 4096,
    FEW = 4,
    LIST_MAX = CLAUSE_MAX + 3 * ITEM_MAX
};

/* One argument, and what is being said of it. */
struct speech {
    struct draft *draft;
    const struct draft_call *call;
    const struct argument *argument; /* NULL: one of a call that has no prototype */
    char name[CALL_NAME_MAX];        /* the argument's */
    uint64_t bits;
    uint64_t sign;  /* 0 where it is unsigned */
    unsigned line;  /* for messages */
    char **clauses; /* owned */
    size_t count;
};

/* Intervals, in the order of unsigned numbers; they don't touch. */
struct spans {
    struct range *items; /* owned */
    size_t count;
};

static int add_clause(struct speech *speech, const char *text)
{
    char **clauses = reallocarray(speech->clauses, speech->count + 1, sizeof(*clauses));

    if (!clauses)
        return -ENOMEM;
    speech->clauses = clauses;
    clauses[speech->count] = strdup(text);
    return clauses[speech->count++] ? 0 : -ENOMEM;
}

/* A constant's name where it is one, and means just this value. */
static const char *value_text(const struct speech *speech, uint64_t value, char text[ITEM_MAX])
{
    char decoded[DECODE_VALUE_MAX];
    uint64_t again;

    if (speech->argument && !speech->argument->is_pointer) {
        decode_value(speech->call->name, speech->argument, value, decoded);
        if (strlen(decoded) < ITEM_MAX && *decoded >= 'A' &&
            strspn(decoded, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(decoded) &&
            call_value(decoded, &again) && ((again ^ value) & speech->bits) == 0) {
            snprintf(text, ITEM_MAX, "%s", decoded);
            return text;
        }
    }
    if ((value & speech->sign) != 0)
        snprintf(text, ITEM_MAX, "%ld", (long)(value | ~speech->bits));
    else
        snprintf(text, ITEM_MAX, value < HEXADECIMAL_FROM ? "%lu" : "0x%lx", (unsigned long)value);
    return text;
}

static const char *mask_text(const struct speech *speech, uint64_t mask, char text[ITEM_MAX])
{
    if (*value_text(speech, mask, text) <= '9')
        snprintf(text, ITEM_MAX, "0x%lx", (unsigned long)mask);
    return text;
}

static int compare_ranges(const void *one, const void *other)
{
    const struct range *a = one;
    const struct range *b = other;

    return (a->low > b->low) - (a->low < b->low);
}

/* Joins what touches. */
static void join_spans(struct spans *spans)
{
    size_t count = 0;

    if (spans->count > 1)
        qsort(spans->items, spans->count, sizeof(*spans->items), compare_ranges);
    for (size_t i = 0; i < spans->count; i++) {
        struct range *last = count > 0 ? &spans->items[count - 1] : NULL;
        if (last && (last->high == UINT64_MAX || spans->items[i].low <= last->high + 1))
            last->high = spans->items[i].high > last->high ? spans->items[i].high : last->high;
        else
            spans->items[count++] = spans->items[i];
    }
    spans->count = count;
}

/* Whether BLOCK is an interval of numbers: its mask has all the bits from some bit on. */
static bool is_span(const struct speech *speech, const struct block *block)
{
    uint64_t open = ~block->mask & speech->bits;

    return (open & (open + 1)) == 0;
}

/* Takes the intervals among VALUES. */
static int take_spans(const struct speech *speech, const struct values *values, struct spans *spans)
{
    spans->count = 0;
    spans->items = calloc(values->count + 1, sizeof(*spans->items));
    if (!spans->items)
        return -ENOMEM;
    for (size_t i = 0; i < values->count; i++) {
        const struct block *block = &values->blocks[i];
        if (is_span(speech, block))
            spans->items[spans->count++] =
                (struct range){block->value, block->value | (~block->mask & speech->bits)};
    }
    join_spans(spans);
    return spans->count > VALUES_BLOCKS_MAX ? -E2BIG : 0;
}

/* Whether SPANS are all numbers but *HOLE. */
static bool is_all_but(const struct speech *speech, const struct spans *spans, uint64_t *hole)
{
    const struct range *first = &spans->items[0];

    if (spans->count == 1 && first->low == 1 && first->high == speech->bits)
        *hole = 0;
    else if (spans->count == 1 && first->low == 0 && first->high == speech->bits - 1)
        *hole = speech->bits;
    else if (spans->count == 2 && first->low == 0 && spans->items[1].high == speech->bits &&
             first->high + 2 == spans->items[1].low)
        *hole = first->high + 1;
    else
        return false;
    return true;
}

/* The one comparison that says it, if there is. */
static bool say_shortly(const struct speech *speech, const struct spans *spans,
                        char clause[CLAUSE_MAX + ITEM_MAX])
{
    char text[ITEM_MAX];
    const struct range *first = &spans->items[0];
    const char *sign = NULL;
    uint64_t value = first->low;

    if (is_all_but(speech, spans, &value))
        sign = "!=";
    else if (spans->count != 1)
        return false;
    else if (first->low == first->high)
        sign = "==";
    else if (first->low == 0 && speech->sign == 0)
        sign = "<=";
    else if (first->high == speech->bits && speech->sign == 0)
        sign = ">=";
    if (!sign)
        return false;
    if (sign[0] == '<')
        value = first->high;
    snprintf(clause, CLAUSE_MAX + ITEM_MAX, "%s %s %s", speech->name, sign,
             value_text(speech, value, text));
    return true;
}

/* Adds "LOW..HIGH" to a list, which becomes a clause of its own where it is long enough. */
static int add_item(struct speech *speech, char clause[LIST_MAX], uint64_t low, uint64_t high)
{
    char first[ITEM_MAX], last[ITEM_MAX];
    int error = 0;

    value_text(speech, low, first);
    value_text(speech, high, last);
    if (strlen(clause) + strlen(first) + strlen(last) + 3 > CLAUSE_MAX) {
        error = add_clause(speech, clause);
        *clause = '\0';
    }
    size_t used = strlen(clause);
    if (used == 0)
        used = (size_t)snprintf(clause, LIST_MAX, "%s in", speech->name);
    snprintf(clause + used, LIST_MAX - used, low == high ? " %s" : " %s..%s", first, last);
    return error;
}

static int say_list(struct speech *speech, const struct spans *spans)
{
    char clause[LIST_MAX] = "";
    int error = 0;

    for (size_t i = 0; i < spans->count && !error; i++) {
        struct range range = spans->items[i];
        /* a range in the order of signed numbers does not lie across their ends */
        if (speech->sign != 0 && range.low < speech->sign && range.high >= speech->sign) {
            error = add_item(speech, clause, range.low, speech->sign - 1);
            range.low = speech->sign;
        }
        /* a few values are better listed: what lies between two names is chance */
        while (!error && range.high - range.low < FEW && range.low < range.high) {
            error = add_item(speech, clause, range.low, range.low);
            range.low++;
        }
        if (!error)
            error = add_item(speech, clause, range.low, range.high);
    }
    return !error && *clause != '\0' ? add_clause(speech, clause) : error;
}

static int say_spans(struct speech *speech, const struct spans *spans)
{
    char clause[CLAUSE_MAX + ITEM_MAX];

    if (spans->count == 0)
        return 0;
    return say_shortly(speech, spans, clause) ? add_clause(speech, clause)
                                              : say_list(speech, spans);
}

/* What is no interval is a comparison with a mask. */
static int say_masks(struct speech *speech, const struct values *values)
{
    char clause[CLAUSE_MAX + 2 * ITEM_MAX], mask[ITEM_MAX], value[ITEM_MAX];
    int error = 0;

    speech->sign = 0; /* behind a mask there is none */
    for (size_t i = 0; i < values->count && !error; i++) {
        const struct block *block = &values->blocks[i];
        if (is_span(speech, block))
            continue;
        snprintf(clause, sizeof(clause), "%s & %s == %s", speech->name,
                 mask_text(speech, block->mask, mask),
                 block->value == 0 ? "0" : value_text(speech, block->value, value));
        error = add_clause(speech, clause);
    }
    return error;
}

/* What our language can't say: a pointer's value, an argument that the call has not. */
static int check(const struct speech *speech, unsigned index, const struct values *values,
                 const struct spans *spans)
{
    const struct prototype *prototype = prototype_find_number(speech->call->number);
    const char *name = speech->call->name;
    struct place place = {speech->draft->file, speech->line};
    uint64_t hole = 1;

    if (prototype && index >= prototype->count) {
        diagnostic_error(speech->draft->diagnostics, place,
                         "argument %u of '%s' is compared, which has %u: what it holds is chance",
                         index, name, prototype->count);
        return -EINVAL;
    }
    if (!speech->argument || !speech->argument->is_pointer)
        return 0;
    bool whole = true;
    for (size_t i = 0; i < values->count; i++)
        whole &= is_span(speech, &values->blocks[i]);
    bool zero = spans->count == 1 && spans->items[0].low == 0 && spans->items[0].high == 0;
    if (whole && spans->count > 0 && (zero || (is_all_but(speech, spans, &hole) && hole == 0)))
        return 0;
    diagnostic_error(speech->draft->diagnostics, place,
                     "'%s' of '%s' is a pointer, and compared with something else than 0",
                     speech->name, name);
    return -EINVAL;
}

/* SPANS become all other numbers; there is room for one more. Returns 0, or -ENOENT where VALUES,
 * of which they are the intervals, are more than that. */
static int complement(const struct speech *speech, const struct values *values, struct spans *spans)
{
    uint64_t next = 0;
    size_t count = 0;
    bool open = true;

    for (size_t i = 0; i < values->count; i++) {
        if (!is_span(speech, &values->blocks[i]))
            return -ENOENT;
    }
    for (size_t i = 0; i < spans->count; i++) {
        struct range range = spans->items[i];
        if (range.low > next)
            spans->items[count++] = (struct range){next, range.low - 1};
        open = range.high < speech->bits;
        next = range.high + 1;
    }
    if (open)
        spans->items[count++] = (struct range){next, speech->bits};
    spans->count = count;
    return 0;
}

int draft_clauses(struct draft *draft, const struct draft_call *call, const struct draft_rule *rule,
                  unsigned argument, bool others, char ***clauses)
{
    const struct prototype *prototype = prototype_find_number(call->number);
    const struct values *values = &rule->values[argument];
    struct speech speech = {.draft = draft, .call = call, .bits = UINT64_MAX, .line = rule->line};
    struct spans spans;

    call_argument_name(call->number, argument, speech.name);
    if (prototype && argument < prototype->count) {
        speech.argument = &prototype->arguments[argument];
        speech.bits = decode_bits(speech.argument);
        if (speech.argument->is_signed)
            speech.sign = (uint64_t)1 << (speech.argument->width - 1);
    }
    int error = take_spans(&speech, values, &spans);
    if (!error)
        error = check(&speech, argument, values, &spans);
    if (!error && others)
        error = complement(&speech, values, &spans);
    if (!error)
        error = say_spans(&speech, &spans);
    if (!error && !others)
        error = say_masks(&speech, values);
    free(spans.items);
    *clauses = speech.clauses;
    if (!error)
        return (int)speech.count;
    for (size_t i = 0; i < speech.count; i++)
        free(speech.clauses[i]);
    free(speech.clauses);
    *clauses = NULL;
    return error;
}
