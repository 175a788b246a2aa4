#include "json.h"

#include <stdio.h>

#include "../../config/triggers.h"
#include "call.h"

void json_add_string(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

void json_add_number(struct json_object *object, const char *key, uint64_t number)
{
    json_object_object_add(object, key, json_object_new_uint64(number));
}

struct json_object *json_functions(const struct stage *stage)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < trigger_count(); i++) {
        if (stage->triggers & (UINT32_C(1) << i))
            json_object_array_add(array, json_object_new_string(trigger_name(i)));
    }
    return array;
}

struct json_object *json_entry(const struct whitelist *whitelist, const struct entry *entry,
                               const char *name)
{
    struct json_object *object = json_object_new_object();
    char text[CALL_TEXT_MAX], section[CALL_NAME_MAX];

    json_add_string(object, "file", entry->place.file);
    json_add_number(object, "line", entry->place.line);
    json_add_string(object, "section", entry_section(whitelist, entry, section));
    if (entry->subject.kind == SUBJECT_GROUP)
        json_add_string(object, "group", entry->subject.name);
    json_add_string(object, "text", entry_text(entry, name, text));
    return object;
}

void json_print(struct json_object *object)
{
    puts(json_object_to_json_string_ext(object,
                                        JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}
