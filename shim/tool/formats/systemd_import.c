/* SystemCallFilter= and its like, as systemd reads them. */
#include "systemd_import.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/constants.h"
#include "../call.h"
#include "draft.h"
#include "systemd_unit.h"
#include "whole.h"

enum { NAME_MAX_BYTES = 128, ERRNO_MAX = 4094, DEPTH_MAX = 8 };

/* What a list gives a call: nothing of its own, or an action. */
struct listed {
    int number;
    char name[CALL_NAME_MAX];
    bool own; /* ACTION is its own */
    struct action action;
};

struct filter_lists {
    struct draft *draft;
    unsigned line;
    bool begun;
    bool allows;          /* it lists what is allowed */
    struct listed *items; /* owned */
    size_t count;
    struct action refusal; /* SystemCallErrorNumber= */
    bool native;           /* SystemCallArchitectures=native */
};

static struct place here(const struct filter_lists *lists)
{
    return (struct place){lists->draft->file, lists->line};
}

static void forget(struct filter_lists *lists)
{
    free(lists->items);
    lists->items = NULL;
    lists->count = 0;
    lists->begun = false;
}

static void remove_item(struct filter_lists *lists, int number)
{
    for (size_t i = 0; i < lists->count; i++) {
        if (lists->items[i].number == number)
            lists->items[i--] = lists->items[--lists->count];
    }
}

/* As systemd does it: what is listed the other way round is taken off, unless it brings an errno,
 * which is its own then. */
static int put_item(struct filter_lists *lists, const char *name, bool inverted, bool own,
                    struct action action)
{
    int number = call_number(name);

    if (number < 0)
        return 0;
    remove_item(lists, number);
    if (inverted == lists->allows && !(inverted && lists->allows && own))
        return 0;
    struct listed *items = reallocarray(lists->items, lists->count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    lists->items = items;
    struct listed *item = &items[lists->count++];
    *item = (struct listed){.number = number, .own = own, .action = action};
    snprintf(item->name, sizeof(item->name), "%s", name);
    return 0;
}

static int put_name(struct filter_lists *lists, const char *name, bool inverted, bool own,
                    struct action action, unsigned depth);

static int put_group(struct filter_lists *lists, const char *group, bool inverted, bool own,
                     struct action action, unsigned depth)
{
    char *members = NULL;
    char *rest = NULL;
    int error = depth < DEPTH_MAX ? systemd_group(group, &members) : -ELOOP;

    if (error == -ENOENT || error == -ENOEXEC) {
        diagnostic_error(lists->draft->diagnostics, here(lists),
                         error == -ENOENT
                             ? "systemd-analyze, which knows the members of '%s', is not here"
                             : "systemd-analyze knows no group '%s'",
                         group);
        return 0;
    }
    for (char *name = error ? NULL : strtok_r(members, "\n", &rest); name && !error;
         name = strtok_r(NULL, "\n", &rest))
        error = put_name(lists, name, inverted, own, action, depth + 1);
    free(members);
    return error;
}

static int put_name(struct filter_lists *lists, const char *name, bool inverted, bool own,
                    struct action action, unsigned depth)
{
    if (*name == '@')
        return put_group(lists, name, inverted, own, action, depth);
    if (depth == 0 && seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR &&
        call_number(name) < 0)
        diagnostic_warning(lists->draft->diagnostics, here(lists),
                           "the system call '%s' is unknown, and left out", name);
    return put_item(lists, name, inverted, own, action);
}

/* "EPERM", "13" or "kill". */
static bool parse_action(const struct filter_lists *lists, const char *word, struct action *action)
{
    char *end;
    long number = strtol(word, &end, 10);

    *action = (struct action){.kind = ACTION_KILL};
    if (strcmp(word, "kill") == 0)
        return true;
    action->kind = ACTION_ERRNO;
    action->error = constant_errno(word);
    if (action->error == 0 && *end == '\0' && *word != '\0' && number >= 1 && number <= ERRNO_MAX)
        action->error = (unsigned)number;
    if (action->error != 0)
        return true;
    diagnostic_error(lists->draft->diagnostics, here(lists),
                     "'%s' is no error that a whitelist can give: a name, 1 to 4094, or kill",
                     word);
    return false;
}

/* NAME, @GROUP, NAME:ERRNO. */
static int put_word(struct filter_lists *lists, const char *word, bool inverted)
{
    char name[NAME_MAX_BYTES];
    struct action action = {.kind = ACTION_ALLOW};
    const char *colon = strchr(word, ':');

    snprintf(name, sizeof(name), "%.*s", (int)(colon ? colon - word : (long)strlen(word)), word);
    if (colon && !inverted) {
        diagnostic_warning(lists->draft->diagnostics, here(lists),
                           "'%s' is left out, as by systemd: what is allowed has no error", word);
        return 0;
    }
    if (colon && !parse_action(lists, colon + 1, &action))
        return 0;
    return put_name(lists, name, inverted, colon != NULL, action, 0);
}

static int take_filter(struct filter_lists *lists, char *value)
{
    const struct action none = {.kind = ACTION_ALLOW};
    bool inverted = *value == '~';
    char *rest = NULL;
    int error = 0;

    if (*value == '\0') {
        forget(lists);
        return 0;
    }
    if (!lists->begun) {
        lists->begun = true;
        lists->allows = !inverted;
        if (lists->allows)
            error = put_group(lists, "@default", false, false, none, 0);
    }
    for (char *word = strtok_r(value + inverted, " \t", &rest); word && !error;
         word = strtok_r(NULL, " \t", &rest))
        error = put_word(lists, word, inverted);
    return error;
}

/* Settings that are filters as well, or narrow what a unit may do: they don't come along. */
static bool is_other_filter(const char *key)
{
    static const char *const KEYS[] = {
        "SystemCallLog",          "RestrictAddressFamilies",
        "MemoryDenyWriteExecute", "RestrictNamespaces",
        "RestrictRealtime",       "RestrictSUIDSGID",
        "LockPersonality",        "ProtectClock",
        "ProtectKernelModules",   "ProtectKernelLogs",
        "ProtectKernelTunables",  "PrivateDevices",
        "ProtectHostname",
    };

    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        if (strcmp(KEYS[i], key) == 0)
            return true;
    }
    return false;
}

static bool is_no(const char *value)
{
    return strcmp(value, "no") == 0 || strcmp(value, "false") == 0 || strcmp(value, "off") == 0 ||
           strcmp(value, "0") == 0 || *value == '\0';
}

/* A systemd_setting_taker. */
static int take(void *context, unsigned line, const char *key, char *value)
{
    struct filter_lists *lists = context;

    lists->line = line;
    if (strcmp(key, "SystemCallFilter") == 0)
        return take_filter(lists, value);
    if (strcmp(key, "SystemCallErrorNumber") == 0) {
        if (*value == '\0')
            lists->refusal = (struct action){.kind = ACTION_KILL};
        else
            (void)parse_action(lists, value, &lists->refusal);
    } else if (strcmp(key, "SystemCallArchitectures") == 0) {
        lists->native = strcmp(value, "native") == 0;
    } else if (strcmp(key, "NoNewPrivileges") == 0) {
        lists->draft->privileges = is_no(value);
    } else if (is_other_filter(key) && !is_no(value)) {
        diagnostic_warning(lists->draft->diagnostics, here(lists),
                           "'%s=' does not come along: keep it in the unit", key);
    }
    return 0;
}

static int finish(struct filter_lists *lists)
{
    struct draft *draft = lists->draft;
    const struct action allow = {.kind = ACTION_ALLOW};
    struct place file = {draft->file, 0};
    int error = 0;

    if (!lists->begun) {
        diagnostic_error(draft->diagnostics, file, "it has no SystemCallFilter=");
        return -EINVAL;
    }
    draft->default_action = lists->allows ? lists->refusal : allow;
    for (size_t i = 0; i < lists->count && !error; i++) {
        const struct listed *item = &lists->items[i];
        struct action action = lists->allows ? allow : lists->refusal;
        error = draft_plain(draft, item->number, item->name, item->own ? item->action : action);
    }
    if (!lists->native)
        diagnostic_warning(draft->diagnostics, file,
                           "without SystemCallArchitectures=native systemd lets calls of other "
                           "architectures pass; here they are killed");
    return error;
}

static int read_unit(struct draft *draft, void *context, const char *text, size_t length)
{
    struct filter_lists lists = {.draft = draft, .refusal = {.kind = ACTION_KILL}};

    (void)context;
    int error = systemd_settings(text, length, take, &lists);
    if (!error)
        error = finish(&lists);
    free(lists.items);
    return error;
}

int systemd_import(const struct import *import)
{
    return whole_import(import, "systemd's settings", read_unit, NULL);
}
