#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/groups.h"
#include "../../config/lines.h"
#include "../../config/numbers.h"
#include "call.h"
#include "explain.h"
#include "json.h"

/* Something that is done with each line that counts: ENTRY speaks of NAME. */
struct visitor {
    void (*visit)(void *context, const struct entry *entry, const char *name);
    void *context;
    const struct policy *policy;
    bool *seen; /* by the rule's position: an unconditional line has been visited */
    enum section section;
    unsigned stage; /* whose lines; 0: none's */
};

static bool is_denied(const struct rule *rule)
{
    for (size_t i = 0; i < rule->deny_count; i++) {
        if (!rule->deny[i].entry->conditional)
            return true;
    }
    return false;
}

static void visit_name(struct visitor *visitor, const struct entry *entry, const char *name)
{
    const struct rules *rules = policy_rules(visitor->policy, visitor->stage);
    int number = call_number(name);
    const struct rule *rule = number >= 0 ? rules_find(rules, number) : NULL;

    if (!rule || visitor->seen[rule - rules->rules])
        return;
    if (entry->section == SECTION_ALLOW &&
        (is_denied(rule) || (entry->conditional && rule->allowed)))
        return;
    visitor->seen[rule - rules->rules] = !entry->conditional;
    visitor->visit(visitor->context, entry, name);
}

/* Calls VISIT for each NAME of MEMBERS, as groups have them. */
static void visit_members(struct visitor *visitor, const struct entry *entry, const char *members)
{
    char name[CALL_NAME_MAX];

    while ((members = call_next(members, name)))
        visit_name(visitor, entry, name);
}

/* The lines of one section that count, one a system call, in the order of the whitelist. */
static void visit_section(struct visitor *visitor)
{
    const struct whitelist *whitelist = &visitor->policy->whitelist;

    visitor->seen =
        calloc(policy_rules(visitor->policy, visitor->stage)->count + 1, sizeof(*visitor->seen));
    for (size_t i = 0; visitor->seen && i < whitelist->entry_count; i++) {
        const struct entry *entry = &whitelist->entries[i];
        if (entry->section != visitor->section || entry->stage != visitor->stage)
            continue;
        if (entry->subject.kind == SUBJECT_GROUP)
            visit_members(visitor, entry, group_members((size_t)group_find(entry->subject.name)));
        else
            visit_name(visitor, entry, entry->subject.name);
    }
    free(visitor->seen);
}

/* "LINE  ; ORIGIN", or the comment above where the two would be too long for a line. */
static void print_line(const char *line, const char *origin)
{
    if (strlen(line) + strlen(origin) + 40 > LINE_BYTES_MAX)
        printf("; %s\n%s\n", origin, line);
    else
        printf("%-35s ; %s\n", line, origin);
}

static void print_setting(const char *key, const char *value, struct place place)
{
    char line[CALL_TEXT_MAX], origin[CALL_TEXT_MAX];

    snprintf(line, sizeof(line), "%s = %s", key, value);
    print_line(line, explain_place(place, origin, sizeof(origin)));
}

static void print_settings(const struct settings *settings)
{
    char action[CALL_ACTION_MAX];

    puts("[filter]");
    print_setting("default", action_text(settings->default_action, action),
                  settings->default_place);
    print_setting("audit", settings->audit ? "yes" : "no", settings->audit_place);
    print_setting("children", settings->children == CHILDREN_RELOAD ? "reload" : "inherit",
                  settings->children_place);
    print_setting("no-new-privileges", settings->no_new_privileges ? "yes" : "no",
                  settings->no_new_privileges_place);
    if (settings->program_count == 0)
        return;
    char origin[CALL_TEXT_MAX];
    printf("; %s\nprogram =", explain_place(settings->program_place, origin, sizeof(origin)));
    for (size_t i = 0; i < settings->program_count; i++)
        printf(" %s", settings->programs[i]);
    putchar('\n');
}

static void print_entry(void *context, const struct entry *entry, const char *name)
{
    char line[CALL_TEXT_MAX], origin[CALL_TEXT_MAX], place[CALL_TEXT_MAX];

    (void)context;
    explain_place(entry->place, place, sizeof(place));
    if (entry->subject.kind == SUBJECT_GROUP)
        snprintf(origin, sizeof(origin), "%.400s, by @%.60s", place, entry->subject.name);
    else
        snprintf(origin, sizeof(origin), "%s", place);
    print_line(entry_text(entry, name, line), origin);
}

/* What no line says, as comments. */
static void print_unlisted(const struct rules *rules)
{
    char name[CALL_NAME_MAX];

    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];
        if (rule->implicit && rule->allow_count == 0 && !is_denied(rule))
            printf("; %s: allowed, every program needs it\n", call_name(rule->number, name));
        if (rule->fallback)
            printf("; %s: ENOSYS, programs do without it (@fallback)\n",
                   call_name(rule->number, name));
    }
}

/* What lines that name calls don't change. */
static void print_rest(void)
{
    printf("; %d and higher, if not listed: ENOSYS, newer than this portcullis\n",
           number_highest() + 1);
    puts("; of other architectures: kill");
}

static void print_stage(const struct policy *policy, unsigned number)
{
    const struct stage *stage = &policy->whitelist.stages[number - 1];
    struct visitor visitor = {
        .visit = print_entry, .policy = policy, .section = SECTION_ALLOW, .stage = number};
    char line[CALL_TEXT_MAX], place[CALL_TEXT_MAX];

    snprintf(line, sizeof(line), "[stage %s]", stage->name);
    putchar('\n');
    print_line(line, explain_place(stage->place, place, sizeof(place)));
    print_setting("when", stage_functions(stage, " ", line), stage->when_place);
    visit_section(&visitor);
    print_unlisted(policy_rules(policy, number));
}

static void print_policy(const struct policy *policy)
{
    struct visitor visitor = {.visit = print_entry, .policy = policy, .section = SECTION_ALLOW};

    print_settings(&policy->whitelist.settings);
    puts("\n[allow]");
    visit_section(&visitor);
    print_unlisted(&policy->rules);
    print_rest();
    for (unsigned i = 1; i <= policy->whitelist.stage_count; i++)
        print_stage(policy, i);
    puts("\n[deny]");
    visitor.section = SECTION_DENY;
    visit_section(&visitor);
}

/* What append_entry() is given. */
struct list {
    const struct whitelist *whitelist;
    struct json_object *array;
};

static void append_entry(void *context, const struct entry *entry, const char *name)
{
    const struct list *list = context;
    struct json_object *object = json_entry(list->whitelist, entry, name);

    json_object_object_add(object, "syscall", json_object_new_string(name));
    json_object_array_add(list->array, object);
}

static struct json_object *json_section(const struct policy *policy, enum section section,
                                        unsigned stage)
{
    struct json_object *array = json_object_new_array();
    struct list list = {&policy->whitelist, array};
    struct visitor visitor = {append_entry, &list, policy, NULL, section, stage};

    visit_section(&visitor);
    return array;
}

static struct json_object *json_settings(const struct settings *settings)
{
    char action[CALL_ACTION_MAX];
    struct json_object *object = json_object_new_object();
    struct json_object *programs = json_object_new_array();

    json_add_string(object, "default", action_text(settings->default_action, action));
    json_object_object_add(object, "audit", json_object_new_boolean(settings->audit));
    json_add_string(object, "children",
                    settings->children == CHILDREN_RELOAD ? "reload" : "inherit");
    json_object_object_add(object, "no-new-privileges",
                           json_object_new_boolean(settings->no_new_privileges));
    for (size_t i = 0; i < settings->program_count; i++)
        json_object_array_add(programs, json_object_new_string(settings->programs[i]));
    json_object_object_add(object, "program", programs);
    return object;
}

static struct json_object *json_unlisted(const struct rules *rules, bool fallback)
{
    struct json_object *array = json_object_new_array();
    char name[CALL_NAME_MAX];

    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];
        if (fallback ? rule->fallback
                     : rule->implicit && rule->allow_count == 0 && !is_denied(rule))
            json_object_array_add(array, json_object_new_string(call_name(rule->number, name)));
    }
    return array;
}

static struct json_object *json_stages(const struct policy *policy)
{
    struct json_object *array = json_object_new_array();

    for (unsigned i = 1; i <= policy->whitelist.stage_count; i++) {
        const struct stage *stage = &policy->whitelist.stages[i - 1];
        struct json_object *object = json_object_new_object();
        json_add_string(object, "name", stage->name);
        json_add_string(object, "file", stage->place.file);
        json_add_number(object, "line", stage->place.line);
        json_object_object_add(object, "when", json_functions(stage));
        json_object_object_add(object, "allow", json_section(policy, SECTION_ALLOW, i));
        json_object_object_add(object, "implicit", json_unlisted(policy_rules(policy, i), false));
        json_object_object_add(object, "fallback", json_unlisted(policy_rules(policy, i), true));
        json_object_array_add(array, object);
    }
    return array;
}

void explain_policy(const struct policy *policy, bool json)
{
    if (!json) {
        print_policy(policy);
        return;
    }
    struct json_object *object = json_object_new_object();
    json_add_string(object, "file", policy->whitelist.name);
    json_object_object_add(object, "filter", json_settings(&policy->whitelist.settings));
    json_object_object_add(object, "allow", json_section(policy, SECTION_ALLOW, 0));
    json_object_object_add(object, "deny", json_section(policy, SECTION_DENY, 0));
    json_object_object_add(object, "implicit", json_unlisted(&policy->rules, false));
    json_object_object_add(object, "fallback", json_unlisted(&policy->rules, true));
    json_add_number(object, "newer", (uint64_t)number_highest() + 1);
    if (policy->whitelist.stage_count > 0)
        json_object_object_add(object, "stages", json_stages(policy));
    json_print(object);
}
