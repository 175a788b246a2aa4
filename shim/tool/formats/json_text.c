#include "json_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Goes through a text that is known to be JSON, beside the value that was made of it. */
struct walk {
    const char *at;
    const char *end;
    unsigned line;
    struct json_fault *fault;
    bool good;
};

static const char BLANKS[] = " \t\r\n";

__attribute__((format(printf, 3, 4))) static int fail(struct json_fault *fault, unsigned line,
                                                      const char *format, ...)
{
    va_list arguments;

    fault->line = line;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static unsigned count_lines(const char *text, size_t length)
{
    unsigned line = 1;
    const char *end = text + length;

    while ((text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        line++;
        text++;
    }
    return line;
}

static bool is_blank(char character)
{
    return character != '\0' && strchr(BLANKS, character);
}

static void skip_blanks(struct walk *walk)
{
    for (; walk->at < walk->end && is_blank(*walk->at); walk->at++)
        walk->line += *walk->at == '\n';
}

/* Whether CHARACTER comes next; then it is passed. */
static bool take(struct walk *walk, char character)
{
    skip_blanks(walk);
    if (walk->at >= walk->end || *walk->at != character)
        return false;
    walk->at++;
    return true;
}

/* Behind the string that comes next. */
static void skip_string(struct walk *walk)
{
    for (walk->at++; walk->at < walk->end && *walk->at != '"'; walk->at++)
        walk->at += *walk->at == '\\' && walk->at + 1 < walk->end;
    walk->at += walk->at < walk->end;
}

/* The key that comes next, with what is escaped in it; to be put. */
static struct json_object *take_key(struct walk *walk)
{
    struct json_tokener *tokener = json_tokener_new();
    const char *start = walk->at;

    skip_string(walk);
    struct json_object *key =
        tokener ? json_tokener_parse_ex(tokener, start, (int)(walk->at - start)) : NULL;
    if (tokener)
        json_tokener_free(tokener);
    return key;
}

static void walk_value(struct walk *walk, struct json_object *value);

static void walk_object(struct walk *walk, struct json_object *value)
{
    int count = 0;
    unsigned line = walk->line;

    do {
        struct json_object *child = NULL;
        skip_blanks(walk);
        if (walk->at >= walk->end || *walk->at != '"')
            break;
        struct json_object *key = take_key(walk);
        if (key)
            json_object_object_get_ex(value, json_object_get_string(key), &child);
        /* a double has its text there until it is walked */
        if (walk->good && child && !json_object_is_type(child, json_type_double) &&
            json_text_line(child) != 0) {
            walk->good = false;
            fail(walk->fault, walk->line, "'%.100s' stands twice: which of them holds is chance",
                 json_object_get_string(key));
        }
        json_object_put(key);
        if (!take(walk, ':'))
            break;
        walk_value(walk, child);
        count++;
    } while (take(walk, ','));
    take(walk, '}');
    if (walk->good && json_object_is_type(value, json_type_object) &&
        count != json_object_object_length(value)) {
        walk->good = false;
        fail(walk->fault, line, "a key stands twice: which of them holds is chance");
    }
}

static void walk_list(struct walk *walk, struct json_object *value)
{
    bool list = json_object_is_type(value, json_type_array);
    size_t index = 0;

    if (take(walk, ']'))
        return;
    do {
        walk_value(walk, list ? json_object_array_get_idx(value, index++) : NULL);
    } while (take(walk, ','));
    take(walk, ']');
}

/* json-c makes 2^64-1 of all that is above it. */
static void walk_word(struct walk *walk, struct json_object *value)
{
    static const char HIGHEST[] = "18446744073709551615";
    const char *start = walk->at;

    walk->at += strcspn(start, " \t\r\n,]}");
    size_t length = (size_t)(walk->at - start);
    if (walk->good && json_object_is_type(value, json_type_int) &&
        json_object_get_uint64(value) == UINT64_MAX &&
        (length != strlen(HIGHEST) || memcmp(start, HIGHEST, length) != 0)) {
        walk->good = false;
        fail(walk->fault, walk->line, "a number is above 2^64-1");
    }
}

/* VALUE is what comes next, or NULL. As deep as the tokener goes: 32. */
static void walk_value(struct walk *walk, struct json_object *value)
{
    skip_blanks(walk);
    if (value) /* of a double it would be the text that it was written as */
        json_object_set_serializer(value, NULL, (void *)(uintptr_t)walk->line, NULL);
    if (take(walk, '{'))
        walk_object(walk, value);
    else if (take(walk, '['))
        walk_list(walk, value);
    else if (walk->at < walk->end && *walk->at == '"')
        skip_string(walk);
    else
        walk_word(walk, value);
}

int json_text_parse(const char *text, size_t length, struct json_object **value,
                    struct json_fault *fault)
{
    struct json_tokener *tokener = json_tokener_new();
    struct walk walk = {text, text + length, 1, fault, true};
    int error = 0;

    *value = NULL;
    if (!tokener)
        return -ENOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    if (length > INT32_MAX)
        length = INT32_MAX;
    *value = json_tokener_parse_ex(tokener, text, (int)length);
    enum json_tokener_error failed = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (failed == json_tokener_continue)
        return fail(fault, count_lines(text, length), "it is not JSON: it ends too early");
    if (failed != json_tokener_success)
        return fail(fault, count_lines(text, end < length ? end : length), "it is not JSON: %s",
                    json_tokener_error_desc(failed));
    walk_value(&walk, *value);
    skip_blanks(&walk);
    if (!walk.good)
        error = -EINVAL;
    else if (walk.at < walk.end)
        error = fail(fault, walk.line, "something stands behind the end of the JSON");
    if (error) {
        json_object_put(*value);
        *value = NULL;
    }
    return error;
}

unsigned json_text_line(struct json_object *value)
{
    return (unsigned)(uintptr_t)json_object_get_userdata(value);
}

const char *json_text_kind(struct json_object *value)
{
    static const char *const KINDS[] = {
        [json_type_null] = "null",         [json_type_boolean] = "a boolean",
        [json_type_double] = "a fraction", [json_type_int] = "a number",
        [json_type_object] = "an object",  [json_type_array] = "a list",
        [json_type_string] = "a string",
    };

    return KINDS[json_object_get_type(value)];
}
