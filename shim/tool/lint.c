#include "lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The line PLACE of its file, not ended by a NUL; for the file as a whole, its first line. */
static const char *find_line(struct lint *lint, struct place place, size_t *length)
{
    if (!lint->source_name || strcmp(lint->source_name, place.file) != 0) {
        free(lint->source.text);
        lint->source = (struct file){0};
        lint->source_name = place.file;
        if (file_read(place.file, 1 << 20, &lint->source) != 0)
            lint->source = (struct file){0};
    }
    const char *line = lint->source.text;
    const char *end = line + lint->source.length;
    for (unsigned i = 1; line && i < place.line; i++) {
        line = memchr(line, '\n', (size_t)(end - line));
        line += line != NULL;
    }
    if (!line)
        return NULL;
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    *length = (size_t)((newline ? newline : end) - line);
    return line;
}

/* Whether a comment at PLACE says "no-warn: NAME", with other names or without. */
static bool is_silenced(struct lint *lint, enum linter linter, struct place place)
{
    static const char MARK[] = "no-warn:";
    size_t length;
    const char *line = find_line(lint, place, &length);
    char *copy = line ? strndup(line, length) : NULL;
    char *comment = copy ? strpbrk(copy, ";#") : NULL;
    char *mark = comment ? strstr(comment, MARK) : NULL;
    char *rest = NULL;
    bool silenced = false;

    for (char *word = mark ? strtok_r(mark + strlen(MARK), " \t\r,", &rest) : NULL; word;
         word = strtok_r(NULL, " \t\r,", &rest))
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
    diagnostic_warning(lint->diagnostics, place, "%s [%s]", text, linter_name(linter));
    return true;
}

void lint_policy(struct lint *lint)
{
    lint_files(lint);
    lint_lines(lint);
    lint_swallowed(lint);
    lint_pairs(lint);
    lint_powers(lint);
    free(lint->source.text);
    lint->source = (struct file){0};
    lint->source_name = NULL;
}
