#include "draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../decode.h"

static void release_rules(struct draft_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        for (unsigned k = 0; k < DRAFT_ARGUMENTS; k++)
            values_release(&call->rules[i].values[k]);
    }
    free(call->rules);
    call->rules = NULL;
    call->count = call->capacity = 0;
}

void draft_release(struct draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        release_rules(&draft->calls[i]);
        free(draft->calls[i].name);
    }
    free(draft->calls);
    draft->calls = NULL;
    draft->count = 0;
}

/* The call NUMBER, made where there is none; NULL if there is no memory. */
static struct draft_call *obtain(struct draft *draft, int number, const char *name)
{
    if (draft->places[number] > 0)
        return &draft->calls[draft->places[number] - 1];
    struct draft_call *calls = reallocarray(draft->calls, draft->count + 1, sizeof(*calls));
    if (!calls)
        return NULL;
    draft->calls = calls;
    calls[draft->count] =
        (struct draft_call){.number = number, .name = strdup(name), .line = draft->line};
    if (!calls[draft->count].name)
        return NULL;
    draft->places[number] = (unsigned)++draft->count;
    return &calls[draft->count - 1];
}

int draft_plain(struct draft *draft, int number, const char *name, struct action action)
{
    struct draft_call *call = obtain(draft, number, name);

    if (!call)
        return -ENOMEM;
    if (call->plain)
        return 0;
    release_rules(call);
    call->plain = true;
    call->action = action;
    call->line = draft->line;
    return 0;
}

/* The values that COMPARISON lets through, in all 64 bits. */
static int fold(const struct scmp_arg_cmp *comparison, struct values *values)
{
    static const enum comparison KINDS[_SCMP_CMP_MAX] = {
        [SCMP_CMP_NE] = COMPARE_NOT_EQUAL,     [SCMP_CMP_LT] = COMPARE_LESS,
        [SCMP_CMP_LE] = COMPARE_LESS_EQUAL,    [SCMP_CMP_EQ] = COMPARE_EQUAL,
        [SCMP_CMP_GE] = COMPARE_GREATER_EQUAL, [SCMP_CMP_GT] = COMPARE_GREATER,
        [SCMP_CMP_MASKED_EQ] = COMPARE_EQUAL,
    };
    bool masked = comparison->op == SCMP_CMP_MASKED_EQ;
    uint64_t mask = masked ? comparison->datum_a : UINT64_MAX;
    /* libseccomp forgets the bits beside the mask */
    uint64_t value = masked ? comparison->datum_b & mask : comparison->datum_a;
    struct range range = {value, value};
    struct clause clause = {.argument = comparison->arg,
                            .width = 64,
                            .mask = mask,
                            .comparison = KINDS[comparison->op],
                            .ranges = &range,
                            .count = 1};
    const struct condition condition = {&clause, 1};

    if ((comparison->op == SCMP_CMP_LT && value == 0) ||
        (comparison->op == SCMP_CMP_GT && value == UINT64_MAX)) {
        *values = (struct values){0};
        return 0;
    }
    return values_fold(&condition, comparison->arg, values);
}

static uint64_t bits_of(int number, unsigned argument)
{
    const struct prototype *prototype = prototype_find_number(number);

    return prototype && argument < prototype->count ? decode_bits(&prototype->arguments[argument])
                                                    : UINT64_MAX;
}

/* VALUES, as far as they are numbers of the argument's BITS: garbage above them is nothing that a
 * program means. */
static void narrow(struct draft *draft, struct values *values, uint64_t bits)
{
    size_t kept = 0;
    bool wide = false;

    for (size_t i = 0; i < values->count; i++) {
        struct block block = values->blocks[i];
        wide |= (block.mask & ~bits) != 0;
        if ((block.value & ~bits) == 0)
            values->blocks[kept++] = (struct block){block.mask & bits, block.value};
    }
    draft->wide += wide;
    values->count = kept;
}

static int add_comparison(struct draft *draft, int number, const struct scmp_arg_cmp *comparison,
                          struct draft_rule *rule)
{
    struct values *values = &rule->values[comparison->arg];
    int error = fold(comparison, values);

    if (error)
        return error;
    narrow(draft, values, bits_of(number, comparison->arg));
    rule->asked[comparison->arg] = true;
    for (size_t i = 0; i < values->count; i++) {
        if (values->blocks[i].mask == 0)
            rule->asked[comparison->arg] = false; /* whatever it is */
    }
    if (!rule->asked[comparison->arg])
        values_release(values);
    return 0;
}

/* Whether no call can match. */
static bool is_impossible(const struct draft_rule *rule)
{
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
        if (rule->asked[i] && rule->values[i].count == 0)
            return true;
    }
    return false;
}

static bool is_plain(const struct draft_rule *rule)
{
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
        if (rule->asked[i])
            return false;
    }
    return true;
}

static int make_room(struct draft_call *call)
{
    if (call->count < call->capacity)
        return 0;
    size_t capacity = call->capacity ? 2 * call->capacity : 4;
    struct draft_rule *rules = reallocarray(call->rules, capacity, sizeof(*rules));
    if (!rules)
        return -ENOMEM;
    call->rules = rules;
    call->capacity = capacity;
    return 0;
}

int draft_conditional(struct draft *draft, int number, const char *name, struct action action,
                      const struct scmp_arg_cmp *comparisons, unsigned count)
{
    struct draft_rule rule = {.action = action, .line = draft->line};
    struct draft_call *call = obtain(draft, number, name);
    int error = call ? 0 : -ENOMEM;

    for (unsigned i = 0; i < count && !error; i++)
        error = add_comparison(draft, number, &comparisons[i], &rule);
    if (!error && is_plain(&rule))
        return draft_plain(draft, number, name, action);
    if (!error && !call->plain && !is_impossible(&rule)) {
        error = make_room(call);
        if (!error) {
            call->rules[call->count++] = rule;
            return 0;
        }
    }
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++)
        values_release(&rule.values[i]);
    return error;
}
