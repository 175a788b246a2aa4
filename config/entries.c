#include <errno.h>
#include <string.h>

#include "groups.h"
#include "lexer.h"
#include "reading.h"
#include "spellings.h"
#include "suggest.h"

/* The bit of x32's calls and everything above belong to other tables. */
enum { NUMBER_LIMIT = 0x40000000 };

/* What the lines of one key have in common. */
struct draft {
    struct reading *reading;
    struct entry entry;
    const char *condition; /* as written, owned by the whitelist, or NULL */
};

static bool parse_number(struct reading *reading, const char *word, size_t length, int *value)
{
    struct number number;

    if (lexer_number(word, length, &number) == 0 && !number.negative &&
        number.bits < NUMBER_LIMIT) {
        *value = (int)number.bits;
        return true;
    }
    diagnostic_error(reading->diagnostics, reading->lines.place,
                     "'%.*s' is no system call's number", (int)length, word);
    return false;
}

/* NAME, ?NAME, @GROUP or a number. Returns false after reporting a mistake, or for want of memory.
 */
static bool parse_subject(struct reading *reading, const char *word, size_t length,
                          struct subject *subject)
{
    *subject = (struct subject){.kind = SUBJECT_NAME};
    if (*word == '?') {
        subject->optional = true;
        word++;
        length--;
    }
    if (length > 0 && *word == '@') {
        subject->kind = SUBJECT_GROUP;
        word++;
        length--;
    } else if (length > 0 && *word >= '0' && *word <= '9') {
        subject->kind = SUBJECT_NUMBER;
        if (!parse_number(reading, word, length, &subject->number))
            return false;
    }
    if (length == 0 || (subject->optional && subject->kind != SUBJECT_NAME)) {
        diagnostic_error(reading->diagnostics, reading->lines.place,
                         length == 0 ? "a system call's name is missing"
                                     : "'?' goes with a system call's name only");
        return false;
    }
    subject->name = whitelist_text(reading->whitelist, word, length);
    if (!subject->name)
        reading->error = -ENOMEM;
    return subject->name != NULL;
}

/* Returns 0 or -EINVAL after reporting mistakes in the condition. */
static int add_entry(struct draft *draft)
{
    struct reading *reading = draft->reading;
    struct entry *entry = &draft->entry;
    int error = 0;

    entry->condition = (struct condition){0};
    if (draft->condition) {
        entry->conditional = true;
        entry->condition_text = draft->condition;
        error = condition_parse(draft->condition, entry->subject.name,
                                subject_prototype(&entry->subject), entry->place,
                                reading->diagnostics, &entry->condition);
    }
    entry->unread = error == -ENOENT;
    /* with a wrong condition too: its name is to be looked at as well */
    int failed = error == -ENOMEM ? error : whitelist_add(reading->whitelist, entry);
    if (failed) {
        condition_release(&entry->condition);
        reading->error = failed;
    }
    return error == -EINVAL ? error : 0;
}

/* NAME as a line of its own, beside the one that implies it. Returns what add_entry() does. */
static int add_implied(const struct draft *draft, const char *name, size_t length,
                       const char *condition)
{
    struct draft implied = *draft;

    implied.condition = condition;
    implied.entry.implied = true;
    implied.entry.conditional = false;
    implied.entry.condition_text = NULL;
    implied.entry.subject = (struct subject){.kind = SUBJECT_NAME, .optional = true};
    implied.entry.subject.name = whitelist_text(draft->reading->whitelist, name, length);
    if (implied.entry.subject.name)
        return add_entry(&implied);
    draft->reading->error = -ENOMEM;
    return 0;
}

/* What NAME stands for on this architecture besides. */
static void add_spellings(const struct draft *draft, const char *name)
{
    struct reading *reading = draft->reading;
    const char *others = spellings_of(name);
    struct multiplexed multiplexed;
    const char *word;
    size_t length;

    while (reading_word(&others, &word, &length)) {
        bool bare = *word == '!';
        const char *condition = bare ? NULL : draft->condition;
        if (bare && draft->condition && draft->entry.section == SECTION_ALLOW)
            continue; /* what can't be looked at is not allowed, and denied */
        if (add_implied(draft, word + bare, length - bare, condition) == 0)
            continue;
        diagnostic_note(reading->diagnostics, reading->lines.place,
                        "'%.*s' is what '%s' is called on this architecture", (int)length, word,
                        name);
        return;
    }
    /* With a condition it can't be allowed there, nor denied: rules_build() looks at that. */
    if (!draft->condition && spellings_multiplexed(name, &multiplexed)) {
        const char *condition = whitelist_text(reading->whitelist, multiplexed.condition,
                                               strlen(multiplexed.condition));
        if (!condition)
            reading->error = -ENOMEM;
        else
            add_implied(draft, multiplexed.multiplexer, strlen(multiplexed.multiplexer), condition);
    }
}

/* One call, in all its spellings. Returns what add_entry() does. */
static int add_call(struct draft *draft)
{
    const char *name = draft->entry.subject.name;
    int error = 0;

    if (draft->entry.subject.kind != SUBJECT_NAME)
        return add_entry(draft);
    if (!draft->condition || !spellings_hide(name))
        error = add_entry(draft);
    else if (draft->entry.section == SECTION_DENY)
        error =
            add_implied(draft, name, strlen(name), NULL); /* what can't be looked at is denied */
    if (!error && SPELLINGS_DIFFER)
        add_spellings(draft, name);
    return error;
}

/* The members of an unconditional group are the rules' business; what they stand for is ours. */
static void add_spellings_of_members(const struct draft *draft, const char *members)
{
    char name[64];
    const char *word;
    size_t length;

    while (reading_word(&members, &word, &length)) {
        length -= *word == '?';
        word += *word == '?';
        if (length >= sizeof(name))
            continue;
        memcpy(name, word, length);
        name[length] = '\0';
        add_spellings(draft, name);
    }
}

/* A condition is read once for each member: the same argument may be wider in one than in another.
 * The first member that it does not fit is enough to tell. */
static void add_members(struct draft *draft, const char *group, const char *members)
{
    struct reading *reading = draft->reading;
    const char *word;
    size_t length;

    while (reading_word(&members, &word, &length)) {
        if (!parse_subject(reading, word, length, &draft->entry.subject))
            return;
        draft->entry.implied = true;
        if (add_call(draft) == 0)
            continue;
        diagnostic_note(reading->diagnostics, reading->lines.place, "'%s' is a member of '@%s'",
                        draft->entry.subject.name, group);
        return;
    }
}

static void add_subject(struct draft *draft, const char *word, size_t length)
{
    struct reading *reading = draft->reading;
    struct subject *subject = &draft->entry.subject;

    if (!parse_subject(reading, word, length, subject))
        return;
    int group = subject->kind == SUBJECT_GROUP ? group_find(subject->name) : 0;
    if (group < 0) {
        struct suggestion suggestion = suggestion_for(subject->name);
        for (size_t i = 0; i < group_count(); i++)
            suggestion_offer(&suggestion, group_name(i));
        diagnostic_error(reading->diagnostics, reading->lines.place, "unknown group '@%s'%s%s%s",
                         subject->name, suggestion.best ? "; did you mean '@" : "",
                         suggestion.best ? suggestion.best : "", suggestion.best ? "'?" : "");
    } else if (subject->kind == SUBJECT_GROUP && draft->condition) {
        add_members(draft, subject->name, group_members((size_t)group));
    } else if (add_call(draft) == 0 && subject->kind == SUBJECT_GROUP && SPELLINGS_DIFFER) {
        add_spellings_of_members(draft, group_members((size_t)group));
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *text)
{
    while (is_blank(*text))
        text++;
    return text;
}

/* Keeps the condition's TEXT, which is inih's. */
static bool set_condition(struct draft *draft, const char *text)
{
    draft->condition = whitelist_text(draft->reading->whitelist, text, strlen(text));
    if (!draft->condition)
        draft->reading->error = -ENOMEM;
    return draft->condition != NULL;
}

/* "ACTION" or "ACTION if CONDITION". */
static bool parse_denial(struct draft *draft, const char *value)
{
    struct reading *reading = draft->reading;
    size_t length = 0;

    while (value[length] != '\0' && !is_blank(value[length]))
        length++;
    const char *cursor = skip_blanks(value + length);
    if (!action_parse(reading, value, length, false, &draft->entry.action))
        return false;
    if (*cursor == '\0')
        return true;
    if (strncmp(cursor, "if", 2) != 0 || (cursor[2] != '\0' && !is_blank(cursor[2]))) {
        diagnostic_error(reading->diagnostics, reading->lines.place,
                         "expected 'if CONDITION' behind the action, not '%s'", cursor);
        return false;
    }
    return set_condition(draft, skip_blanks(cursor + 2));
}

/* Whether KEY, which is no call, was meant to be 'syscalls'. */
static bool is_misspelt(const char *key)
{
    struct suggestion suggestion = suggestion_for(key);

    suggestion_offer(&suggestion, "syscalls");
    return suggestion.best && !prototype_find(key);
}

static void allow_line(struct draft *draft, const char *key, const char *value)
{
    struct reading *reading = draft->reading;
    const char *word;
    size_t length;

    if (strcmp(key, "syscalls") == 0) {
        while (reading_word(&value, &word, &length))
            add_subject(draft, word, length);
    } else if (is_misspelt(key)) {
        diagnostic_error(reading->diagnostics, reading->lines.place,
                         "unknown key '%s' in %s; did you mean 'syscalls'?", key,
                         reading->stage ? "a stage" : "[allow]");
    } else if (set_condition(draft, value)) {
        add_subject(draft, key, strlen(key));
    }
}

static void deny_line(struct draft *draft, const char *key, const char *value)
{
    if (strcmp(key, "syscalls") == 0) {
        diagnostic_error(draft->reading->diagnostics, draft->reading->lines.place,
                         "[deny] takes a line for each call or group, such as 'ptrace = kill' or "
                         "'@debug = EPERM'");
        return;
    }
    if (parse_denial(draft, value))
        add_subject(draft, key, strlen(key));
}

void entries_line(struct reading *reading, enum section section, const char *key, const char *value)
{
    struct draft draft = {
        .reading = reading,
        .entry = {.place = reading->lines.place, .section = section, .stage = reading->stage},
    };

    if (section == SECTION_ALLOW)
        allow_line(&draft, key, value);
    else
        deny_line(&draft, key, value);
}
