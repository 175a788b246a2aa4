#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../config/groups.h"
#include "../config/suggest.h"
#include "rules.h"

enum { NAME_MAX_BYTES = 64 };

struct builder {
    const struct whitelist *whitelist;
    struct diagnostics *diagnostics;
    struct rules *rules;
    unsigned stage; /* 0: [allow]; N: the whitelist's stages[N - 1] */
};

/* The number of a system call of this architecture; -ENOENT if there is no such name; -ENOSYS if
 * another architecture has it: libseccomp gives those negative numbers of its own, rules for which
 * "succeed" and do nothing. */
static int resolve(const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number >= 0)
        return number;
    const struct prototype *prototype = prototype_find(name);
    if (prototype && prototype->number >= 0)
        return prototype->number;
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

/* The rule for NUMBER, made where there is none; NULL if there is no memory. */
static struct rule *obtain_rule(struct rules *rules, int number)
{
    size_t at = rules->count;

    while (at > 0 && rules->rules[at - 1].number >= number)
        at--;
    if (at < rules->count && rules->rules[at].number == number)
        return &rules->rules[at];
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity ? 2 * rules->capacity : 64;
        struct rule *grown = realloc(rules->rules, capacity * sizeof(*grown));
        if (!grown)
            return NULL;
        rules->rules = grown;
        rules->capacity = capacity;
    }
    memmove(&rules->rules[at + 1], &rules->rules[at], (rules->count - at) * sizeof(*rules->rules));
    rules->count++;
    rules->rules[at] = (struct rule){.number = number};
    return &rules->rules[at];
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
    struct rule *rule = obtain_rule(builder->rules, number);

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
    int number = resolve(name);

    if (number >= 0)
        return add_number(builder, entry, number);
    if (!optional)
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
    return !entry->conditional && entry->subject.kind != SUBJECT_GROUP;
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
static int add_implicit(struct rules *rules)
{
    static const char NAMES[][16] = {"exit", "exit_group", "rt_sigreturn", "restart_syscall"};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct rule *rule = obtain_rule(rules, seccomp_syscall_resolve_name(NAMES[i]));
        if (!rule)
            return -ENOMEM;
        rule->implicit = true;
    }
    return 0;
}

static bool has_condition(const struct rules *rules, const char *name)
{
    const struct rule *rule = rules_find(rules, resolve(name));

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
static bool evades_condition(const struct rules *rules, const char *name)
{
    if (strcmp(name, "clone3") == 0)
        return has_condition(rules, "clone");
    if (strcmp(name, "openat2") == 0)
        return has_condition(rules, "openat") || has_condition(rules, "open");
    return false;
}

/* A member of @fallback that no line speaks of gets ENOSYS. */
static int add_fallback(struct builder *builder, const struct entry *entry, const char *name,
                        bool optional)
{
    struct rules *rules = builder->rules;
    int number = resolve(name);

    (void)entry;
    (void)optional;
    if (number < 0 || rules_find(rules, number) ||
        (rules->default_action.kind == ACTION_ALLOW && !evades_condition(rules, name)))
        return 0;
    struct rule *rule = obtain_rule(rules, number);
    if (!rule)
        return -ENOMEM;
    rule->fallback = true;
    return 0;
}

int rules_build_stage(const struct whitelist *whitelist, unsigned stage,
                      struct diagnostics *diagnostics, struct rules *rules)
{
    struct builder builder = {whitelist, diagnostics, rules, stage};
    bool logs = whitelist->settings.default_action.kind == ACTION_LOG;

    *rules = (struct rules){
        .default_action = whitelist->settings.default_action,
        .foreign_action = {.kind = logs ? ACTION_LOG : ACTION_KILL},
    };
    int error = add_entries(&builder);
    if (error)
        return error;
    check(&builder);
    if (diagnostics->errors > 0)
        return -EINVAL;
    error = add_implicit(rules);
    if (!error && !logs)
        error = for_members(&builder, "fallback", NULL, add_fallback);
    return error;
}

int rules_build(const struct whitelist *whitelist, struct diagnostics *diagnostics,
                struct rules *rules)
{
    return rules_build_stage(whitelist, 0, diagnostics, rules);
}
