#include "oci_rules.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../call.h"

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
    int error;
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

static bool add_region(void *context, const struct region *region, const struct verdict *verdict,
                       const struct verdict *same)
{
    struct maker *maker = context;
    struct oci_rules *rules = maker->rules;

    (void)same;
    if (action_equals(verdict->action, maker->policy->rules.default_action))
        return true;
    if (rules->count - maker->first == RULES_OF_CALL_MAX)
        return false;
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity ? 2 * rules->capacity : 256;
        struct oci_rule *items = realloc(rules->items, capacity * sizeof(*items));
        if (!items) {
            maker->error = -ENOMEM;
            return false;
        }
        rules->items = items;
        rules->capacity = capacity;
    }
    rules->items[rules->count++] = (struct oci_rule){
        .number = maker->rule->number, .action = verdict->action, .region = *region};
    return true;
}

/* Makes ONE of both if together they are what one rule can say: they differ in one bit. */
static bool join(struct oci_rule *one, const struct oci_rule *other)
{
    unsigned different = ARGUMENTS;

    if (!action_equals(one->action, other->action))
        return false;
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        const struct block *mine = &one->region.arguments[i];
        const struct block *theirs = &other->region.arguments[i];
        if (mine->mask == theirs->mask && mine->value == theirs->value)
            continue;
        if (mine->mask != theirs->mask || different != ARGUMENTS)
            return false;
        different = i;
    }
    if (different == ARGUMENTS)
        return false;
    struct block *block = &one->region.arguments[different];
    uint64_t bits = block->value ^ other->region.arguments[different].value;
    if ((bits & (bits - 1)) != 0)
        return false;
    block->mask &= ~bits;
    block->value &= ~bits;
    return true;
}

static void join_all(struct oci_rules *rules, size_t first)
{
    for (bool joined = true; joined;) {
        joined = false;
        for (size_t i = first; i < rules->count; i++) {
            for (size_t k = i + 1; k < rules->count; k++) {
                if (!join(&rules->items[i], &rules->items[k]))
                    continue;
                rules->items[k--] = rules->items[--rules->count];
                joined = true;
            }
        }
    }
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

static int make_rule(struct maker *maker, struct diagnostics *diagnostics)
{
    struct opinion opinion;
    int error = opinion_form(&maker->policy->rules, maker->rule->number, &opinion);

    maker->first = maker->rules->count;
    bool whole = !error && region_visit(&opinion, NULL, add_region, maker);
    opinion_release(&opinion);
    error = error ? error : maker->error;
    if (!error)
        join_all(maker->rules, maker->first);
    if (!error && !whole) {
        diagnostic_error(diagnostics, place_of(maker->policy, maker->rule),
                         "the lines on this call take more than %d rules, one comparison an "
                         "argument each: write them with fewer values or clauses",
                         RULES_OF_CALL_MAX);
        maker->rules->count = maker->first;
    }
    return error ? error : name_rules(maker, diagnostics);
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

bool oci_rule_compares(const struct oci_rule *rule, unsigned argument,
                       struct scmp_arg_cmp *comparison)
{
    const struct block *block = &rule->region.arguments[argument];

    *comparison = (struct scmp_arg_cmp){argument, SCMP_CMP_MASKED_EQ, block->mask, block->value};
    return block->mask != 0;
}

bool oci_rule_is_plain(const struct oci_rule *rule)
{
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        if (rule->region.arguments[i].mask != 0)
            return false;
    }
    return true;
}

void oci_rules_release(struct oci_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        free(rules->items[i].name);
    free(rules->items);
    *rules = (struct oci_rules){0};
}
