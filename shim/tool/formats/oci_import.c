#include "oci_import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/constants.h"
#include "../call.h"
#include "../tool.h"
#include "json_text.h"
#include "oci_rules.h"
#include "oci_shape.h"
#include "whole.h"

enum { ERRNO_MAX = 4094 };

/* About OBJECT of the profile. */
__attribute__((format(printf, 3, 4))) static void
report(const struct draft *draft, struct json_object *object, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    diagnostic_error(draft->diagnostics, oci_place(draft->file, object), "%s", text);
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
    report(draft, value ? value : json_object_object_get(object, name),
           "the errno '%s' can't be given: errors go from 1 to 4094",
           value ? json_object_get_string(value) : word);
    return false;
}

/* What becomes of an action that a whitelist has not: as near to it as it goes. */
struct substitute {
    const char *name;
    struct action action;
    const char *said;
};

static const struct substitute *find_substitute(const char *name)
{
    static const struct substitute SUBSTITUTES[] = {
        {"SCMP_ACT_KILL", {.kind = ACTION_KILL}, "kills one thread; here it is the process"},
        {"SCMP_ACT_KILL_THREAD", {.kind = ACTION_KILL}, "kills one thread; here it is the process"},
        {"SCMP_ACT_NOTIFY",
         {.kind = ACTION_ERRNO, .error = ENOSYS},
         "asks a supervisor; here the call fails with ENOSYS, as it does without one"},
        {"SCMP_ACT_TRACE",
         {.kind = ACTION_ERRNO, .error = ENOSYS},
         "asks a tracer; here the call fails with ENOSYS, as it does without one"},
    };

    for (size_t i = 0; i < sizeof(SUBSTITUTES) / sizeof(SUBSTITUTES[0]); i++) {
        if (strcmp(SUBSTITUTES[i].name, name) == 0)
            return &SUBSTITUTES[i];
    }
    return NULL;
}

/* The action of the whole profile, or of an element of it. Reports one that a whitelist has not. */
static bool find_action(const struct draft *draft, struct json_object *object, bool as_default,
                        struct action *action)
{
    const char *key = as_default ? "defaultAction" : "action";
    struct json_object *value = json_object_object_get(object, key);
    const char *name = value ? json_object_get_string(value) : "";
    const struct substitute *substitute = find_substitute(name);

    *action = (struct action){.kind = ACTION_KILL};
    if (*name == '\0') {
        report(draft, object, "'%s' is missing", key);
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
    } else if (substitute && !(as_default && strcmp(name, "SCMP_ACT_NOTIFY") == 0)) {
        *action = substitute->action;
        diagnostic_warning(draft->diagnostics, oci_place(draft->file, value), "%s %s", name,
                           substitute->said);
    } else if (strcmp(name, "SCMP_ACT_KILL_PROCESS") != 0) {
        report(draft, value, "the action '%s' is none that a %s has", name,
               as_default ? "default" : "whitelist");
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

/* Whether the engines can take ONE, args[PLACE], for a comparison. Reports why not. */
static bool read_argument(const struct oci_element *element, struct json_object *one, size_t place,
                          struct scmp_arg_cmp *comparison)
{
    struct draft *draft = element->draft;
    const char *comparator = json_object_get_string(json_object_object_get(one, "op"));
    uint64_t index = json_object_get_uint64(json_object_object_get(one, "index"));

    if (!oci_shape_check(one, OCI_ARGUMENT, "a comparison", draft->file, draft->diagnostics))
        return false;
    *comparison =
        (struct scmp_arg_cmp){(unsigned)index, find_operator(comparator),
                              json_object_get_uint64(json_object_object_get(one, "value")),
                              json_object_get_uint64(json_object_object_get(one, "valueTwo"))};
    if (index < DRAFT_ARGUMENTS && comparison->op != _SCMP_CMP_MIN)
        return true;
    report(draft, one, "syscalls[%zu] ('%.64s'): args[%zu] is no comparison", element->index,
           oci_element_name(element), place);
    return false;
}

/* Fills COMPARISONS; returns their number, or -EINVAL after reporting a mistake. */
static int read_arguments(const struct oci_element *element,
                          struct scmp_arg_cmp comparisons[DRAFT_ARGUMENTS])
{
    struct json_object *list = json_object_object_get(element->object, "args");
    size_t count = oci_length(list);

    if (count > DRAFT_ARGUMENTS) {
        report(element->draft, list, "syscalls[%zu] ('%.64s'): more than %d comparisons",
               element->index, oci_element_name(element), DRAFT_ARGUMENTS);
        return -EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_argument(element, json_object_array_get_idx(list, i), i, &comparisons[i]))
            return -EINVAL;
    }
    return (int)count;
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

/* How an element's calls are taken. */
struct taken {
    struct action action;
    struct scmp_arg_cmp comparisons[DRAFT_ARGUMENTS];
    unsigned count;
};

static int add_name(const struct oci_element *element, struct json_object *object,
                    const struct taken *taken)
{
    struct draft *draft = element->draft;
    const char *name = json_object_get_string(object);
    int number = call_number(name);
    int error = 0;

    if (number < 0 && rules_number(name) == -ENOENT)
        diagnostic_warning(draft->diagnostics, oci_place(draft->file, object),
                           "the system call '%.64s' is unknown, and left out", name);
    /* another architecture's, or newer than this build: no rule, as in the engines */
    if (number < 0 || number >= CALL_NUMBERS || (*name >= '0' && *name <= '9'))
        return 0;
    draft->line = json_text_line(object);
    if (taken->count == 0)
        return draft_plain(draft, number, name, taken->action);
    if (!is_alternative(taken->comparisons, taken->count))
        return draft_conditional(draft, number, name, taken->action, taken->comparisons,
                                 taken->count);
    for (unsigned i = 0; i < taken->count && !error; i++)
        error = draft_conditional(draft, number, name, taken->action, &taken->comparisons[i], 1);
    return error;
}

static int add_names(const struct oci_element *element, const struct taken *taken)
{
    struct json_object *names = json_object_object_get(element->object, "names");
    struct json_object *name = json_object_object_get(element->object, "name");
    int error = 0;

    for (size_t i = 0; i < oci_length(names) && !error; i++)
        error = add_name(element, json_object_array_get_idx(names, i), taken);
    if (oci_length(names) == 0 && name)
        error = add_name(element, name, taken);
    else if (oci_length(names) == 0)
        diagnostic_warning(element->draft->diagnostics,
                           oci_place(element->draft->file, element->object),
                           "syscalls[%lu] names no system call", (unsigned long)element->index);
    return error;
}

/* Whether all of ELEMENT is what it has to be. */
static bool check_element(const struct oci_element *element)
{
    struct draft *draft = element->draft;
    struct json_object *object = element->object;

    return oci_shape_check(object, OCI_ELEMENT, "an element of 'syscalls'", draft->file,
                           draft->diagnostics) &&
           oci_shape_check(json_object_object_get(object, "includes"), OCI_CONDITION, "'includes'",
                           draft->file, draft->diagnostics) &&
           oci_shape_check(json_object_object_get(object, "excludes"), OCI_CONDITION, "'excludes'",
                           draft->file, draft->diagnostics);
}

static int add_element(const struct oci_element *element)
{
    struct draft *draft = element->draft;
    struct taken taken = {.count = 0};

    if (!check_element(element))
        return -EINVAL;
    if (!oci_element_holds(element))
        return 0;
    if (!find_action(draft, element->object, false, &taken.action))
        return -EINVAL;
    int count = read_arguments(element, taken.comparisons);
    if (count < 0)
        return count;
    taken.count = (unsigned)count;
    if (action_equals(taken.action, draft->default_action))
        return 0; /* the engines skip it */
    if (taken.action.kind == ACTION_LOG) {
        diagnostic_warning(draft->diagnostics, oci_place(draft->file, element->object),
                           "'%.64s' is allowed and logged; here it is allowed, and not logged: "
                           "only a default can be 'log'",
                           oci_element_name(element));
        taken.action.kind = ACTION_ALLOW;
    }
    return add_names(element, &taken);
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
            diagnostic_warning(draft->diagnostics, oci_place(draft->file, list),
                               "the profile is for %s too; here its calls are killed", FOREIGN[i]);
    }
}

/* Whether all of PROFILE but its elements is what it has to be. */
static bool check_profile(const struct draft *draft, struct json_object *profile)
{
    bool good = oci_shape_check(profile, OCI_PROFILE, "a profile", draft->file, draft->diagnostics);
    struct json_object *map = good ? json_object_object_get(profile, "archMap") : NULL;

    for (size_t i = 0; i < oci_length(map); i++)
        good &= oci_shape_check(json_object_array_get_idx(map, i), OCI_MAP,
                                "an element of 'archMap'", draft->file, draft->diagnostics);
    return good;
}

static int add_profile(struct draft *draft, const struct import *import,
                       struct json_object *profile)
{
    struct json_object *list = json_object_object_get(profile, "syscalls");
    struct oci_element element = {draft, import->capabilities, NULL, 0};
    int error = 0;

    if (!check_profile(draft, profile) ||
        !find_action(draft, profile, true, &draft->default_action))
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

/* The profile within a runtime's config.json, or in an object of Kubernetes' operator for such, or
 * OBJECT itself. NULL after reporting that there is none. */
static struct json_object *find_profile(const struct draft *draft, struct json_object *object)
{
    struct json_object *machine = json_object_object_get(object, "linux");
    struct json_object *profile = object;
    const char *missing = NULL;

    if (json_object_object_get(object, "ociVersion") || machine) {
        profile = json_object_is_type(machine, json_type_object)
                      ? json_object_object_get(machine, "seccomp")
                      : NULL;
        missing = "it is a runtime's configuration, and has no object 'linux.seccomp'";
    } else if (json_object_object_get(object, "apiVersion")) {
        profile = json_object_object_get(object, "spec");
        missing = "it is an object of Kubernetes, and has no object 'spec'";
    }
    if (json_object_is_type(profile, json_type_object))
        return profile;
    report(draft, object, "%s", missing);
    return NULL;
}

static int read_profile(struct draft *draft, void *context, const char *text, size_t length)
{
    struct json_object *object = NULL;
    struct json_fault fault;
    int error = json_text_parse(text, length, &object, &fault);

    if (error == -EINVAL)
        diagnostic_error(draft->diagnostics, (struct place){draft->file, fault.line}, "%s",
                         fault.text);
    if (error)
        return error;
    if (json_object_is_type(object, json_type_object)) {
        struct json_object *profile = find_profile(draft, object);
        error = profile ? add_profile(draft, context, profile) : -EINVAL;
    } else {
        error = -EINVAL;
        diagnostic_error(draft->diagnostics, (struct place){draft->file, 1},
                         "a profile is an object, and this is %s", json_text_kind(object));
    }
    json_object_put(object);
    return error;
}

int oci_import(const struct import *import)
{
    return whole_import(import, "an OCI profile", read_profile, (void *)(uintptr_t)import);
}
