#include "lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/reader.h"

static const struct {
    const char *name;
    const char *purpose;
} LINTERS[LINT_COUNT] = {
    [LINT_ALWAYS_MATCHES] = {"always-matches", "a condition that every call meets"},
    [LINT_EXECUTABLE_MEMORY] = {"executable-memory", "memory may be made executable"},
    [LINT_FLAGS_EQUAL] = {"flags-equal",
                          "flags compared as a whole, so that one more flag gets by"},
    [LINT_HARDENING] = {"hardening", "a call that gets around the filter"},
    [LINT_IDLE_GROUP] = {"idle-group", "a group whose calls are all allowed by other lines"},
    [LINT_NAMESPACES] = {"namespaces", "user namespaces may be made or entered"},
    [LINT_NEVER_MATCHES] = {"never-matches", "a condition that no call meets"},
    [LINT_NO_LOADER] = {"no-loader", "execve without what a new program needs to start"},
    [LINT_OLD_PAIR] = {"old-pair",
                       "a call without, or not as strict as, the one that does the same"},
    [LINT_STAGE_IDLE] = {"stage-idle", "a stage that takes nothing away"},
    [LINT_STAGE_OPEN] = {"stage-open", "a stage that leaves a dangerous call open"},
    [LINT_STAGE_TRIGGER] = {"stage-trigger",
                            "a stage that refuses what the function does that begins it"},
    [LINT_STAGE_VAIN] = {"stage-vain", "a line that allows in a stage what [allow] refuses"},
    [LINT_STALE] = {"stale", "a compiled whitelist whose source has changed, or is gone"},
    [LINT_SWALLOWED] = {"swallowed", "a line that other lines make superfluous"},
    [LINT_WRITABLE] = {"writable", "a file that others than root and its owner can change"},
};

const char *linter_name(enum linter linter)
{
    return LINTERS[linter].name;
}

const char *linter_purpose(enum linter linter)
{
    return LINTERS[linter].purpose;
}

bool linter_find(const char *name, enum linter *linter)
{
    for (*linter = 0; *linter < LINT_COUNT; ++*linter) {
        if (strcmp(LINTERS[*linter].name, name) == 0)
            return true;
    }
    return false;
}

static void forget_source(struct lint *lint)
{
    free(lint->source.text);
    free(lint->lines);
    lint->source = (struct file){0};
    lint->source_name = NULL;
    lint->lines = NULL;
    lint->line_count = 0;
}

/* Finds the lines of the file PATH. Without memory, or if it is gone, it has none. */
static void read_source(struct lint *lint, const char *path)
{
    size_t count = 2;

    forget_source(lint);
    lint->source_name = path;
    if (file_read(path, WHITELIST_BYTES_MAX, &lint->source) != 0)
        return;
    const char *text = lint->source.text, *end = text + lint->source.length;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        count++;
    lint->lines = calloc(count, sizeof(*lint->lines));
    if (!lint->lines)
        return;
    for (const char *at = text; at; at = memchr(at, '\n', (size_t)(end - at))) {
        at += lint->line_count > 0;
        lint->lines[lint->line_count++] = at;
    }
    lint->lines[lint->line_count] = end;
}

/* A copy of the line PLACE of its file, for the file as a whole of the first, to be freed; NULL if
 * there is none. */
static char *copy_line(struct lint *lint, struct place place)
{
    size_t line = place.line > 0 ? place.line - 1 : 0;

    if (!lint->source_name || strcmp(lint->source_name, place.file) != 0)
        read_source(lint, place.file);
    if (line >= lint->line_count)
        return NULL;
    return strndup(lint->lines[line], (size_t)(lint->lines[line + 1] - lint->lines[line]));
}

bool lint_remarks(struct lint *lint, struct place place, const char *word)
{
    char *copy = copy_line(lint, place);
    const char *comment = copy ? strpbrk(copy, ";#") : NULL;
    bool has = comment && strstr(comment, word);

    free(copy);
    return has;
}

bool lint_is_seen(struct lint *lint, struct place place)
{
    return lint_remarks(lint, place, " seen ");
}

/* Whether a comment at PLACE says "no-warn: NAME", with other names or without. */
static bool is_silenced(struct lint *lint, enum linter linter, struct place place)
{
    static const char MARK[] = "no-warn:";
    char *copy = copy_line(lint, place);
    char *comment = copy ? strpbrk(copy, ";#") : NULL;
    char *mark = comment ? strstr(comment, MARK) : NULL;
    char *rest = NULL;
    bool silenced = false;

    for (char *word = mark ? strtok_r(mark + strlen(MARK), " \t\r\n,", &rest) : NULL; word;
         word = strtok_r(NULL, " \t\r\n,", &rest))
        silenced |= strcmp(word, linter_name(linter)) == 0;
    free(copy);
    return silenced;
}

bool lint_warn(struct lint *lint, enum linter linter, struct place place, const char *format, ...)
{
    char text[DIAGNOSTIC_TEXT_MAX];
    va_list arguments;

    if (lint->muted[linter] || is_silenced(lint, linter, place))
        return false;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    diagnostic_warning_of(lint->diagnostics, linter_name(linter), place, "%s", text);
    return true;
}

bool lint_concerns(const struct lint *lint, const struct entry *entry)
{
    return entry->stage == lint->stage;
}

void lint_policy(struct lint *lint)
{
    lint->stage = 0;
    lint->rules = &lint->policy->rules;
    lint_files(lint);
    if (lint->policy->artifact.bytes) {
        lint_stale(lint);
        forget_source(lint);
        return;
    }
    lint_lines(lint);
    for (unsigned stage = 0; stage <= lint->policy->whitelist.stage_count; stage++) {
        lint->stage = stage;
        lint->rules = policy_rules(lint->policy, stage);
        lint_swallowed(lint);
        lint_pairs(lint);
        lint_powers(lint);
        if (stage > 0)
            lint_stage(lint);
    }
    forget_source(lint);
}
