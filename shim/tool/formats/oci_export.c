/* JSON as runc, crun, Docker, Podman and Kubernetes' localhost profiles read it. */
#include <json-c/json.h>
#include <seccomp.h>
#include <string.h>

#include "formats.h"
#include "oci_rules.h"

/* A group of rules that have one element of "syscalls". */
struct element {
    struct json_object *object; /* borrowed from the list */
    struct json_object *names;  /* borrowed from the object */
};

static const char *action_name(struct action action)
{
    switch (action.kind) {
    case ACTION_ALLOW:
        return "SCMP_ACT_ALLOW";
    case ACTION_LOG:
        return "SCMP_ACT_LOG";
    case ACTION_ERRNO:
        return "SCMP_ACT_ERRNO";
    case ACTION_TRAP:
        return "SCMP_ACT_TRAP";
    case ACTION_KILL:
        break;
    }
    return "SCMP_ACT_KILL_PROCESS";
}

static void add_string(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static struct element begin_element(struct json_object *list, struct action action)
{
    struct element element = {json_object_new_object(), json_object_new_array()};

    json_object_object_add(element.object, "names", element.names);
    add_string(element.object, "action", action_name(action));
    if (action.kind == ACTION_ERRNO)
        json_object_object_add(element.object, "errnoRet",
                               json_object_new_uint64((uint64_t)action.error));
    json_object_array_add(list, element.object);
    return element;
}

/* What is said whatever the arguments: an element for each action, with all its names. */
static void add_plain(struct json_object *list, const struct oci_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct oci_rule *rule = &rules->items[i];
        bool told = false;
        if (rule->count > 0)
            continue;
        for (size_t k = 0; k < i && !told; k++)
            told = rules->items[k].count == 0 &&
                   memcmp(&rules->items[k].action, &rule->action, sizeof(rule->action)) == 0;
        if (told)
            continue;
        struct element element = begin_element(list, rule->action);
        for (size_t k = i; k < rules->count; k++) {
            const struct oci_rule *other = &rules->items[k];
            if (other->count == 0 &&
                memcmp(&other->action, &rule->action, sizeof(rule->action)) == 0)
                json_object_array_add(element.names, json_object_new_string(other->name));
        }
    }
}

static struct json_object *arguments_of(const struct oci_rule *rule)
{
    struct json_object *list = json_object_new_array();

    for (unsigned i = 0; i < rule->count; i++) {
        const struct scmp_arg_cmp *comparison = &rule->comparisons[i];
        struct json_object *argument = json_object_new_object();
        json_object_object_add(argument, "index", json_object_new_uint64(comparison->arg));
        json_object_object_add(argument, "value", json_object_new_uint64(comparison->datum_a));
        if (comparison->op == SCMP_CMP_MASKED_EQ)
            json_object_object_add(argument, "valueTwo",
                                   json_object_new_uint64(comparison->datum_b));
        add_string(argument, "op", OCI_OPERATORS[comparison->op]);
        json_object_array_add(list, argument);
    }
    return list;
}

static void add_conditional(struct json_object *list, const struct oci_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct oci_rule *rule = &rules->items[i];
        if (rule->count == 0)
            continue;
        struct element element = begin_element(list, rule->action);
        json_object_array_add(element.names, json_object_new_string(rule->name));
        json_object_object_add(element.object, "args", arguments_of(rule));
    }
}

static struct json_object *profile_of(const struct policy *policy, const struct oci_rules *rules)
{
    struct json_object *profile = json_object_new_object();
    struct json_object *architectures = json_object_new_array();
    struct json_object *list = json_object_new_array();
    struct action action = policy->rules.default_action;

    add_string(profile, "defaultAction", action_name(action));
    if (action.kind == ACTION_ERRNO)
        json_object_object_add(profile, "defaultErrnoRet",
                               json_object_new_uint64((uint64_t)action.error));
    json_object_array_add(architectures, json_object_new_string(oci_architecture()));
    json_object_object_add(profile, "architectures", architectures);
    if (policy->whitelist.settings.audit) {
        struct json_object *flags = json_object_new_array();
        json_object_array_add(flags, json_object_new_string("SECCOMP_FILTER_FLAG_LOG"));
        json_object_object_add(profile, "flags", flags);
    }
    add_plain(list, rules);
    add_conditional(list, rules);
    json_object_object_add(profile, "syscalls", list);
    return profile;
}

/* What goes by another rule there. */
static void warn(const struct export_job *job)
{
    const struct settings *settings = &job->policy->whitelist.settings;

    formats_warn_early(job, "the container");
    if (!settings->no_new_privileges)
        diagnostic_warning(job->diagnostics, settings->no_new_privileges_place,
                           "'no-new-privileges' does not carry over: the container's "
                           "configuration says it");
}

int formats_export_oci(const struct export_job *job)
{
    struct oci_rules rules;
    int error = oci_rules_make(job->policy, job->diagnostics, &rules);

    if (!error)
        error = oci_rules_try(job->policy, &rules, job->diagnostics);
    if (!error) {
        struct json_object *profile = profile_of(job->policy, &rules);
        warn(job);
        fputs(json_object_to_json_string_ext(profile,
                                             JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED),
              job->output);
        fputc('\n', job->output);
        json_object_put(profile);
    }
    oci_rules_release(&rules);
    return error;
}
