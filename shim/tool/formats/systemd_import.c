/* SystemCallFilter= and its like, as systemd reads them. */
#include "systemd_import.h"

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/constants.h"
#include "../call.h"
#include "draft.h"
#include "systemd_groups.h"
#include "systemd_unit.h"
#include "whole.h"

enum { NAME_MAX_BYTES = 128, ERRNO_MAX = 4094, SYSTEMD_ERRNO_MAX = 4095 };

/* What a list gives a call: nothing of its own, or an action. */
struct listed {
    bool here;
    bool own; /* ACTION is its own */
    struct action action;
};

struct filter_lists {
    struct draft *draft;
    unsigned line;
    bool begun;
    bool outside; /* SystemCallFilter= stands where systemd does not look */
    bool allows;  /* it lists what is allowed */
    struct listed items[CALL_NUMBERS];
    struct action refusal; /* SystemCallErrorNumber= */
    bool bounded;          /* SystemCallArchitectures= has some */
    bool foreign;          /* one of them is not this one */
    struct systemd_groups groups;
};

/* How a list takes what is named on its lines. */
struct manner {
    bool inverted; /* behind '~' */
    bool own;      /* with an action of its own */
    struct action action;
};

static struct place here(const struct filter_lists *lists)
{
    return (struct place){lists->draft->file, lists->line};
}

__attribute__((format(printf, 2, 3))) static void warn(const struct filter_lists *lists,
                                                       const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    diagnostic_warning(lists->draft->diagnostics, here(lists), "%s", text);
}

static void forget(struct filter_lists *lists)
{
    memset(lists->items, 0, sizeof(lists->items));
    lists->begun = false;
}

/* As systemd does it: what is listed the other way round is taken off, unless it brings an errno,
 * which is its own then. */
static void put_call(struct filter_lists *lists, int number, const struct manner *manner)
{
    struct listed *item = &lists->items[number];

    item->here = manner->inverted != lists->allows || (manner->inverted && manner->own);
    item->own = manner->own;
    item->action = manner->action;
}

static int put_group(struct filter_lists *lists, const char *name, const struct manner *manner)
{
    int error = systemd_groups_ask(&lists->groups);

    if (error == -ENOENT || error == -ENOEXEC) {
        diagnostic_error(lists->draft->diagnostics, here(lists),
                         error == -ENOENT
                             ? "systemd-analyze, which knows the members of '%s', is not here"
                             : "systemd-analyze, which knows the members of '%s', fails",
                         name);
        return -EINVAL;
    }
    const struct systemd_group *group = error ? NULL : systemd_groups_find(&lists->groups, name);
    if (!error && !group)
        warn(lists, "this machine's systemd knows no group '%s': it is left out, as by systemd",
             name);
    for (size_t i = 0; group && i < group->count; i++)
        put_call(lists, group->numbers[i], manner);
    return error;
}

static int put_name(struct filter_lists *lists, const char *name, const struct manner *manner)
{
    /* systemd knows names only */
    bool named = !isdigit((unsigned char)*name);
    int number = named ? call_number(name) : -ENOENT;

    if (*name == '@')
        return put_group(lists, name, manner);
    if (number >= 0 && number < CALL_NUMBERS)
        put_call(lists, number, manner);
    else if (!named)
        warn(lists, "'%s' is left out, as by systemd: it takes names, and no numbers", name);
    else if (rules_number(name) == -ENOENT)
        warn(lists, "the system call '%s' is unknown, and left out", name);
    return 0;
}

/* "EPERM", "13" or "kill". Returns false for what systemd ignores, after a warning, and for what a
 * whitelist can't give, after reporting that. */
static bool parse_action(const struct filter_lists *lists, const char *word, struct action *action)
{
    char *end;
    errno = 0;
    long number = strtol(word, &end, 0);
    bool numeric = *word != '\0' && *end == '\0' && errno == 0;

    *action = (struct action){.kind = ACTION_KILL};
    if (strcmp(word, "kill") == 0)
        return true;
    action->kind = ACTION_ERRNO;
    action->error = constant_errno(word);
    if (action->error == 0 && numeric && number >= 1 && number <= ERRNO_MAX)
        action->error = (unsigned)number;
    if (action->error != 0)
        return true;
    if (numeric && number >= 0 && number <= SYSTEMD_ERRNO_MAX)
        diagnostic_error(lists->draft->diagnostics, here(lists),
                         "'%s' is no error that a whitelist can give: a name, 1 to 4094, or kill",
                         word);
    else
        warn(lists, "'%s' is no error, and what it is for is left out, as by systemd", word);
    return false;
}

/* NAME, @GROUP, NAME:ERRNO. */
static int put_word(struct filter_lists *lists, const char *word, bool inverted)
{
    char name[NAME_MAX_BYTES];
    struct manner manner = {.inverted = inverted, .action = {.kind = ACTION_ALLOW}};
    const char *colon = strchr(word, ':');

    manner.own = colon != NULL;
    if (colon && !inverted) {
        warn(lists, "'%s' is left out, as by systemd: what is allowed has no error", word);
        return 0;
    }
    if (colon && !parse_action(lists, colon + 1, &manner.action))
        return 0;
    snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - word) : NAME_MAX_BYTES, word);
    return put_name(lists, name, &manner);
}

static int take_filter(struct filter_lists *lists, char *value)
{
    const struct manner allowed = {.action = {.kind = ACTION_ALLOW}};
    bool inverted = *value == '~';
    bool broken = false;
    int error = 0;

    if (*value == '\0') {
        forget(lists);
        return 0;
    }
    if (!lists->begun) {
        lists->begun = true;
        lists->allows = !inverted;
        if (lists->allows)
            error = put_group(lists, "@default", &allowed);
    }
    value += inverted;
    for (char *word; !error && (word = systemd_word(&value, &broken));)
        error = put_word(lists, word, inverted);
    if (broken)
        warn(lists, "nothing stands behind the last '\\': systemd ignores the word that it ends");
    return error;
}

static bool is_among(const char *word, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
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

    return is_among(key, KEYS, sizeof(KEYS) / sizeof(KEYS[0]));
}

static void take_error_number(struct filter_lists *lists, const char *value)
{
    struct action action = {.kind = ACTION_KILL};

    if (strcmp(value, "0") == 0)
        warn(lists, "'0' is no error: 'SystemCallErrorNumber=' is left out, as by systemd");
    else if (*value == '\0' || parse_action(lists, value, &action))
        lists->refusal = action;
}

/* An empty list begins anew. */
static void take_architectures(struct filter_lists *lists, char *value)
{
    static const char *const OWN[] = {"native", "x86-64", "arm64"};
    static const char *const FOREIGN[] = {"x86", "x32", "arm"};
    bool broken = false;

    if (*value == '\0')
        lists->bounded = lists->foreign = false;
    for (char *word; (word = systemd_word(&value, &broken));) {
        bool foreign = is_among(word, FOREIGN, sizeof(FOREIGN) / sizeof(FOREIGN[0]));
        if (foreign || is_among(word, OWN, sizeof(OWN) / sizeof(OWN[0])))
            lists->bounded = true;
        else
            warn(lists, "the architecture '%s' is unknown here, and left out", word);
        lists->foreign |= foreign;
    }
}

static int take_inside(struct filter_lists *lists, const char *key, char *value)
{
    int yes = systemd_boolean(value);

    if (strcmp(key, "SystemCallFilter") == 0)
        return take_filter(lists, value);
    if (strcmp(key, "SystemCallErrorNumber") == 0)
        take_error_number(lists, value);
    else if (strcmp(key, "SystemCallArchitectures") == 0)
        take_architectures(lists, value);
    else if (strcmp(key, "NoNewPrivileges") == 0 && yes < 0)
        warn(lists, "'%s' is no boolean: 'NoNewPrivileges=' is left out, as by systemd", value);
    else if (strcmp(key, "NoNewPrivileges") == 0)
        lists->draft->privileges = !yes;
    else if (is_other_filter(key) && yes != 0 && *value != '\0')
        warn(lists, "'%s=' does not come along: keep it in the unit", key);
    return 0;
}

/* For systemd_settings(). */
static int take(void *context, const struct systemd_setting *setting)
{
    struct filter_lists *lists = context;
    const char *key = setting->key;

    lists->line = setting->line;
    if (!key && *setting->value == '[') {
        diagnostic_error(lists->draft->diagnostics, here(lists),
                         "the head of a section ends with ']': systemd refuses the file");
        return -EINVAL;
    }
    if (setting->section == SYSTEMD_NOWHERE && key && strncmp(key, "SystemCall", 10) == 0) {
        warn(lists,
             "'%s=' stands before any section, where systemd ignores it: put [Service] "
             "above it",
             key);
        lists->outside |= strcmp(key, "SystemCallFilter") == 0;
    }
    if (setting->section != SYSTEMD_INSIDE)
        return 0;
    if (!key)
        warn(lists, "the line has no '=', and is left out, as by systemd");
    return key ? take_inside(lists, key, setting->value) : 0;
}

static int finish(struct filter_lists *lists)
{
    struct draft *draft = lists->draft;
    const struct action allow = {.kind = ACTION_ALLOW};
    struct place file = {draft->file, 0};
    char name[CALL_NAME_MAX];
    int error = 0;

    if (!lists->begun) {
        diagnostic_error(draft->diagnostics, file,
                         lists->outside ? "it has no SystemCallFilter= in a section"
                                        : "it has no SystemCallFilter=");
        return -EINVAL;
    }
    draft->default_action = lists->allows ? lists->refusal : allow;
    for (int i = 0; i < CALL_NUMBERS && !error; i++) {
        const struct listed *item = &lists->items[i];
        struct action action = lists->allows ? allow : lists->refusal;
        if (item->here)
            error = draft_plain(draft, i, call_name(i, name), item->own ? item->action : action);
    }
    if (!lists->bounded)
        diagnostic_warning(draft->diagnostics, file,
                           "without SystemCallArchitectures=native systemd lets calls of other "
                           "architectures pass; here they are killed");
    else if (lists->foreign)
        diagnostic_warning(draft->diagnostics, file,
                           "SystemCallArchitectures= has another architecture; here its calls are "
                           "killed");
    return error;
}

static int read_unit(struct draft *draft, void *context, const char *text, size_t length)
{
    struct filter_lists lists = {.draft = draft, .refusal = {.kind = ACTION_KILL}};

    (void)context;
    int error = systemd_settings(text, length, take, &lists);
    if (!error)
        error = finish(&lists);
    systemd_groups_release(&lists.groups);
    return error;
}

int systemd_import(const struct import *import)
{
    return whole_import(import, "systemd's settings", read_unit, NULL);
}
