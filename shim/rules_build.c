#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../config/groups.h"
#include "../config/numbers.h"
#include "../config/spellings.h"
#include "../config/suggest.h"
#include "multiplexer.h"
#include "rules.h"

enum {
    NAME_MAX_BYTES = 64,
    LOW_NUMBERS = 512, /* the kernel's own end at 470 */
};

struct builder {
    const struct whitelist *whitelist;
    struct diagnostics *diagnostics;
    unsigned stage;      /* 0: [allow]; N: the whitelist's stages[N - 1] */
    struct rules *rules; /* in the order in which the calls come up, until sort() */
    /* Where the rule of a low number stands, plus one. Kept in order from the start, with a search
     * and a move for each, 300 names took 210 microseconds; so they take 4. */
    uint32_t places[LOW_NUMBERS];
    int highest; /* number so far */
};

/* libseccomp gives negative numbers of its own to what another architecture has; rules for those
 * "succeed" and do nothing. */
int rules_number(const char *name)
{
    int number = number_find(name);

    if (number < 0)
        number = seccomp_syscall_resolve_name(name);
    if (number >= 0)
        return number;
    return number == __NR_SCMP_ERROR ? -ENOENT : -ENOSYS;
}

static void report_unresolved(const struct builder *builder, const struct entry *entry,
                              const char *name, int error)
{
    char near[NAME_MAX_BYTES + 32];
    struct suggestion suggestion = suggestion_for(name);

    if (error == -ENOSYS) {
        diagnostic_error(builder->diagnostics, entry->place,
                         "the system call '%s' does not exist on this architecture", name);
        return;
    }
    if (group_find(name) >= 0) {
        diagnostic_error(builder->diagnostics, entry->place,
                         "unknown syscall '%s'; did you mean the group '@%s'?", name, name);
        return;
    }
    for (size_t i = 0; i < prototype_count(); i++)
        suggestion_offer(&suggestion, prototype_text(prototype_at(i)->name));
    diagnostic_error(builder->diagnostics, entry->place, "unknown syscall '%s'%s", name,
                     suggestion_text(&suggestion, near, sizeof(near)));
}

static struct rule *append_rule(struct rules *rules, int number)
{
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity ? 2 * rules->capacity : 64;
        struct rule *grown = realloc(rules->rules, capacity * sizeof(*grown));
        if (!grown)
            return NULL;
        rules->rules = grown;
        rules->capacity = capacity;
    }
    struct rule *rule = &rules->rules[rules->count++];
    *rule = (struct rule){.number = number};
    return rule;
}

static bool is_low(int number)
{
    return number < LOW_NUMBERS;
}

static struct rule *find_rule(const struct builder *builder, int number)
{
    struct rules *rules = builder->rules;

    if (number < 0 || number > builder->highest)
        return NULL;
    if (is_low(number))
        return builder->places[number] ? &rules->rules[builder->places[number] - 1] : NULL;
    /* Raw numbers that no kernel has yet: few, or in order. */
    for (size_t i = rules->count; i > 0; i--) {
        if (rules->rules[i - 1].number == number)
            return &rules->rules[i - 1];
    }
    return NULL;
}

/* The rule for NUMBER, made where there is none; NULL if there is no memory. */
static struct rule *obtain_rule(struct builder *builder, int number)
{
    struct rule *rule = find_rule(builder, number);

    if (rule)
        return rule;
    rule = append_rule(builder->rules, number);
    if (rule && is_low(number))
        builder->places[number] = (uint32_t)builder->rules->count;
    if (rule && number > builder->highest)
        builder->highest = number;
    return rule;
}

static void swap(struct builder *builder, size_t one, size_t other)
{
    struct rule *rules = builder->rules->rules;
    struct rule rule = rules[one];

    rules[one] = rules[other];
    rules[other] = rule;
    if (is_low(rule.number))
        builder->places[rule.number] = (uint32_t)other + 1;
}

/* Brings the rules into the order of their numbers, where they stand: a copy would touch another
 * page. No rule is found by its place afterwards. */
static void sort(struct builder *builder)
{
    struct rule *rules = builder->rules->rules;
    size_t count = 0;

    for (size_t number = 0; number < LOW_NUMBERS; number++) {
        if (builder->places[number])
            swap(builder, count++, builder->places[number] - 1);
    }
    for (size_t i = count; i < builder->rules->count; i++) {
        struct rule rule = rules[i];
        size_t at = i;
        for (; at > count && rules[at - 1].number > rule.number; at--)
            rules[at] = rules[at - 1];
        rules[at] = rule;
    }
}

/* Whether ENTRY says nothing that the line before it, of the same file, did not say. */
static bool is_repeated(const struct line *lines, size_t count, const struct entry *entry)
{
    const struct entry *last = count > 0 ? lines[count - 1].entry : NULL;

    return last && !last->conditional && !entry->conditional &&
           last->subject.kind == entry->subject.kind && last->place.file == entry->place.file;
}

static int append_line(struct line **lines, size_t *count, const struct entry *entry)
{
    if (is_repeated(*lines, *count, entry))
        return 0;
    /* doubles at every power of two */
    if ((*count & (*count - 1)) == 0) {
        size_t capacity = *count ? 2 * *count : 1;
        struct line *grown = realloc(*lines, capacity * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        *lines = grown;
    }
    (*lines)[(*count)++] = (struct line){entry};
    return 0;
}

static int add_number(struct builder *builder, const struct entry *entry, int number)
{
    struct rule *rule = obtain_rule(builder, number);

    if (!rule)
        return -ENOMEM;
    if (entry->unread)
        diagnostic_error(builder->diagnostics, entry->place,
                         "the arguments of '%s' have no names here: call them a0 to a5",
                         entry->subject.name);
    if (entry->section == SECTION_DENY)
        return append_line(&rule->deny, &rule->deny_count, entry);
    rule->allowed |= !entry->conditional;
    return append_line(&rule->allow, &rule->allow_count, entry);
}

static int add_name(struct builder *builder, const struct entry *entry, const char *name,
                    bool optional)
{
    int number = rules_number(name);

    if (number >= 0)
        return add_number(builder, entry, number);
    /* another architecture's name is fine where a group has it, or it has others here */
    bool elsewhere = number == -ENOSYS && (entry->implied || spellings_known(name) ||
                                           entry->subject.kind == SUBJECT_GROUP);
    if (!optional && !elsewhere)
        report_unresolved(builder, entry, name, number);
    return 0;
}

/* Calls VISIT for the name of each member of the group GROUP. */
static int for_members(struct builder *builder, const char *group, const struct entry *entry,
                       int (*visit)(struct builder *builder, const struct entry *entry,
                                    const char *name, bool optional))
{
    const char *members = group_members((size_t)group_find(group));
    char name[NAME_MAX_BYTES];
    int error = 0;

    while (!error && *members != '\0') {
        bool optional = *members == '?';
        members += optional;
        const char *end = strchr(members, ' ');
        size_t length = end ? (size_t)(end - members) : strlen(members);
        if (length >= sizeof(name))
            return -EINVAL;
        memcpy(name, members, length);
        name[length] = '\0';
        error = visit(builder, entry, name, optional);
        members += length + (end != NULL);
    }
    return error;
}

static int add_entries(struct builder *builder)
{
    int error = 0;

    for (size_t i = 0; i < builder->whitelist->entry_count && !error; i++) {
        const struct entry *entry = &builder->whitelist->entries[i];
        if (entry->section == SECTION_ALLOW && entry->stage != builder->stage)
            continue;
        switch (entry->subject.kind) {
        case SUBJECT_NAME:
            error = add_name(builder, entry, entry->subject.name, entry->subject.optional);
            break;
        case SUBJECT_GROUP:
            error = for_members(builder, entry->subject.name, entry, add_name);
            break;
        case SUBJECT_NUMBER:
            error = add_number(builder, entry, entry->subject.number);
            break;
        }
    }
    return error;
}

static bool is_plain(const struct entry *entry)
{
    return !entry->conditional && !entry->implied && entry->subject.kind != SUBJECT_GROUP;
}

/* Reports the first pair of lines of one file that allow and deny the same without a condition. */
static void check_conflict(const struct builder *builder, const struct rule *rule)
{
    for (size_t i = 0; i < rule->allow_count; i++) {
        const struct entry *allow = rule->allow[i].entry;
        for (size_t k = 0; is_plain(allow) && k < rule->deny_count; k++) {
            const struct entry *deny = rule->deny[k].entry;
            if (!is_plain(deny) || strcmp(allow->place.file, deny->place.file) != 0)
                continue;
            bool deny_first = deny->place.line < allow->place.line;
            diagnostic_error(builder->diagnostics, deny_first ? allow->place : deny->place,
                             "'%s' is both allowed and denied without a condition",
                             deny->subject.name);
            diagnostic_note(builder->diagnostics, deny_first ? deny->place : allow->place,
                            "first listed here");
            return;
        }
    }
}

static void check(const struct builder *builder)
{
    const struct rules *rules = builder->rules;
    bool allows =
        rules->default_action.kind == ACTION_ALLOW || rules->default_action.kind == ACTION_LOG;

    for (size_t i = 0; i < rules->count; i++) {
        allows |= rules->rules[i].allow_count > 0;
        check_conflict(builder, &rules->rules[i]);
    }
    if (allows || builder->diagnostics->errors > 0)
        return;
    const struct whitelist *whitelist = builder->whitelist;
    if (builder->stage == 0)
        diagnostic_error(builder->diagnostics, (struct place){whitelist->name, 0},
                         "the whitelist allows nothing; list what the program may call in [allow]");
    else
        diagnostic_error(builder->diagnostics, whitelist->stages[builder->stage - 1].place,
                         "the stage allows nothing; list what the program may still call");
}

/* Without these nothing can end, return from a signal, or sleep across a stop. */
static int add_implicit(struct builder *builder)
{
    static const char NAMES[][16] = {"exit", "exit_group", "rt_sigreturn", "sigreturn",
                                     "restart_syscall"};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        /* sigreturn is not everywhere, and libseccomp's table, where it is not either, is large */
        int number = number_find(NAMES[i]);
        if (number < 0)
            continue;
        struct rule *rule = obtain_rule(builder, number);
        if (!rule)
            return -ENOMEM;
        rule->implicit = true;
    }
    return 0;
}

static bool has_condition(const struct builder *builder, const char *name)
{
    const struct rule *rule = find_rule(builder, rules_number(name));

    for (size_t i = 0; rule && i < rule->allow_count; i++) {
        if (rule->allow[i].entry->conditional)
            return true;
    }
    for (size_t i = 0; rule && i < rule->deny_count; i++) {
        if (rule->deny[i].entry->conditional)
            return true;
    }
    return false;
}

/* Whether a call that takes the arguments of an older one from memory would get around what is said
 * of that one. */
static bool evades_condition(const struct builder *builder, const char *name)
{
    if (strcmp(name, "clone3") == 0)
        return has_condition(builder, "clone");
    if (strcmp(name, "openat2") == 0)
        return has_condition(builder, "openat") || has_condition(builder, "open");
    return false;
}

/* A member of @fallback that no line speaks of gets ENOSYS. */
static int add_fallback(struct builder *builder, const struct entry *entry, const char *name,
                        bool optional)
{
    bool allows = builder->rules->default_action.kind == ACTION_ALLOW;
    int number = rules_number(name);

    (void)entry;
    (void)optional;
    if (number < 0 || find_rule(builder, number) || (allows && !evades_condition(builder, name)))
        return 0;
    struct rule *rule = obtain_rule(builder, number);
    if (!rule)
        return -ENOMEM;
    rule->fallback = true;
    return 0;
}

/* libseccomp adds rules of its own to these, for calls that are reached by them as well. Here lines
 * have been written for that, where it can be done; so they are kept apart from all others. */
static int add_multiplexers(struct builder *builder)
{
    for (size_t i = 0; multiplexer_number(i) >= 0; i++) {
        struct rule *rule = obtain_rule(builder, multiplexer_number(i));
        if (!rule)
            return -ENOMEM;
        rule->whole = true;
    }
    return 0;
}

int rules_build_stage(const struct whitelist *whitelist, unsigned stage,
                      struct diagnostics *diagnostics, struct rules *rules)
{
    struct builder builder = {.whitelist = whitelist,
                              .diagnostics = diagnostics,
                              .stage = stage,
                              .rules = rules,
                              .highest = -1};
    bool logs = whitelist->settings.default_action.kind == ACTION_LOG;

    *rules = (struct rules){.default_action = whitelist->settings.default_action};
    int error = add_entries(&builder);
    if (!error)
        error = add_implicit(&builder);
    if (!error && !logs)
        error = for_members(&builder, "fallback", NULL, add_fallback);
    if (!error)
        error = add_multiplexers(&builder);
    if (error)
        return error;
    sort(&builder);
    check(&builder);
    if (diagnostics->errors > 0)
        return -EINVAL;
    return multiplexer_check(whitelist, rules, diagnostics);
}

int rules_build(const struct whitelist *whitelist, struct diagnostics *diagnostics,
                struct rules *rules)
{
    return rules_build_stage(whitelist, 0, diagnostics, rules);
}
