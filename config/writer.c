#include "writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "lines.h"
#include "triggers.h"
#include "writing.h"

enum { COLUMNS = 100, KEY_COLUMNS = 15, KEY_MAX = 80 };

/* Names on their way to "syscalls = a b c". */
struct names {
    struct name {
        const struct subject *subject;
    } * items; /* owned; sorted, each once */
    size_t count;
};

const char *writer_action(struct action action, char text[WRITER_ACTION_MAX])
{
    static const char NAMES[][8] = {[ACTION_ALLOW] = "allow",
                                    [ACTION_LOG] = "log",
                                    [ACTION_TRAP] = "trap",
                                    [ACTION_KILL] = "kill"};
    const char *name = constant_errno_name(action.error);

    if (action.kind != ACTION_ERRNO)
        snprintf(text, WRITER_ACTION_MAX, "%s", NAMES[action.kind]);
    else if (name)
        snprintf(text, WRITER_ACTION_MAX, "%s", name);
    else
        snprintf(text, WRITER_ACTION_MAX, "%u", action.error);
    return text;
}

static void put(const struct writing *writing, const char *text)
{
    writing->write(writing->context, text, strlen(text));
}

static void put_setting(const struct writing *writing, const char *key, const char *value)
{
    put(writing, key);
    put(writing, " = ");
    put(writing, value);
    put(writing, "\n");
}

/* All of them on one line, as they were; without the blanks before it where it would be too long.
 */
static void put_programs(const struct writing *writing, const struct settings *settings)
{
    size_t length = strlen("program =");

    if (settings->program_count == 0)
        return;
    for (size_t i = 0; i < settings->program_count; i++)
        length += 1 + strlen(settings->programs[i]);
    put(writing, length <= LINE_BYTES_MAX ? "program = " : "program=");
    for (size_t i = 0; i < settings->program_count; i++) {
        put(writing, i ? " " : "");
        put(writing, settings->programs[i]);
    }
    put(writing, "\n");
}

static void put_settings(const struct writing *writing, const struct settings *settings)
{
    char action[WRITER_ACTION_MAX];

    put(writing, "[filter]\n");
    put_setting(writing, "default", writer_action(settings->default_action, action));
    if (settings->audit)
        put_setting(writing, "audit", "yes");
    if (settings->children == CHILDREN_RELOAD)
        put_setting(writing, "children", "reload");
    put_programs(writing, settings);
    if (!settings->no_new_privileges)
        put_setting(writing, "no-new-privileges", "no");
}

static const char *sign_of(const struct subject *subject)
{
    if (subject->kind == SUBJECT_GROUP)
        return "@";
    return subject->optional ? "?" : "";
}

/* Groups, then names, then numbers; a name that may be missing beside the same one that may not. */
static int compare(const struct subject *one, const struct subject *other)
{
    static const int RANKS[] = {[SUBJECT_GROUP] = 0, [SUBJECT_NAME] = 1, [SUBJECT_NUMBER] = 2};
    int difference = RANKS[one->kind] - RANKS[other->kind];

    if (difference == 0 && one->kind == SUBJECT_NUMBER)
        return (one->number > other->number) - (one->number < other->number);
    if (difference == 0)
        difference = strcmp(one->name, other->name);
    return difference != 0 ? difference : (int)one->optional - (int)other->optional;
}

static void insert(struct names *names, const struct subject *subject)
{
    size_t low = 0;
    size_t high = names->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(names->items[middle].subject, subject);
        if (order == 0)
            return;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(&names->items[low + 1], &names->items[low],
            (names->count - low) * sizeof(*names->items));
    names->items[low].subject = subject;
    names->count++;
}

static int number_of(const struct subject *subject)
{
    const struct prototype *prototype = NULL;

    if (subject->kind == SUBJECT_NUMBER)
        return subject->number;
    if (subject->kind == SUBJECT_NAME)
        prototype = prototype_find(subject->name);
    return prototype ? prototype->number : -1;
}

/* Two files may contradict each other, one can't: a call that is denied whatever its arguments is
 * not listed as allowed. */
static bool is_taken_back(const struct whitelist *whitelist, const struct subject *subject)
{
    int number = number_of(subject);

    for (size_t i = 0; i < whitelist->entry_count && subject->kind != SUBJECT_GROUP; i++) {
        const struct entry *entry = &whitelist->entries[i];
        if (entry->section != SECTION_DENY || entry->conditional ||
            entry->subject.kind == SUBJECT_GROUP)
            continue;
        if (strcmp(entry->subject.name, subject->name) == 0 ||
            (number >= 0 && number_of(&entry->subject) == number))
            return true;
    }
    return false;
}

static void put_names(const struct writing *writing, const struct names *names)
{
    size_t column = 0;

    for (size_t i = 0; i < names->count; i++) {
        const struct subject *subject = names->items[i].subject;
        size_t length = 1 + strlen(sign_of(subject)) + strlen(subject->name);
        if (column == 0 || column + length > COLUMNS) {
            put(writing, column == 0 ? "" : "\n");
            put(writing, "syscalls        =");
            column = KEY_COLUMNS + 2;
        }
        put(writing, " ");
        put(writing, sign_of(subject));
        put(writing, subject->name);
        column += length;
    }
    put(writing, names->count > 0 ? "\n" : "");
}

/* The names and groups that are allowed in STAGE whatever their arguments. */
static int put_plain(const struct writing *writing, const struct whitelist *whitelist,
                     unsigned stage)
{
    struct names names = {malloc((whitelist->entry_count + 1) * sizeof(*names.items)), 0};

    if (!names.items)
        return -ENOMEM;
    for (size_t i = 0; i < whitelist->entry_count; i++) {
        const struct entry *entry = &whitelist->entries[i];
        if (entry->section == SECTION_ALLOW && entry->stage == stage && !entry->conditional &&
            !is_taken_back(whitelist, &entry->subject))
            insert(&names, &entry->subject);
    }
    put_names(writing, &names);
    free(names.items);
    return 0;
}

/* "KEY = ", "KEY = ACTION if ": what is before the condition. */
static void begin_line(const struct entry *entry, char *text, size_t size)
{
    char name[KEY_MAX];
    char action[WRITER_ACTION_MAX];
    static const char BLANKS[] = "               ";

    snprintf(name, sizeof(name), "%s%s", sign_of(&entry->subject), entry->subject.name);
    size_t length = strlen(name);
    const char *blanks = BLANKS + (length < KEY_COLUMNS ? length : KEY_COLUMNS);
    if (entry->section == SECTION_ALLOW)
        snprintf(text, size, "%s%s = ", name, blanks);
    else
        snprintf(text, size, "%s%s = %s%s", name, blanks, writer_action(entry->action, action),
                 entry->conditional ? " if " : "");
}

static int put_entry(const struct writing *writing, const struct entry *entry)
{
    char start[KEY_MAX + KEY_COLUMNS + WRITER_ACTION_MAX + 16];

    begin_line(entry, start, sizeof(start));
    if (!entry->conditional) {
        put(writing, start);
        put(writing, "\n");
        return 0;
    }
    if (!entry->condition_text || strlen(start) + strlen(entry->condition_text) > LINE_BYTES_MAX)
        return writing_condition(writing, start, subject_prototype(&entry->subject),
                                 &entry->condition);
    put(writing, start);
    put(writing, entry->condition_text);
    put(writing, "\n");
    return 0;
}

/* What nobody could read is about a call that may be missing. */
static bool is_lost(const struct entry *entry)
{
    return entry->unread && !entry->condition_text;
}

static void begin_stage(const struct writing *writing, const struct stage *stage)
{
    put(writing, "\n[stage ");
    put(writing, stage->name);
    put(writing, "]\nwhen            =");
    for (size_t i = 0; i < trigger_count(); i++) {
        if (!(stage->triggers & (UINT32_C(1) << i)))
            continue;
        put(writing, " ");
        put(writing, trigger_name(i));
    }
    put(writing, "\n");
}

/* [allow] (STAGE 0), or a stage. */
static int put_allowed(const struct writing *writing, const struct whitelist *whitelist,
                       unsigned stage)
{
    if (stage == 0)
        put(writing, "\n[allow]\n");
    else
        begin_stage(writing, &whitelist->stages[stage - 1]);
    int error = put_plain(writing, whitelist, stage);
    for (size_t i = 0; i < whitelist->entry_count && !error; i++) {
        const struct entry *entry = &whitelist->entries[i];
        if (entry->section == SECTION_ALLOW && entry->stage == stage && entry->conditional &&
            !is_lost(entry))
            error = put_entry(writing, entry);
    }
    return error;
}

static int put_denied(const struct writing *writing, const struct whitelist *whitelist)
{
    bool begun = false;
    int error = 0;

    for (size_t i = 0; i < whitelist->entry_count && !error; i++) {
        const struct entry *entry = &whitelist->entries[i];
        if (entry->section != SECTION_DENY || is_lost(entry))
            continue;
        put(writing, begun ? "" : "\n[deny]\n");
        begun = true;
        error = put_entry(writing, entry);
    }
    return error;
}

int writer_write(const struct whitelist *whitelist,
                 void (*write)(void *context, const char *text, size_t length), void *context)
{
    const struct writing writing = {write, context};

    put_settings(&writing, &whitelist->settings);
    int error = put_allowed(&writing, whitelist, 0);
    if (!error)
        error = put_denied(&writing, whitelist);
    for (unsigned i = 1; i <= whitelist->stage_count && !error; i++)
        error = put_allowed(&writing, whitelist, i);
    return error;
}
