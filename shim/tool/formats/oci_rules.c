#include "oci_rules.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../call.h"
#include "oci_boxes.h"

enum { ARGUMENTS = 6, RULES_OF_CALL_MAX = 4096 };

const char *const OCI_OPERATORS[_SCMP_CMP_MAX] = {
    [SCMP_CMP_NE] = "SCMP_CMP_NE",
    [SCMP_CMP_LT] = "SCMP_CMP_LT",
    [SCMP_CMP_LE] = "SCMP_CMP_LE",
    [SCMP_CMP_EQ] = "SCMP_CMP_EQ",
    [SCMP_CMP_GE] = "SCMP_CMP_GE",
    [SCMP_CMP_GT] = "SCMP_CMP_GT",
    [SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

const char *oci_architecture(void)
{
    return seccomp_arch_native() == SCMP_ARCH_AARCH64 ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
}

/* The rules of one call in the making. */
struct maker {
    struct oci_rules *rules;
    const struct policy *policy;
    const struct rule *rule;
    size_t first; /* of this call's rules */
};

/* The line that stands for all that is said of a call, or NULL. */
static const struct entry *first_line(const struct rule *rule)
{
    if (rule->deny_count > 0)
        return rule->deny[0].entry;
    return rule->allow_count > 0 ? rule->allow[0].entry : NULL;
}

static struct place place_of(const struct policy *policy, const struct rule *rule)
{
    const struct entry *entry = first_line(rule);

    return entry ? entry->place : (struct place){policy->whitelist.name, 0};
}

static int add_rule(struct maker *maker, const struct oci_rule *rule)
{
    struct oci_rules *rules = maker->rules;

    if (rules->count - maker->first == RULES_OF_CALL_MAX)
        return -E2BIG;
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity ? 2 * rules->capacity : 256;
        struct oci_rule *items = realloc(rules->items, capacity * sizeof(*items));
        if (!items)
            return -ENOMEM;
        rules->items = items;
        rules->capacity = capacity;
    }
    rules->items[rules->count++] = *rule;
    return 0;
}

/* Adds the rules that RULE becomes with each comparison of each argument from ARGUMENT on. */
static int add_products(struct maker *maker, const struct cover covers[ARGUMENTS],
                        unsigned argument, struct oci_rule *rule)
{
    int error = 0;

    while (argument < ARGUMENTS && covers[argument].whole)
        argument++;
    if (argument == ARGUMENTS)
        return add_rule(maker, rule);
    rule->count++;
    for (size_t i = 0; i < covers[argument].count && !error; i++) {
        rule->comparisons[rule->count - 1] = covers[argument].items[i];
        error = add_products(maker, covers, argument + 1, rule);
    }
    rule->count--;
    return error;
}

static void report_large(const struct maker *maker, struct place place, unsigned argument,
                         struct diagnostics *diagnostics)
{
    char name[CALL_NAME_MAX];

    diagnostic_error(diagnostics, place,
                     "the values of '%s' need a number above 2^63-1 in the profile, which "
                     "Kubernetes refuses and jq rounds: leave negative values out, write a limit "
                     "on one side ('<=', '>='), or at most 64 single values in a row",
                     call_argument_name(maker->rule->number, argument, name));
}

static int add_box(struct maker *maker, const struct box *box, struct diagnostics *diagnostics)
{
    struct oci_rule rule = {.number = maker->rule->number,
                            .action = box->action,
                            .place = box->entry ? box->entry->place
                                                : place_of(maker->policy, maker->rule)};
    struct cover covers[ARGUMENTS] = {0};
    int error = 0;

    for (unsigned i = 0; i < ARGUMENTS && !error; i++) {
        error = cover_make(box->sets[i], i, &covers[i]);
        if (error == -ERANGE)
            report_large(maker, rule.place, i, diagnostics);
    }
    if (!error)
        error = add_products(maker, covers, 0, &rule);
    for (unsigned i = 0; i < ARGUMENTS; i++)
        cover_release(&covers[i]);
    return error == -ERANGE ? 0 : error;
}

/* A name of the call NUMBER, to be freed; *KNOWN becomes whether libseccomp has it. NULL without an
 * error where it has none. */
static char *find_name(int number, bool *known)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    const struct prototype *prototype = prototype_find_number(number);

    *known = name != NULL;
    if (name || !prototype)
        return name;
    return strdup(prototype_text(prototype->name));
}

/* Whether what libseccomp does not know, and so gets the default, gets no less than it should. */
static bool is_stricter(struct action fallback, struct action wanted)
{
    return !action_allows(fallback) || action_allows(wanted);
}

static void report_unknown(const struct maker *maker, const char *name, struct action action,
                           struct diagnostics *diagnostics)
{
    const struct scmp_version *version = seccomp_version();
    const struct entry *entry = first_line(maker->rule);
    struct place place = place_of(maker->policy, maker->rule);

    if (!is_stricter(maker->policy->rules.default_action, action))
        diagnostic_error(diagnostics, place,
                         "'%s' cannot be refused by name: libseccomp %u.%u.%u does not know it, "
                         "and what an engine does not know it allows here",
                         name, version->major, version->minor, version->micro);
    else if (entry && entry->subject.kind == SUBJECT_NUMBER)
        diagnostic_warning(diagnostics, place,
                           "'%s' is unknown to libseccomp %u.%u.%u: engines with it, or an older "
                           "one, give the default",
                           name, version->major, version->minor, version->micro);
}

/* Names the rules of a call. */
static int name_rules(struct maker *maker, struct diagnostics *diagnostics)
{
    struct oci_rules *rules = maker->rules;
    bool known;
    char *name;

    for (size_t i = maker->first; i < rules->count; i++) {
        errno = 0;
        name = find_name(maker->rule->number, &known);
        if (!name) {
            if (errno == ENOMEM)
                return -ENOMEM;
            diagnostic_error(diagnostics, place_of(maker->policy, maker->rule),
                             "the format has names only, and the system call %d has none here",
                             maker->rule->number);
            rules->count = i;
            return 0;
        }
        rules->items[i].name = name;
        rules->items[i].known = known;
        if (!known && i == maker->first)
            report_unknown(maker, name, rules->items[i].action, diagnostics);
    }
    return 0;
}

static int compare_numbers(uint64_t one, uint64_t other)
{
    return one < other ? 1 : one > other ? -1 : 0;
}

/* The order in which an engine adds them. libseccomp (2.5.4) shares what follows a comparison that
 * is no equality between its branches, and puts a new node there once for each: behind another
 * node, that makes a ring, and the engine never ends. In front of them it does not: so the larger
 * ones come first. */
static int compare_rules(const void *one, const void *other)
{
    const struct oci_rule *first = one;
    const struct oci_rule *second = other;
    int order = 0;

    for (unsigned i = 0; i < first->count && i < second->count && order == 0; i++) {
        const struct scmp_arg_cmp *mine = &first->comparisons[i];
        const struct scmp_arg_cmp *theirs = &second->comparisons[i];
        order = compare_numbers(theirs->arg, mine->arg);
        if (order == 0)
            order = compare_numbers(mine->op, theirs->op);
        if (order == 0)
            order = compare_numbers(mine->datum_a, theirs->datum_a);
        if (order == 0)
            order = compare_numbers(mine->datum_b, theirs->datum_b);
    }
    return order != 0 ? order : compare_numbers(first->count, second->count);
}

static void sort_rules(struct maker *maker)
{
    struct oci_rule *items = maker->rules->items;

    if (items)
        qsort(&items[maker->first], maker->rules->count - maker->first, sizeof(*items),
              compare_rules);
}

static int make_rule(struct maker *maker, struct diagnostics *diagnostics)
{
    struct boxes boxes;
    int error = oci_boxes_make(&maker->policy->rules, maker->rule, &boxes);

    maker->first = maker->rules->count;
    for (size_t i = 0; i < boxes.count && !error; i++)
        error = add_box(maker, &boxes.items[i], diagnostics);
    oci_boxes_release(&boxes);
    if (error == -E2BIG) {
        diagnostic_error(diagnostics, place_of(maker->policy, maker->rule),
                         "the lines on this call take more than %d rules, one comparison an "
                         "argument each: write them with fewer values or clauses",
                         RULES_OF_CALL_MAX);
        maker->rules->count = maker->first;
        return 0;
    }
    if (error)
        return error;
    sort_rules(maker);
    return name_rules(maker, diagnostics);
}

int oci_rules_make(const struct policy *policy, struct diagnostics *diagnostics,
                   struct oci_rules *rules)
{
    struct maker maker = {.rules = rules, .policy = policy};
    size_t before = diagnostics->errors;
    int error = 0;

    *rules = (struct oci_rules){0};
    for (size_t i = 0; i < policy->rules.count && !error; i++) {
        maker.rule = &policy->rules.rules[i];
        error = make_rule(&maker, diagnostics);
    }
    if (error)
        return error;
    return diagnostics->errors > before ? -EINVAL : 0;
}

void oci_rules_release(struct oci_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        free(rules->items[i].name);
    free(rules->items);
    *rules = (struct oci_rules){0};
}
