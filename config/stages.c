#include <errno.h>
#include <string.h>

#include "reading.h"
#include "suggest.h"
#include "triggers.h"

bool stage_is_named(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return length > 0 && length <= STAGE_NAME_MAX;
}

/* Appends a stage called NAME; NULL if there is no memory. */
static struct stage *add(struct reading *reading, const char *name, size_t length)
{
    struct whitelist *whitelist = reading->whitelist;
    size_t count = whitelist->stage_count;
    struct stage *stages = whitelist_memory(whitelist, (count + 1) * sizeof(*stages));
    const char *text = whitelist_text(whitelist, name, length);

    if (!stages || !text) {
        reading->error = -ENOMEM;
        return NULL;
    }
    if (count > 0)
        memcpy(stages, whitelist->stages, count * sizeof(*stages));
    stages[count] = (struct stage){.name = text, .place = reading->lines.place};
    whitelist->stages = stages;
    whitelist->stage_count++;
    return &stages[count];
}

bool stage_begin(struct reading *reading, const char *name, size_t length)
{
    const struct whitelist *whitelist = reading->whitelist;
    struct place here = reading->lines.place;

    while (length > 0 && (*name == ' ' || *name == '\t')) {
        name++;
        length--;
    }
    if (!stage_is_named(name, length)) {
        diagnostic_error(reading->diagnostics, here,
                         "a stage is written [stage NAME], with up to %d of a to z, 0 to 9, '-' "
                         "and '_'",
                         STAGE_NAME_MAX);
        return false;
    }
    for (size_t i = 0; i < whitelist->stage_count; i++) {
        const struct stage *stage = &whitelist->stages[i];
        if (strncmp(stage->name, name, length) == 0 && stage->name[length] == '\0') {
            diagnostic_error(reading->diagnostics, here, "the stage '%s' begins twice",
                             stage->name);
            diagnostic_note(reading->diagnostics, stage->place, "first begun here");
            return false;
        }
    }
    if (whitelist->stage_count == WHITELIST_STAGES_MAX) {
        diagnostic_error(reading->diagnostics, here, "there are more than %d stages",
                         WHITELIST_STAGES_MAX);
        return false;
    }
    return add(reading, name, length) != NULL;
}

static void add_trigger(struct reading *reading, struct stage *stage, const char *word,
                        size_t length)
{
    char name[LINE_BYTES_MAX + 1];
    char near[64];

    memcpy(name, word, length);
    name[length] = '\0';
    int trigger = trigger_find(name);
    if (trigger >= 0) {
        stage->triggers |= UINT32_C(1) << trigger;
        return;
    }
    struct suggestion suggestion = suggestion_for(name);
    for (size_t i = 0; i < trigger_count(); i++)
        suggestion_offer(&suggestion, trigger_name(i));
    diagnostic_error(reading->diagnostics, reading->lines.place,
                     "no stage can begin with the function '%s'%s", name,
                     suggestion_text(&suggestion, near, sizeof(near)));
}

void stage_line(struct reading *reading, const char *key, const char *value)
{
    struct stage *stage = &reading->whitelist->stages[reading->stage - 1];
    const char *word;
    size_t length;

    if (strcmp(key, "when") != 0) {
        entries_line(reading, SECTION_ALLOW, key, value);
        return;
    }
    if (stage->when_place.line != 0) {
        diagnostic_error(reading->diagnostics, reading->lines.place, "'when' is set twice");
        diagnostic_note(reading->diagnostics, stage->when_place, "first set here");
        return;
    }
    stage->when_place = reading->lines.place;
    while (reading_word(&value, &word, &length))
        add_trigger(reading, stage, word, length);
}

void stages_check(const struct whitelist *whitelist, struct diagnostics *diagnostics)
{
    const struct settings *settings = &whitelist->settings;

    for (size_t i = 0; i < whitelist->stage_count; i++) {
        const struct stage *stage = &whitelist->stages[i];
        if (stage->when_place.line == 0)
            diagnostic_error(diagnostics, stage->place,
                             "the stage '%s' never begins; say 'when = FUNCTION'", stage->name);
    }
    /* the filters that a child inherits let in no other process's */
    if (whitelist->stage_count > 0 && settings->children == CHILDREN_RELOAD) {
        diagnostic_error(diagnostics, settings->children_place, "stages need children = inherit");
        diagnostic_note(diagnostics, whitelist->stages[0].place, "a stage begins here");
    }
    if (whitelist->stage_count > 0 && !settings->no_new_privileges) {
        diagnostic_error(diagnostics, settings->no_new_privileges_place,
                         "stages need no-new-privileges");
        diagnostic_note(diagnostics, whitelist->stages[0].place, "a stage begins here");
    }
}
