#include <stdio.h>
#include <string.h>

#include "constants.h"
#include "lexer.h"
#include "reading.h"
#include "suggest.h"

enum { ACTION_NAME_MAX = 32 };

static const struct {
    char name[8];
    enum action_kind kind;
    bool only_default;
} ACTIONS[] = {
    {"kill", ACTION_KILL, false},
    {"trap", ACTION_TRAP, false},
    {"log", ACTION_LOG, true},
    {"allow", ACTION_ALLOW, true},
};

enum {
    ACTION_COUNT = sizeof(ACTIONS) / sizeof(ACTIONS[0]),
    ERRNO_MAX = 4094, /* the kernel would take one more, libseccomp does not */
};

static bool parse_number(const struct reading *reading, const char *word, size_t length,
                         struct action *action)
{
    struct number number;

    if (lexer_number(word, length, &number) == 0 && !number.negative && number.bits >= 1 &&
        number.bits <= ERRNO_MAX) {
        *action = (struct action){ACTION_ERRNO, (unsigned)number.bits};
        return true;
    }
    diagnostic_error(reading->diagnostics, reading->lines.place,
                     "'%.*s' is no error number: they go from 1 to %d", (int)length, word,
                     ERRNO_MAX);
    return false;
}

static void report_unknown(const struct reading *reading, const char *name, bool as_default)
{
    char near[64];
    struct suggestion suggestion = suggestion_for(name);

    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (as_default || !ACTIONS[i].only_default)
            suggestion_offer(&suggestion, ACTIONS[i].name);
    }
    for (size_t i = 0; i < constant_count(); i++) {
        if (constant_errno(constant_name(i)) != 0)
            suggestion_offer(&suggestion, constant_name(i));
    }
    diagnostic_error(reading->diagnostics, reading->lines.place,
                     "unknown action '%s': it is an error (EPERM), kill%s trap%s%s", name,
                     as_default ? "," : " or", as_default ? ", log or allow" : "",
                     suggestion_text(&suggestion, near, sizeof(near)));
}

bool action_parse(const struct reading *reading, const char *word, size_t length, bool as_default,
                  struct action *action)
{
    char name[ACTION_NAME_MAX];
    size_t kept = length < sizeof(name) ? length : sizeof(name) - 1;

    memcpy(name, word, kept);
    name[kept] = '\0';
    if (strcmp(name, "if") == 0) {
        diagnostic_error(reading->diagnostics, reading->lines.place,
                         "the action is missing before 'if'");
        return false;
    }
    if (*word == '-' || (*word >= '0' && *word <= '9'))
        return parse_number(reading, word, length, action);
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(name, ACTIONS[i].name) != 0)
            continue;
        *action = (struct action){.kind = ACTIONS[i].kind};
        if (as_default || !ACTIONS[i].only_default)
            return true;
        diagnostic_error(reading->diagnostics, reading->lines.place,
                         "'%s' can only be a default, not what a denied call gets", name);
        return false;
    }
    *action = (struct action){ACTION_ERRNO, constant_errno(name)};
    if (action->error != 0)
        return true;
    report_unknown(reading, name, as_default);
    return false;
}
