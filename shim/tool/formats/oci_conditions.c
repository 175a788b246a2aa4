/* includes and excludes: what of a profile holds. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "oci_import.h"
#include "oci_shape.h"

/* What engines call this architecture: as Go does. */
#if defined(__x86_64__)
static const char ARCHITECTURE[] = "amd64";
#else
static const char ARCHITECTURE[] = "arm64";
#endif

size_t oci_length(struct json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static const char *word_at(struct json_object *list, size_t index)
{
    const char *word = json_object_get_string(json_object_array_get_idx(list, index));

    return word ? word : "";
}

bool oci_has(struct json_object *list, const char *word)
{
    for (size_t i = 0; i < oci_length(list); i++) {
        if (strcmp(word_at(list, i), word) == 0)
            return true;
    }
    return false;
}

static bool is_given(const struct import_capabilities *capabilities, const char *name)
{
    for (size_t i = 0; i < capabilities->count; i++) {
        if (strcmp(capabilities->names[i], name) == 0)
            return true;
    }
    return false;
}

/* Whether the running kernel is VERSION, "4.8", or newer. */
static bool is_kernel(const char *version)
{
    struct utsname system;
    char *end;
    char *own_end;

    if (uname(&system) != 0)
        return false;
    long major = strtol(version, &end, 10);
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    long own_major = strtol(system.release, &own_end, 10);
    long own_minor = *own_end == '.' ? strtol(own_end + 1, NULL, 10) : 0;
    return own_major > major || (own_major == major && own_minor >= minor);
}

const char *oci_element_name(const struct oci_element *element)
{
    struct json_object *names = json_object_object_get(element->object, "names");
    const char *name = json_object_get_string(json_object_object_get(element->object, "name"));

    if (oci_length(names) > 0)
        return word_at(names, 0);
    return name ? name : "";
}

static void tell(const struct oci_element *element, const char *capability, const char *what)
{
    diagnostic_warning(
        element->draft->diagnostics, oci_place(element->draft->file, element->object),
        "syscalls[%lu] ('%s'%s) %s %s", (unsigned long)element->index, oci_element_name(element),
        oci_length(json_object_object_get(element->object, "names")) > 1 ? " ..." : "", what,
        capability);
}

/* An element for those that have capabilities, all of them. */
static bool meets_includes(const struct oci_element *element, struct json_object *includes)
{
    struct json_object *caps = json_object_object_get(includes, "caps");
    struct json_object *arches = json_object_object_get(includes, "arches");
    const char *kernel = json_object_get_string(json_object_object_get(includes, "minKernel"));

    if (oci_length(arches) > 0 && !oci_has(arches, ARCHITECTURE))
        return false;
    if (kernel && *kernel != '\0' && !is_kernel(kernel))
        return false;
    for (size_t i = 0; i < oci_length(caps); i++) {
        if (!is_given(element->capabilities, word_at(caps, i))) {
            tell(element, word_at(caps, i), "is left out: it is for those who have");
            return false;
        }
    }
    for (size_t i = 0; i < oci_length(caps); i++)
        tell(element, word_at(caps, i), "is taken, and holds here for those too who have not");
    return true;
}

static bool meets_excludes(const struct oci_element *element, struct json_object *excludes)
{
    struct json_object *caps = json_object_object_get(excludes, "caps");
    const char *kernel = json_object_get_string(json_object_object_get(excludes, "minKernel"));

    if (oci_has(json_object_object_get(excludes, "arches"), ARCHITECTURE))
        return false;
    if (kernel && *kernel != '\0' && is_kernel(kernel))
        return false;
    for (size_t i = 0; i < oci_length(caps); i++) {
        if (is_given(element->capabilities, word_at(caps, i))) {
            tell(element, word_at(caps, i), "is left out: it is for those who have not");
            return false;
        }
    }
    for (size_t i = 0; i < oci_length(caps); i++)
        tell(element, word_at(caps, i), "is taken, and holds here for those too who have");
    return true;
}

bool oci_element_holds(const struct oci_element *element)
{
    struct json_object *includes = json_object_object_get(element->object, "includes");
    struct json_object *excludes = json_object_object_get(element->object, "excludes");

    return meets_includes(element, includes) && meets_excludes(element, excludes);
}
