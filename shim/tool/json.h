/* What the verbs with --json have in common, over json-c. */
#ifndef PORTCULLIS_TOOL_JSON_H
#define PORTCULLIS_TOOL_JSON_H

#include <json-c/json.h>

#include "../../config/whitelist.h"

void json_add_string(struct json_object *object, const char *key, const char *text);
void json_add_number(struct json_object *object, const char *key, uint64_t number);

/* {"file", "line", "section", "text"}, and "group" where ENTRY lists NAME by one. */
struct json_object *json_entry(const struct whitelist *whitelist, const struct entry *entry,
                               const char *name);

/* The names of the functions that begin STAGE. */
struct json_object *json_functions(const struct stage *stage);

/* Prints OBJECT on a line of standard output, and releases it. */
void json_print(struct json_object *object);

#endif
