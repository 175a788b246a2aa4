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

/* A filter in the making. A whitelist becomes a chain of libseccomp filters in one program. The
 * conditions come first, in layers of about one line a call, and what a layer's line does not match
 * goes on to the next; the last filter has what needs no asking, and the default. So a denial need
 * not be subtracted from an allowance, where complements would multiply, of two denials the first
 * decides, and libseccomp never has to weave two lines on one call into each other, which can take
 * it minutes. */
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

/* Whether nothing without a condition is before the allowances: a denial, or an allowance. */
static bool is_open(const struct rule *rule)
{
    return !flat_denial(rule) && !rule->allowed && !rule->implicit;
}

/* The lines of a call that have conditions and are asked: denials, then allowances. */
static size_t count_asked(const struct rule *rule)
{
    return conditional_denials(rule) + (is_open(rule) ? rule->allow_count : 0);
}

static const struct entry *asked(const struct rule *rule, size_t index)
{
    size_t denials = conditional_denials(rule);

    return index < denials ? rule->deny[index].entry : rule->allow[index - denials].entry;
}

/* Whether the line asks for some values of one argument, and nothing else. */
static bool is_list(const struct entry *entry)
{
    const struct clause *clause = entry->condition.clauses;

    return entry->condition.count == 1 && clause->mask == UINT64_MAX &&
           (clause->comparison == COMPARE_EQUAL || clause->comparison == COMPARE_IN);
}

/* Lists of values of the same argument make one longer list, which libseccomp is good at. */
static bool share_layer(const struct entry *one, const struct entry *other)
{
    return action_word(one->action) == action_word(other->action) && is_list(one) &&
           is_list(other) && one->condition.clauses->argument == other->condition.clauses->argument;
}

/* How many layers the lines that are asked need. */
static size_t count_groups(const struct rule *rule)
{
    size_t count = count_asked(rule);
    size_t groups = count > 0;

    for (size_t i = 1; i < count; i++)
        groups += !share_layer(asked(rule, i - 1), asked(rule, i));
    return groups;
}

/* The last filter takes the last of them if what comes behind it is its own default. */
static size_t count_own_layers(const struct rule *rule)
{
    size_t groups = count_groups(rule);

    return groups > 0 && is_open(rule) && !rule->fallback ? groups - 1 : groups;
}

/* The layers that RULE has a line in: none of them is left to the last filter where it is decided
 * before all others. */
static size_t count_rule_layers(const struct rule *rule)
{
    return rule->whole ? count_groups(rule) : count_own_layers(rule);
}

/* Of the rules that are decided first (WHOLE), or of the others. */
static size_t count_layers(const struct rules *rules, bool whole)
{
    size_t layers = 0;

    for (size_t i = 0; i < rules->count; i++) {
        size_t own = count_rule_layers(&rules->rules[i]);
        if (rules->rules[i].whole == whole && own > layers)
            layers = own;
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

/* The lines of RULE that belong to LAYER. */
static int add_lines(struct maker *maker, const struct rule *rule, size_t layer)
{
    size_t count = count_asked(rule);
    size_t group = 0;
    int error = 0;

    for (size_t i = 0; i < count && !error; i++) {
        const struct entry *entry = asked(rule, i);
        group += i > 0 && !share_layer(asked(rule, i - 1), entry);
        if (group == layer)
            error = add_entry(maker, action_word(entry->action), rule->number, entry);
    }
    return error;
}

/* What the last filter says of a call. */
static int add_verdict(struct maker *maker, const struct rule *rule)
{
    const struct entry *denial = flat_denial(rule);
    size_t own = count_own_layers(rule);

    if (own < count_groups(rule))
        return add_lines(maker, rule, own);
    if (denial)
        return add_rule(maker, action_word(denial->action), rule->number, NULL, 0);
    if (rule->allowed || rule->implicit)
        return add_rule(maker, SCMP_ACT_ALLOW, rule->number, NULL, 0);
    if (rule->fallback)
        return add_rule(maker, SCMP_ACT_ERRNO(ENOSYS), rule->number, NULL, 0);
    return 0;
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

static int make_layer(struct maker *maker, size_t layer, bool whole)
{
    int error = begin(maker, EXPORT_NO_MATCH);

    for (size_t i = 0; i < maker->rules->count && !error; i++) {
        const struct rule *rule = &maker->rules->rules[i];
        if (rule->whole == whole && layer < count_rule_layers(rule))
            error = add_lines(maker, rule, layer);
    }
    if (!error)
        error = export_append(maker->export, maker->context, EXPORT_GO_ON);
    end(maker);
    return error;
}

/* What is left of the calls that are decided first: their verdict without a condition, or the
 * default. */
static int make_whole(struct maker *maker)
{
    bool needed = false;

    for (size_t i = 0; i < maker->rules->count; i++)
        needed |= maker->rules->rules[i].whole;
    if (!needed)
        return 0;
    int error = begin(maker, EXPORT_NO_MATCH);
    for (size_t i = 0; i < maker->rules->count && !error; i++) {
        const struct rule *rule = &maker->rules->rules[i];
        const struct entry *denial = flat_denial(rule);
        struct action action = denial ? denial->action : maker->rules->default_action;
        if (!denial && rule->allowed)
            action.kind = ACTION_ALLOW;
        if (rule->whole)
            error = add_rule(maker, action_word(action), rule->number, NULL, 0);
    }
    if (!error)
        error = export_append(maker->export, maker->context, EXPORT_GO_ON);
    end(maker);
    return error;
}

/* Layers of lines, for the rules that are decided first or for the others. */
static int make_layers(struct maker *maker, bool whole)
{
    size_t layers = count_layers(maker->rules, whole);
    int error = 0;

    for (size_t layer = 0; layer < layers && !error; layer++)
        error = make_layer(maker, layer, whole);
    return error;
}

static int make_last(struct maker *maker)
{
    int error = begin(maker, action_word(maker->rules->default_action));

    for (size_t i = 0; i < maker->rules->count && !error; i++) {
        if (!maker->rules->rules[i].whole)
            error = add_verdict(maker, &maker->rules->rules[i]);
    }
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

    *filter = (struct filter){0};
    int error = seccomp_api_set(SECCOMP_API_LEVEL);
    if (!error)
        error = export_begin(&export);
    if (error)
        return error;
    error = make_layers(&maker, true);
    if (!error)
        error = make_whole(&maker);
    if (!error)
        error = make_layers(&maker, false);
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
