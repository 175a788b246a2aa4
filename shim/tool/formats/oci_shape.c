#include "oci_shape.h"

#include <json-c/json_object_iterator.h>
#include <string.h>

#include "json_text.h"

/* What a member is. */
enum kind { TEXT, NUMBER, OBJECT, TEXTS, OBJECTS };

/* A member of NAME; the last of a table has none. */
struct member {
    const char *name;
    enum kind kind;
};

static const struct member PROFILE[] = {{"defaultAction", TEXT}, {"defaultErrnoRet", NUMBER},
                                        {"defaultErrno", TEXT},  {"architectures", TEXTS},
                                        {"archMap", OBJECTS},    {"flags", TEXTS},
                                        {"listenerPath", TEXT},  {"listenerMetadata", TEXT},
                                        {"syscalls", OBJECTS},   {NULL, TEXT}};
static const struct member ELEMENT[] = {
    {"names", TEXTS},     {"name", TEXT},    {"action", TEXT},  {"errnoRet", NUMBER},
    {"errno", TEXT},      {"args", OBJECTS}, {"comment", TEXT}, {"includes", OBJECT},
    {"excludes", OBJECT}, {NULL, TEXT}};
static const struct member ARGUMENT[] = {
    {"index", NUMBER}, {"value", NUMBER}, {"valueTwo", NUMBER}, {"op", TEXT}, {NULL, TEXT}};
static const struct member CONDITION[] = {
    {"caps", TEXTS}, {"arches", TEXTS}, {"minKernel", TEXT}, {NULL, TEXT}};
static const struct member MAP[] = {
    {"architecture", TEXT}, {"subArchitectures", TEXTS}, {NULL, TEXT}};

static const struct member *const SHAPES[] = {[OCI_PROFILE] = PROFILE,
                                              [OCI_ELEMENT] = ELEMENT,
                                              [OCI_ARGUMENT] = ARGUMENT,
                                              [OCI_CONDITION] = CONDITION,
                                              [OCI_MAP] = MAP};

struct place oci_place(const char *file, struct json_object *object)
{
    return (struct place){file, json_text_line(object)};
}

/* A NUL would hide what is behind it. */
static bool is_text(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

static bool fits_one(struct json_object *value, enum kind kind)
{
    switch (kind) {
    case TEXT:
    case TEXTS:
        return is_text(value);
    case NUMBER:
        return json_object_is_type(value, json_type_int) &&
               (json_object_get_int64(value) >= 0 || json_object_get_uint64(value) > INT64_MAX);
    case OBJECT:
    case OBJECTS:
        break;
    }
    return json_object_is_type(value, json_type_object);
}

/* Whether VALUE is of KIND; *WRONG is what is not: it, or one in a list. */
static bool fits(struct json_object *value, enum kind kind, struct json_object **wrong)
{
    *wrong = value;
    if (!value)
        return true;
    if (kind != TEXTS && kind != OBJECTS)
        return fits_one(value, kind);
    if (!json_object_is_type(value, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        struct json_object *one = json_object_array_get_idx(value, i);
        if (fits_one(one, kind))
            continue;
        if (one)
            *wrong = one;
        return false;
    }
    return true;
}

static const struct member *find(const struct member *members, const char *name)
{
    while (members->name && strcmp(members->name, name) != 0)
        members++;
    return members->name ? members : NULL;
}

/* Whether VALUE, OBJECT's member NAME, is what it has to be. */
static bool check_member(struct json_object *object, enum oci_shape shape, const char *name,
                         struct json_object *value, const char *what, const char *file,
                         struct diagnostics *diagnostics)
{
    static const char *const KINDS[] = {[TEXT] = "a string without NUL",
                                        [NUMBER] = "a number from 0 to 2^64-1",
                                        [OBJECT] = "an object",
                                        [TEXTS] = "a list of strings",
                                        [OBJECTS] = "a list of objects"};
    const struct member *member = find(SHAPES[shape], name);
    struct json_object *wrong = NULL;

    if (!member) {
        diagnostic_warning(diagnostics, oci_place(file, value ? value : object),
                           "'%.64s' is nothing that %s has, and left out", name, what);
        return true;
    }
    if (fits(value, member->kind, &wrong))
        return true;
    diagnostic_error(diagnostics, oci_place(file, wrong),
                     "'%s' of %s has to be %s, and there is %s", name, what, KINDS[member->kind],
                     json_text_kind(wrong));
    return false;
}

bool oci_shape_check(struct json_object *object, enum oci_shape shape, const char *what,
                     const char *file, struct diagnostics *diagnostics)
{
    bool good = true;

    if (!object)
        return true;
    struct json_object_iterator at = json_object_iter_begin(object);
    struct json_object_iterator end = json_object_iter_end(object);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        good &= check_member(object, shape, json_object_iter_peek_name(&at),
                             json_object_iter_peek_value(&at), what, file, diagnostics);
    return good;
}
