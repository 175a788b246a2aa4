#include <errno.h>
#include <string.h>

#include "constants.h"
#include "reading.h"
#include "suggest.h"

struct settings settings_built_in(void)
{
    return (struct settings){
        .default_action = {ACTION_ERRNO, EPERM},
        .children = CHILDREN_INHERIT,
        .no_new_privileges = true,
    };
}

void settings_inherit(struct settings *to, const struct settings *from)
{
    if (to->default_place.line == 0 && from->default_place.line != 0) {
        to->default_action = from->default_action;
        to->default_place = from->default_place;
    }
    if (to->audit_place.line == 0 && from->audit_place.line != 0) {
        to->audit = from->audit;
        to->audit_place = from->audit_place;
    }
    if (to->children_place.line == 0 && from->children_place.line != 0) {
        to->children = from->children;
        to->children_place = from->children_place;
    }
    if (to->no_new_privileges_place.line == 0 && from->no_new_privileges_place.line != 0) {
        to->no_new_privileges = from->no_new_privileges;
        to->no_new_privileges_place = from->no_new_privileges_place;
    }
    if (to->program_place.line == 0 && from->program_place.line != 0) {
        to->programs = from->programs;
        to->program_count = from->program_count;
        to->program_place = from->program_place;
    }
}

static void set_default(struct reading *reading, const char *value)
{
    struct action *action = &reading->own.default_action;

    if (!action_parse(reading, value, strlen(value), true, action))
        *action = settings_built_in().default_action;
}

/* VALUE is one of two words: false for the first, true for the second. */
static bool choose(struct reading *reading, const char *key, const char *value, const char *first,
                   const char *second)
{
    if (strcmp(value, first) != 0 && strcmp(value, second) != 0)
        diagnostic_error(reading->diagnostics, reading->lines.place, "'%s' is %s or %s, not '%s'",
                         key, first, second, value);
    return strcmp(value, second) == 0;
}

static void set_audit(struct reading *reading, const char *value)
{
    reading->own.audit = choose(reading, "audit", value, "no", "yes");
}

static void set_children(struct reading *reading, const char *value)
{
    reading->own.children = choose(reading, "children", value, "inherit", "reload")
                                ? CHILDREN_RELOAD
                                : CHILDREN_INHERIT;
}

static void set_no_new_privileges(struct reading *reading, const char *value)
{
    reading->own.no_new_privileges = choose(reading, "no-new-privileges", value, "no", "yes");
}

static void add_program(struct reading *reading, const char *path, size_t length)
{
    struct settings *own = &reading->own;

    /* ?PATH: it need not be there */
    bool optional = length > 0 && *path == '?';
    if (length <= optional || path[optional] != '/') {
        diagnostic_error(reading->diagnostics, reading->lines.place,
                         "the program '%.*s' is not an absolute path", (int)length, path);
        return;
    }
    const char **programs =
        whitelist_memory(reading->whitelist, (own->program_count + 1) * sizeof(*programs));
    const char *text = whitelist_text(reading->whitelist, path, length);
    if (!programs || !text) {
        reading->error = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < own->program_count; i++)
        programs[i] = own->programs[i];
    programs[own->program_count++] = text;
    own->programs = programs;
}

static void set_program(struct reading *reading, const char *value)
{
    const char *path;
    size_t length;

    while (reading_word(&value, &path, &length))
        add_program(reading, path, length);
}

static void report_unknown(const struct reading *reading, const char *key)
{
    static const char KEYS[][20] = {"default",  "include", "audit",
                                    "children", "program", "no-new-privileges"};
    char near[64];
    struct suggestion suggestion = suggestion_for(key);

    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
        suggestion_offer(&suggestion, KEYS[i]);
    diagnostic_error(reading->diagnostics, reading->lines.place, "unknown key '%s' in [filter]%s",
                     key, suggestion_text(&suggestion, near, sizeof(near)));
}

/* Marks a key as set here; a key that says one thing can say it once. */
static bool claim(struct reading *reading, const char *key, struct place *place)
{
    if (place->line != 0) {
        diagnostic_error(reading->diagnostics, reading->lines.place, "'%s' is set twice", key);
        diagnostic_note(reading->diagnostics, *place, "first set here");
        return false;
    }
    *place = reading->lines.place;
    return true;
}

void settings_line(struct reading *reading, const char *key, const char *value)
{
    struct settings *own = &reading->own;
    const struct {
        char key[20];
        struct place *place;
        void (*set)(struct reading *reading, const char *value);
    } KEYS[] = {
        {"default", &own->default_place, set_default},
        {"audit", &own->audit_place, set_audit},
        {"children", &own->children_place, set_children},
        {"program", &own->program_place, set_program},
        {"no-new-privileges", &own->no_new_privileges_place, set_no_new_privileges},
    };

    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        if (strcmp(key, KEYS[i].key) != 0)
            continue;
        if (claim(reading, key, KEYS[i].place))
            KEYS[i].set(reading, value);
        return;
    }
    report_unknown(reading, key);
}
