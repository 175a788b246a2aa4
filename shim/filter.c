#include "filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "values.h"

enum {
    ARGUMENTS = 6,
    /* Newer than anything asked of it here: without this, seccomp_init() asks the kernel nine times
     * what it can do. What the kernel can't makes the load fail. */
    SECCOMP_API_LEVEL = 6,
    /* libseccomp's binary tree loads faster up to about this many calls; above, making it costs
     * more than the kernel saves (300 names: 1,157 against 663 microseconds to make, 118 against
     * 342 to load). */
    TREE_CALLS_MAX = 100,
    OPTIMIZE_LIST = 1,
    OPTIMIZE_TREE = 2,
};

/* A filter in the making. A whitelist becomes a chain of libseccomp filters in one program:
 * conditional denials come first, in layers, and what a layer does not deny goes on to the next;
 * the last one allows, or gives the default. So a denial need not be subtracted from an allowance,
 * where complements would multiply, and of two denials the first decides. Within a layer no two
 * lines disagree. */
struct maker {
    const struct rules *rules;
    scmp_filter_ctx context;  /* of the layer that is being made; owned */
    uint32_t context_default; /* what it gives where no rule matches */
    struct export *export;
    const struct entry *costliest; /* the line that made most libseccomp rules, or NULL */
    size_t most;                   /* as many */
    size_t total;                  /* libseccomp rules so far: each needs an instruction or more */
};

static uint32_t action_word(struct action action)
{
    switch (action.kind) {
    case ACTION_ALLOW:
        return SCMP_ACT_ALLOW;
    case ACTION_LOG:
        return SCMP_ACT_LOG;
    case ACTION_ERRNO:
        return SCMP_ACT_ERRNO(action.error);
    case ACTION_TRAP:
        return SCMP_ACT_TRAP;
    case ACTION_KILL:
        break;
    }
    return SCMP_ACT_KILL_PROCESS;
}

/* The denials that are asked one after another: those before the first that needs no asking. */
static size_t conditional_denials(const struct rule *rule)
{
    size_t count = 0;

    while (count < rule->deny_count && rule->deny[count].entry->conditional)
        count++;
    return count;
}

/* The denial without a condition, or NULL. */
static const struct entry *flat_denial(const struct rule *rule)
{
    size_t count = conditional_denials(rule);

    return count < rule->deny_count ? rule->deny[count].entry : NULL;
}

static bool same_action(const struct line *one, const struct line *other)
{
    return action_word(one->entry->action) == action_word(other->entry->action);
}

/* The layer that denial INDEX belongs to: lines that agree share one. */
static size_t layer_of(const struct rule *rule, size_t index)
{
    size_t layer = 0;

    for (size_t i = 1; i <= index; i++)
        layer += !same_action(&rule->deny[i - 1], &rule->deny[i]);
    return layer;
}

/* Whether the last filter can take the denials of RULE as well: it says nothing else of that call.
 */
static bool needs_no_layer(const struct rule *rule)
{
    size_t count = conditional_denials(rule);

    return count == 0 || (layer_of(rule, count - 1) == 0 && !flat_denial(rule) &&
                          rule->allow_count == 0 && !rule->implicit);
}

static size_t count_layers(const struct rules *rules)
{
    size_t layers = 0;

    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];
        if (needs_no_layer(rule))
            continue;
        size_t own = layer_of(rule, conditional_denials(rule) - 1) + 1;
        layers = own > layers ? own : layers;
    }
    return layers;
}

/* One libseccomp rule: the call, with one comparison an argument at the most. */
static int add_rule(struct maker *maker, uint32_t action, int number,
                    const struct scmp_arg_cmp *comparisons, unsigned count)
{
    if (++maker->total > FILTER_INSTRUCTIONS_MAX)
        return -E2BIG;
    if (action == maker->context_default) /* libseccomp would refuse it */
        return 0;
    return seccomp_rule_add_array(maker->context, action, number, count, comparisons);
}

/* A rule for every choice of one block an argument. */
static int add_product(struct maker *maker, uint32_t action, int number,
                       const struct values values[ARGUMENTS])
{
    size_t chosen[ARGUMENTS] = {0};
    unsigned turn = 0;

    while (turn < ARGUMENTS) {
        struct scmp_arg_cmp comparisons[ARGUMENTS];
        unsigned count = 0;
        for (unsigned i = 0; i < ARGUMENTS; i++) {
            const struct block *block = &values[i].blocks[chosen[i]];
            if (block->mask != 0)
                comparisons[count++] =
                    (struct scmp_arg_cmp){i, SCMP_CMP_MASKED_EQ, block->mask, block->value};
        }
        int error = add_rule(maker, action, number, comparisons, count);
        if (error)
            return error;
        /* count up, the first argument fastest */
        for (turn = 0; turn < ARGUMENTS && ++chosen[turn] == values[turn].count; turn++)
            chosen[turn] = 0;
    }
    return 0;
}

static int fold(const struct condition *condition, struct values values[ARGUMENTS], bool *possible)
{
    int error = 0;

    *possible = true;
    for (unsigned i = 0; i < ARGUMENTS && !error; i++) {
        error = values_fold(condition, i, &values[i]);
        *possible &= values[i].count > 0;
    }
    return error;
}

/* ENTRY's condition as rules that give ACTION. */
static int add_entry(struct maker *maker, uint32_t action, int number, const struct entry *entry)
{
    struct values values[ARGUMENTS] = {0};
    size_t before = maker->total;
    bool possible;

    int error = fold(&entry->condition, values, &possible);
    if (!error && possible)
        error = add_product(maker, action, number, values);
    for (unsigned i = 0; i < ARGUMENTS; i++)
        values_release(&values[i]);
    if (error == -E2BIG || maker->total - before > maker->most) {
        maker->most = maker->total - before;
        maker->costliest = entry;
    }
    return error;
}

static int add_denials(struct maker *maker, const struct rule *rule, size_t layer)
{
    size_t count = conditional_denials(rule);
    int error = 0;

    for (size_t i = 0; i < count && !error; i++) {
        const struct entry *entry = rule->deny[i].entry;
        if (layer_of(rule, i) == layer)
            error = add_entry(maker, action_word(entry->action), rule->number, entry);
    }
    return error;
}

/* What the last filter says of a call. */
static int add_verdict(struct maker *maker, const struct rule *rule)
{
    const struct entry *denial = flat_denial(rule);
    int error = needs_no_layer(rule) ? add_denials(maker, rule, 0) : 0;

    if (denial)
        return error ? error : add_rule(maker, action_word(denial->action), rule->number, NULL, 0);
    if (!error && (rule->allowed || rule->implicit))
        return add_rule(maker, SCMP_ACT_ALLOW, rule->number, NULL, 0);
    if (!error && rule->fallback)
        return add_rule(maker, SCMP_ACT_ERRNO(ENOSYS), rule->number, NULL, 0);
    for (size_t i = 0; i < rule->allow_count && !error; i++)
        error = add_entry(maker, SCMP_ACT_ALLOW, rule->number, rule->allow[i].entry);
    return error;
}

static int begin(struct maker *maker, uint32_t default_action)
{
    uint32_t tree = maker->rules->count <= TREE_CALLS_MAX ? OPTIMIZE_TREE : OPTIMIZE_LIST;

    maker->context_default = default_action;
    maker->context = seccomp_init(default_action);
    if (!maker->context)
        return -ENOMEM;
    int error = seccomp_attr_set(maker->context, SCMP_FLTATR_ACT_BADARCH,
                                 action_word(maker->rules->foreign_action));
    return error ? error : seccomp_attr_set(maker->context, SCMP_FLTATR_CTL_OPTIMIZE, tree);
}

static void end(struct maker *maker)
{
    if (maker->context)
        seccomp_release(maker->context);
    maker->context = NULL;
}

static int make_layer(struct maker *maker, size_t layer)
{
    int error = begin(maker, SCMP_ACT_ALLOW);

    for (size_t i = 0; i < maker->rules->count && !error; i++) {
        if (!needs_no_layer(&maker->rules->rules[i]))
            error = add_denials(maker, &maker->rules->rules[i], layer);
    }
    if (!error)
        error = export_append(maker->export, maker->context, EXPORT_GO_ON);
    end(maker);
    return error;
}

static int make_last(struct maker *maker)
{
    int error = begin(maker, action_word(maker->rules->default_action));

    for (size_t i = 0; i < maker->rules->count && !error; i++)
        error = add_verdict(maker, &maker->rules->rules[i]);
    if (!error)
        error = export_append(maker->export, maker->context, EXPORT_LAST);
    end(maker);
    return error;
}

static void report_size(const struct maker *maker, struct place place,
                        struct diagnostics *diagnostics)
{
    if (maker->costliest)
        diagnostic_error(diagnostics, maker->costliest->place,
                         "the whitelist needs more than the %d BPF instructions that the kernel "
                         "takes; this line costs most: write '%s' with fewer values or clauses",
                         FILTER_INSTRUCTIONS_MAX, maker->costliest->subject.name);
    else
        diagnostic_error(diagnostics, place,
                         "the whitelist needs more than the %d BPF instructions that the kernel "
                         "takes",
                         FILTER_INSTRUCTIONS_MAX);
}

int filter_build(const struct rules *rules, struct place place, struct diagnostics *diagnostics,
                 struct filter *filter)
{
    struct export export;
    struct maker maker = {.rules = rules, .export = &export};
    size_t layers = count_layers(rules);

    *filter = (struct filter){0};
    int error = seccomp_api_set(SECCOMP_API_LEVEL);
    if (!error)
        error = export_begin(&export);
    if (error)
        return error;
    for (size_t layer = 0; layer < layers && !error; layer++)
        error = make_layer(&maker, layer);
    if (!error)
        error = make_last(&maker);
    if (!error)
        error = export_finish(&export, FILTER_INSTRUCTIONS_MAX, filter);
    export_end(&export);
    if (error != -E2BIG)
        return error;
    report_size(&maker, place, diagnostics);
    return -EINVAL;
}

void filter_release(struct filter *filter)
{
    free(filter->instructions);
    *filter = (struct filter){0};
}
