/* JSON whose values know the line that they stand on. */
#ifndef PORTCULLIS_TOOL_FORMATS_JSON_TEXT_H
#define PORTCULLIS_TOOL_FORMATS_JSON_TEXT_H

#include <json-c/json.h>
#include <stddef.h>

/* What is wrong with a text. */
struct json_fault {
    unsigned line;
    char text[160];
};

/* Parses TEXT: one value, as RFC 8259 has it, with nothing but blanks behind it, and no key twice
 * in one object. Returns 0, with *VALUE to be put (NULL: it is null); -EINVAL with FAULT filled in;
 * -ENOMEM. */
int json_text_parse(const char *text, size_t length, struct json_object **value,
                    struct json_fault *fault) __attribute__((warn_unused_result));

/* The line that VALUE begins on; 0 for null. */
unsigned json_text_line(struct json_object *value);

/* What VALUE is, for messages: "an object", "a list". Static storage. */
const char *json_text_kind(struct json_object *value);

#endif
