#include "filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>

#include "export.h"
#include "list_search.h"
#include "reshape.h"
#include "values.h"

enum {
    ARGUMENTS = 6,
    /* Newer than anything asked of it here: without this, seccomp_init() asks the kernel nine times
     * what it can do. What the kernel can't makes the load fail. */
    SECCOMP_API_LEVEL = 6,
    /* So many calls are made into a libseccomp filter of their own. Each rule that is added walks
     * all before it, each jump that is made walks the program: 300 names in one filter took 260
     * microseconds to add, 415 to generate, and the kernel 235 to load the list (a binary tree:
     * 120, but 900 to generate). By the dozen they take 36, 97 and 120. With 24 to a segment 40
     * names take 3 more, as two pages more are touched; with 8 the kernel takes 20 more for 300. */
    SEGMENT_CALLS = 12,
    /* libseccomp walks all rules of a call to add one. From here on a list of values is searched:
     * 32 take 140 microseconds by libseccomp, 512 took 5,500. */
    SEARCHED_MIN = 33,
    OPTIMIZE_LIST = 1,
    OPTIMIZE_TREE = 2,
};

/* A filter in the making. Neighbouring calls form a segment; the program begins with the choice of
 * one by the call's number. In each is a chain of libseccomp filters. The conditions come first, in
 * layers of about one line a call, and what a layer's line does not match goes on to the next; the
 * last filter has what needs no asking, and the default. So a denial need not be subtracted from an
 * allowance, where complements would multiply, of two denials the first decides, and libseccomp
 * never has to weave two lines on one call into each other, which can take it minutes. */
struct maker {
    const struct rules *rules;
    bool once;                 /* what it takes to make it does not count */
    const struct rule *first;  /* of the segment that is being made */
    const struct rule *behind; /* it */
    scmp_filter_ctx context;   /* of the layer that is being made; owned */
    uint32_t context_default;  /* what it gives where no rule matches */
    struct export *export;
    const struct entry *costliest; /* the line that made most libseccomp rules, or NULL */
    size_t most;                   /* as many */
    size_t total;                  /* libseccomp rules so far: each needs an instruction or more */
};

uint32_t filter_word(struct action action)
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
    return filter_word(one->action) == filter_word(other->action) && is_list(one) &&
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

/* The lines of GROUP: from *BEGIN to before the index that is returned. */
static size_t find_group(const struct rule *rule, size_t group, size_t *begin)
{
    size_t count = count_asked(rule);
    size_t end = 0;

    do {
        *begin = end;
        for (end++; end < count && share_layer(asked(rule, end - 1), asked(rule, end)); end++)
            continue;
    } while (group-- > 0 && end < count);
    return end;
}

/* Whether GROUP is a list of values that is searched, and not left to libseccomp. */
static bool is_searched(const struct rule *rule, size_t group)
{
    size_t begin;
    size_t end = find_group(rule, group, &begin);
    const struct range *first = asked(rule, begin)->condition.clauses->ranges;
    size_t count = 0;

    if (rule->number < 0 || rule->whole || !is_list(asked(rule, begin)))
        return false;
    for (size_t i = begin; i < end; i++) {
        const struct clause *clause = asked(rule, i)->condition.clauses;
        count += clause->count;
        for (size_t k = 0; k < clause->count; k++) {
            if (list_half(clause->ranges[k].low) != list_half(first->low) ||
                list_half(clause->ranges[k].high) != list_half(first->low))
                return false;
        }
    }
    return count >= SEARCHED_MIN;
}

/* The last filter takes the last of them if what comes behind it is its own default. */
static size_t count_own_layers(const struct rule *rule)
{
    size_t groups = count_groups(rule);
    bool last = groups > 0 && is_open(rule) && !rule->fallback && !is_searched(rule, groups - 1);

    return last ? groups - 1 : groups;
}

static size_t count_layers(const struct maker *maker)
{
    size_t layers = 0;

    for (const struct rule *rule = maker->first; rule < maker->behind; rule++) {
        size_t own = count_own_layers(rule);
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

/* The lines of RULE that belong to LAYER. */
static int add_lines(struct maker *maker, const struct rule *rule, size_t layer)
{
    size_t begin;
    size_t end = find_group(rule, layer, &begin);
    int error = 0;

    for (size_t i = begin; i < end && !error; i++) {
        const struct entry *entry = asked(rule, i);
        error = add_entry(maker, filter_word(entry->action), rule->number, entry);
    }
    return error;
}

/* The same, as a part of their own. */
static int append_search(struct maker *maker, const struct rule *rule, size_t layer)
{
    size_t begin;
    size_t end = find_group(rule, layer, &begin);
    const struct entry *first = asked(rule, begin);
    const struct list_answers answers = {filter_word(first->action), EXPORT_NO_MATCH,
                                         EXPORT_FOREIGN};
    struct list list = {0};
    struct filter part = {0};
    int error = 0;

    for (size_t i = begin; i < end && !error; i++)
        error = list_add(&list, asked(rule, i)->condition.clauses);
    maker->total += list.count;
    if (!error && maker->total > FILTER_INSTRUCTIONS_MAX)
        error = -E2BIG;
    if (!error)
        error = list_search(&list, rule->number, first->condition.clauses, &answers, &part);
    if (!error)
        error = export_append_code(maker->export, &part);
    if (error == -E2BIG || list.count > maker->most) {
        maker->most = list.count;
        maker->costliest = first;
    }
    list_release(&list);
    filter_release(&part);
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
        return add_rule(maker, filter_word(denial->action), rule->number, NULL, 0);
    if (rule->allowed || rule->implicit)
        return add_rule(maker, SCMP_ACT_ALLOW, rule->number, NULL, 0);
    if (rule->fallback)
        return add_rule(maker, SCMP_ACT_ERRNO(ENOSYS), rule->number, NULL, 0);
    return 0;
}

static int begin(struct maker *maker, uint32_t default_action)
{
    uint32_t shape = maker->once ? OPTIMIZE_TREE : OPTIMIZE_LIST;

    maker->context_default = default_action;
    maker->context = seccomp_init(default_action);
    if (!maker->context)
        return -ENOMEM;
    int error = seccomp_attr_set(maker->context, SCMP_FLTATR_ACT_BADARCH, EXPORT_FOREIGN);
    return error ? error : seccomp_attr_set(maker->context, SCMP_FLTATR_CTL_OPTIMIZE, shape);
}

static void end(struct maker *maker)
{
    if (maker->context)
        seccomp_release(maker->context);
    maker->context = NULL;
}

/* What libseccomp makes of LAYER: nothing where all of it is searched. */
static int make_layer(struct maker *maker, size_t layer)
{
    bool any = false;
    int error = begin(maker, EXPORT_NO_MATCH);

    for (const struct rule *rule = maker->behind; rule-- > maker->first && !error;) {
        if (layer >= count_own_layers(rule) || is_searched(rule, layer))
            continue;
        error = add_lines(maker, rule, layer);
        any = true;
    }
    if (!error && any)
        error = export_append(maker->export, maker->context, EXPORT_GO_ON);
    end(maker);
    for (const struct rule *rule = maker->first; rule < maker->behind && !error; rule++) {
        if (layer < count_own_layers(rule) && is_searched(rule, layer))
            error = append_search(maker, rule, layer);
    }
    return error;
}

static int make_last(struct maker *maker)
{
    int error = begin(maker, filter_word(maker->rules->default_action));

    /* From the highest down, as for the layers: libseccomp finds the place of each at once. */
    for (const struct rule *rule = maker->behind; rule-- > maker->first && !error;)
        error = add_verdict(maker, rule);
    if (!error)
        error = export_append(maker->export, maker->context, EXPORT_LAST);
    end(maker);
    return error;
}

static int make_segment(struct maker *maker)
{
    size_t layers = count_layers(maker);

    int error = export_segment(maker->export, maker->first->number);
    for (size_t layer = 0; layer < layers && !error; layer++)
        error = make_layer(maker, layer);
    return error ? error : make_last(maker);
}

/* COUNT rules from FIRST on, in segments of about the same size. */
static int make_run(struct maker *maker, const struct rule *first, size_t count)
{
    size_t room = EXPORT_SEGMENTS_MAX - maker->export->segment_count;
    size_t segments = maker->once ? 1 : (count + SEGMENT_CALLS - 1) / SEGMENT_CALLS;
    int error = 0;

    if (segments > room)
        segments = room > 0 ? room : 1; /* export_segment() refuses one too many */
    for (size_t i = 0; i < segments && !error; i++) {
        maker->first = &first[i * count / segments];
        maker->behind = &first[(i + 1) * count / segments];
        error = make_segment(maker);
    }
    return error;
}

/* A rule that is whole is a segment by itself: what libseccomp adds of its own for its number, with
 * the rules of other calls, stands in segments that nobody asks about it. There are always rules:
 * exit and the like. */
static int make_segments(struct maker *maker)
{
    const struct rule *rule = maker->rules->rules;
    const struct rule *end = rule + maker->rules->count;
    int error = 0;

    while (rule < end && !error) {
        const struct rule *first = rule++;
        while (!first->whole && rule < end && !rule->whole)
            rule++;
        error = make_run(maker, first, (size_t)(rule - first));
    }
    return error;
}

/* Lines may list calls that are newer than this build, by their numbers. */
static int note_newer(const struct maker *maker)
{
    const struct rules *rules = maker->rules;
    int error = 0;

    for (size_t i = rules->count; i-- > 0 && rules_is_newer(rules->rules[i].number) && !error;)
        error = export_newer(maker->export, rules->rules[i].number);
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

static int build(struct maker *maker, struct place place, struct diagnostics *diagnostics,
                 struct filter *filter)
{
    struct export export;

    *filter = (struct filter){0};
    int error = seccomp_api_set(SECCOMP_API_LEVEL);
    if (!error)
        error = export_begin(&export);
    if (error)
        return error;
    maker->export = &export;
    error = note_newer(maker);
    if (!error)
        error = make_segments(maker);
    if (!error)
        error = export_finish(&export, FILTER_INSTRUCTIONS_MAX, filter);
    export_end(&export);
    maker->export = NULL;
    if (error != -E2BIG)
        return error;
    report_size(maker, place, diagnostics);
    return -EINVAL;
}

int filter_build(const struct rules *rules, struct place place, struct diagnostics *diagnostics,
                 struct filter *filter)
{
    struct maker maker = {.rules = rules};

    return build(&maker, place, diagnostics, filter);
}

int filter_build_once(const struct rules *rules, struct place place,
                      struct diagnostics *diagnostics, struct filter *filter)
{
    struct maker maker = {.rules = rules, .once = true};
    int error = build(&maker, place, diagnostics, filter);

    return error ? error : reshape(filter);
}

void filter_release(struct filter *filter)
{
    free(filter->instructions);
    *filter = (struct filter){0};
}
