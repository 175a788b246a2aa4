#include "oci_import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/constants.h"
#include "../call.h"
#include "../tool.h"
#include "formats.h"
#include "oci_rules.h"
#include "whole.h"

enum { BYTES_MAX = 16 << 20, ERRNO_MAX = 4094 };

__attribute__((format(printf, 2, 3))) static void report(const struct draft *draft,
                                                         const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    diagnostic_error(draft->diagnostics, (struct place){draft->file, 0}, "%s", text);
}

/* The errno of an action: a number, or its name where the profile has one, or EPERM. */
static bool find_errno(const struct draft *draft, struct json_object *object, const char *number,
                       const char *name, unsigned *error)
{
    struct json_object *value = json_object_object_get(object, number);
    const char *word = json_object_get_string(json_object_object_get(object, name));
    int64_t wanted = EPERM;

    if (value)
        wanted = json_object_get_int64(value);
    else if (word && *word != '\0')
        wanted = constant_errno(word);
    *error = (unsigned)wanted;
    if (wanted >= 1 && wanted <= ERRNO_MAX)
        return true;
    report(draft, "the errno '%s' can't be given: errors go from 1 to 4094",
           value ? json_object_get_string(value) : word);
    return false;
}

/* Reports an action that a whitelist has not. */
static bool find_action(const struct draft *draft, struct json_object *object, const char *key,
                        bool as_default, struct action *action)
{
    const char *name = json_object_get_string(json_object_object_get(object, key));

    *action = (struct action){.kind = ACTION_KILL};
    if (!name) {
        report(draft, "'%s' is missing", key);
        return false;
    }
    if (strcmp(name, "SCMP_ACT_ALLOW") == 0) {
        action->kind = ACTION_ALLOW;
    } else if (strcmp(name, "SCMP_ACT_ERRNO") == 0) {
        action->kind = ACTION_ERRNO;
        return find_errno(draft, object, as_default ? "defaultErrnoRet" : "errnoRet",
                          as_default ? "defaultErrno" : "errno", &action->error);
    } else if (strcmp(name, "SCMP_ACT_TRAP") == 0) {
        action->kind = ACTION_TRAP;
    } else if (strcmp(name, "SCMP_ACT_LOG") == 0) {
        action->kind = ACTION_LOG;
    } else if (strcmp(name, "SCMP_ACT_KILL") == 0 || strcmp(name, "SCMP_ACT_KILL_THREAD") == 0) {
        diagnostic_warning(draft->diagnostics, (struct place){draft->file, 0},
                           "%s kills one thread; here it is the process", name);
    } else if (strcmp(name, "SCMP_ACT_KILL_PROCESS") != 0) {
        report(draft, "the action '%s' is none that a whitelist has", name);
        return false;
    }
    return true;
}

static enum scmp_compare find_operator(const char *name)
{
    for (unsigned i = 0; name && i < _SCMP_CMP_MAX; i++) {
        if (OCI_OPERATORS[i] && strcmp(OCI_OPERATORS[i], name) == 0)
            return (enum scmp_compare)i;
    }
    return _SCMP_CMP_MIN;
}

/* Fills COMPARISONS; returns their number, or -EINVAL after reporting a mistake. */
static int read_arguments(const struct oci_element *element,
                          struct scmp_arg_cmp comparisons[DRAFT_ARGUMENTS])
{
    struct json_object *list = json_object_object_get(element->object, "args");
    size_t count = oci_length(list);
    struct place place = {element->draft->file, 0};

    for (size_t i = 0; i < count && count <= DRAFT_ARGUMENTS; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const char *comparator = json_object_get_string(json_object_object_get(one, "op"));
        int64_t index = json_object_get_int64(json_object_object_get(one, "index"));
        comparisons[i] =
            (struct scmp_arg_cmp){(unsigned)index, find_operator(comparator),
                                  json_object_get_uint64(json_object_object_get(one, "value")),
                                  json_object_get_uint64(json_object_object_get(one, "valueTwo"))};
        if (index >= 0 && index < DRAFT_ARGUMENTS && comparisons[i].op != _SCMP_CMP_MIN)
            continue;
        diagnostic_error(
            element->draft->diagnostics, place, "syscalls[%lu] ('%s'): args[%lu] is no comparison",
            (unsigned long)element->index, oci_element_name(element), (unsigned long)i);
        return -EINVAL;
    }
    if (count <= DRAFT_ARGUMENTS)
        return (int)count;
    diagnostic_error(element->draft->diagnostics, place,
                     "syscalls[%lu] ('%s'): more than %d comparisons",
                     (unsigned long)element->index, oci_element_name(element), DRAFT_ARGUMENTS);
    return -EINVAL;
}

/* Of two comparisons of one argument the engines make two rules. */
static bool is_alternative(const struct scmp_arg_cmp *comparisons, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < i; k++) {
            if (comparisons[i].arg == comparisons[k].arg)
                return true;
        }
    }
    return false;
}

static int add_name(const struct oci_element *element, const char *name, struct action action,
                    const struct scmp_arg_cmp *comparisons, unsigned count)
{
    struct draft *draft = element->draft;
    int number = call_number(name);
    int error = 0;

    if (number < 0 && seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
        diagnostic_warning(draft->diagnostics, (struct place){draft->file, 0},
                           "the system call '%s' is unknown, and left out", name);
    /* another architecture's, or newer than this build: no rule, as in the engines */
    if (number < 0 || (*name >= '0' && *name <= '9'))
        return 0;
    if (count == 0)
        return draft_plain(draft, number, name, action);
    if (!is_alternative(comparisons, count))
        return draft_conditional(draft, number, name, action, comparisons, count);
    for (unsigned i = 0; i < count && !error; i++)
        error = draft_conditional(draft, number, name, action, &comparisons[i], 1);
    return error;
}

static int add_element(const struct oci_element *element)
{
    struct json_object *names = json_object_object_get(element->object, "names");
    struct scmp_arg_cmp comparisons[DRAFT_ARGUMENTS];
    struct action action;
    int error = 0;

    if (!oci_element_holds(element))
        return 0;
    if (!find_action(element->draft, element->object, "action", false, &action))
        return -EINVAL;
    if (action_equals(action, element->draft->default_action))
        return 0; /* the engines skip it */
    if (action.kind == ACTION_LOG) {
        report(element->draft, "'%s' is to be allowed and logged: only a default can be that",
               oci_element_name(element));
        return -EINVAL;
    }
    int count = read_arguments(element, comparisons);
    if (count < 0)
        return count;
    if (!json_object_is_type(names, json_type_array))
        return add_name(element, oci_element_name(element), action, comparisons, (unsigned)count);
    for (size_t i = 0; i < json_object_array_length(names) && !error; i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));
        error = add_name(element, name ? name : "", action, comparisons, (unsigned)count);
    }
    return error;
}

/* Other architectures' calls are killed here, whatever the profile says of them. */
static void warn_architectures(const struct draft *draft, struct json_object *profile)
{
    static const char *const FOREIGN[] = {"SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM"};
    struct json_object *map = json_object_object_get(profile, "archMap");
    struct json_object *list = json_object_object_get(profile, "architectures");

    for (size_t i = 0; i < oci_length(map); i++) {
        struct json_object *one = json_object_array_get_idx(map, i);
        const char *name = json_object_get_string(json_object_object_get(one, "architecture"));
        if (name && strcmp(name, oci_architecture()) == 0)
            list = json_object_object_get(one, "subArchitectures");
    }
    for (size_t i = 0; i < sizeof(FOREIGN) / sizeof(FOREIGN[0]); i++) {
        if (oci_has(list, FOREIGN[i]))
            diagnostic_warning(draft->diagnostics, (struct place){draft->file, 0},
                               "the profile is for %s too; here its calls are killed", FOREIGN[i]);
    }
}

static int add_profile(struct draft *draft, const struct import *import,
                       struct json_object *profile)
{
    struct json_object *list = json_object_object_get(profile, "syscalls");
    struct oci_element element = {draft, import->capabilities, NULL, 0};
    int error = 0;

    if (!find_action(draft, profile, "defaultAction", true, &draft->default_action))
        return -EINVAL;
    draft->audit = oci_has(json_object_object_get(profile, "flags"), "SECCOMP_FILTER_FLAG_LOG");
    warn_architectures(draft, profile);
    size_t count = oci_length(list);
    for (; element.index < count && error != -ENOMEM; element.index++) {
        element.object = json_object_array_get_idx(list, element.index);
        int failed = add_element(&element);
        error = error ? error : failed;
    }
    return error;
}

/* The profile within a runtime's config.json, or OBJECT itself. */
static struct json_object *find_profile(struct json_object *object)
{
    struct json_object *linux_part = json_object_object_get(object, "linux");
    struct json_object *profile = json_object_object_get(linux_part, "seccomp");

    return profile ? profile : object;
}

static int read_profile(struct draft *draft, void *context, const char *text, size_t length)
{
    struct json_tokener *tokener = json_tokener_new();

    if (!tokener)
        return -ENOMEM;
    struct json_object *object =
        json_tokener_parse_ex(tokener, text, (int)(length < BYTES_MAX ? length : BYTES_MAX));
    enum json_tokener_error failed = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    if (failed != json_tokener_success || !json_object_is_type(object, json_type_object)) {
        report(draft, "it is not JSON: %s",
               failed == json_tokener_success ? "no object" : json_tokener_error_desc(failed));
        json_object_put(object);
        return -EINVAL;
    }
    int error = add_profile(draft, context, find_profile(object));
    json_object_put(object);
    return error;
}

int oci_import(const struct import *import)
{
    return whole_import(import, "an OCI profile", read_profile, (void *)(uintptr_t)import);
}
