#include "call.h"

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/groups.h"
#include "../../config/prototypes.h"
#include "../../config/suggest.h"
#include "../../config/triggers.h"
#include "../rules.h"

/* Finds what libseccomp or, for newer calls, the prototypes call NUMBER. */
static bool find_name(int number, char name[CALL_NAME_MAX])
{
    char *known = number >= 0 ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number) : NULL;
    const struct prototype *prototype = known ? NULL : prototype_find_number(number);

    if (known)
        snprintf(name, CALL_NAME_MAX, "%s", known);
    else if (prototype)
        snprintf(name, CALL_NAME_MAX, "%s", prototype_text(prototype->name));
    free(known);
    return known || prototype;
}

const char *call_name(int number, char name[CALL_NAME_MAX])
{
    if (!find_name(number, name))
        snprintf(name, CALL_NAME_MAX, "%d", number);
    return name;
}

bool call_is_known(int number)
{
    char name[CALL_NAME_MAX];

    /* the quicker half comes first */
    return number < CALL_NAMED && (prototype_find_number(number) || find_name(number, name));
}

void call_list_known(bool known[CALL_NAMED])
{
    memset(known, 0, CALL_NAMED * sizeof(*known));
    for (size_t i = 0; i < prototype_count(); i++) {
        int number = prototype_at(i)->number;
        if (number >= 0 && number < CALL_NAMED)
            known[number] = true;
    }
    for (int number = 0; number < CALL_NAMED; number++) {
        char *name =
            known[number] ? NULL : seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
        known[number] |= name != NULL;
        free(name);
    }
}

int call_number(const char *word)
{
    if (isdigit((unsigned char)*word)) {
        char *end;
        errno = 0;
        unsigned long number = strtoul(word, &end, 0);
        return errno == 0 && *end == '\0' && number <= INT32_MAX ? (int)number : -ENOENT;
    }
    int number = rules_number(word);
    return number >= 0 ? number : -ENOENT;
}

const char *call_next(const char *words, char name[CALL_NAME_MAX])
{
    words += strspn(words, " ?");
    size_t length = strcspn(words, " ");

    if (length == 0 || length >= CALL_NAME_MAX)
        return NULL;
    memcpy(name, words, length);
    name[length] = '\0';
    return words + length;
}

bool call_is_of(const char *group, const char *name)
{
    const char *members = group_members((size_t)group_find(group));
    char member[CALL_NAME_MAX];

    while ((members = call_next(members, member))) {
        if (strcmp(member, name) == 0)
            return true;
    }
    return false;
}

const char *call_suggestion(const char *word, char *text, size_t size)
{
    struct suggestion suggestion = suggestion_for(word);

    for (size_t i = 0; i < prototype_count(); i++)
        suggestion_offer(&suggestion, prototype_text(prototype_at(i)->name));
    return suggestion_text(&suggestion, text, size);
}

const char *call_argument_name(int number, unsigned argument, char name[CALL_NAME_MAX])
{
    char syscall[CALL_NAME_MAX];
    const struct prototype *prototype = prototype_find(call_name(number, syscall));

    if (prototype && argument < prototype->count)
        snprintf(name, CALL_NAME_MAX, "%s", prototype_text(prototype->arguments[argument].name));
    else
        snprintf(name, CALL_NAME_MAX, "a%u", argument);
    return name;
}

bool call_value(const char *word, uint64_t *value)
{
    char part[CALL_NAME_MAX];

    *value = 0;
    for (;;) {
        size_t length = strcspn(word, "|");
        int64_t number;
        if (length == 0 || length >= sizeof(part))
            return false;
        memcpy(part, word, length);
        part[length] = '\0';
        if (!condition_number(part, &number))
            return false;
        *value |= (uint64_t)number;
        if (word[length] == '\0')
            return true;
        word += length + 1;
    }
}

const char *action_text(struct action action, char text[CALL_ACTION_MAX])
{
    return writer_action(action, text);
}

bool action_equals(struct action one, struct action other)
{
    return one.kind == other.kind && (one.kind != ACTION_ERRNO || one.error == other.error);
}

bool action_allows(struct action action)
{
    return action.kind == ACTION_ALLOW || action.kind == ACTION_LOG;
}

int action_strictness(struct action action)
{
    static const int ORDER[] = {[ACTION_ALLOW] = 0,
                                [ACTION_LOG] = 1,
                                [ACTION_ERRNO] = 2,
                                [ACTION_TRAP] = 3,
                                [ACTION_KILL] = 4};

    return ORDER[action.kind];
}

const char *entry_text(const struct entry *entry, const char *name, char text[CALL_TEXT_MAX])
{
    char action[CALL_ACTION_MAX];

    action_text(entry->action, action);
    if (entry->section == SECTION_ALLOW && !entry->conditional)
        snprintf(text, CALL_TEXT_MAX, "syscalls = %s", name);
    else if (entry->section == SECTION_ALLOW)
        snprintf(text, CALL_TEXT_MAX, "%s = %s", name, entry->condition_text);
    else if (!entry->conditional)
        snprintf(text, CALL_TEXT_MAX, "%s = %s", name, action);
    else
        snprintf(text, CALL_TEXT_MAX, "%s = %s if %s", name, action, entry->condition_text);
    return text;
}

const char *entry_section(const struct whitelist *whitelist, const struct entry *entry,
                          char text[CALL_NAME_MAX])
{
    if (entry->stage > 0)
        snprintf(text, CALL_NAME_MAX, "stage %s", whitelist->stages[entry->stage - 1].name);
    else
        snprintf(text, CALL_NAME_MAX, "%s", entry->section == SECTION_ALLOW ? "allow" : "deny");
    return text;
}

const char *stage_functions(const struct stage *stage, const char *joint, char text[CALL_TEXT_MAX])
{
    size_t length = 0;

    *text = '\0';
    for (size_t i = 0; i < trigger_count() && length < CALL_TEXT_MAX; i++) {
        if (stage->triggers & (UINT32_C(1) << i))
            length += (size_t)snprintf(text + length, CALL_TEXT_MAX - length, "%s%s",
                                       length ? joint : "", trigger_name(i));
    }
    return text;
}

/* Whether an "and" stands at AT in TEXT, as a word of its own. */
static bool is_joint(const char *text, const char *at)
{
    static const char SEPARATORS[] = " \t,";

    return strncmp(at, "and", 3) == 0 && at > text && strchr(SEPARATORS, at[-1]) && at[3] != '\0' &&
           strchr(SEPARATORS, at[3]);
}

const char *entry_clause(const struct entry *entry, size_t index, char text[CALL_TEXT_MAX])
{
    const char *condition = entry->condition_text ? entry->condition_text : "";
    const char *start = condition;
    const char *at;

    for (at = condition; *at != '\0'; at++) {
        if (!is_joint(condition, at))
            continue;
        if (index-- == 0)
            break;
        start = at + 3;
    }
    start += strspn(start, " \t,");
    snprintf(text, CALL_TEXT_MAX, "%.*s", (int)(at - start), start);
    for (size_t end = strlen(text); end > 0 && strchr(" \t,", text[end - 1]); end--)
        text[end - 1] = '\0';
    return text;
}
