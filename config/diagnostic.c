#include "diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_NAME_MAX = 400 }; /* of a name, as much is shown */

struct diagnostic {
    struct place place;
    enum severity severity;
    char *text; /* owned */
};

static const char *severity_name(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR:
        return "error";
    case SEVERITY_WARNING:
        return "warning";
    case SEVERITY_NOTE:
        break;
    }
    return "note";
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

/* A file that is included twice has its mistakes twice; they are told once. */
static bool is_known(const struct diagnostics *diagnostics, struct place place, const char *text)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        if (item->place.line == place.line && strcmp(item->text, text) == 0 &&
            strcmp(item->place.file, place.file) == 0)
            return true;
    }
    return false;
}

static bool make_room(struct diagnostics *diagnostics)
{
    if (diagnostics->count >= DIAGNOSTICS_MAX)
        return false;
    if (diagnostics->count < diagnostics->capacity)
        return true;
    size_t capacity = diagnostics->capacity ? 2 * diagnostics->capacity : 8;
    struct diagnostic *items = realloc(diagnostics->items, capacity * sizeof(struct diagnostic));
    if (!items)
        return false;
    diagnostics->items = items;
    diagnostics->capacity = capacity;
    return true;
}

__attribute__((format(printf, 4, 0))) static void add(struct diagnostics *diagnostics,
                                                      struct place place, enum severity severity,
                                                      const char *format, va_list arguments)
{
    char text[DIAGNOSTIC_TEXT_MAX];

    vsnprintf(text, sizeof(text), format, arguments);
    make_printable(text);
    if (severity != SEVERITY_NOTE) {
        diagnostics->muted = is_known(diagnostics, place, text);
        if (diagnostics->muted)
            return;
    }
    char *copy = make_room(diagnostics) ? strdup(text) : NULL;
    if (!copy) {
        diagnostics->dropped += severity != SEVERITY_NOTE;
        diagnostics->muted = true;
        return;
    }
    diagnostics->items[diagnostics->count++] = (struct diagnostic){place, severity, copy};
}

void diagnostic_error(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
    va_list arguments;

    diagnostics->errors++;
    va_start(arguments, format);
    add(diagnostics, place, SEVERITY_ERROR, format, arguments);
    va_end(arguments);
}

void diagnostic_warning(struct diagnostics *diagnostics, struct place place, const char *format,
                        ...)
{
    va_list arguments;

    diagnostics->warnings++;
    va_start(arguments, format);
    add(diagnostics, place, SEVERITY_WARNING, format, arguments);
    va_end(arguments);
}

void diagnostic_note(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
    va_list arguments;

    if (diagnostics->muted)
        return;
    va_start(arguments, format);
    add(diagnostics, place, SEVERITY_NOTE, format, arguments);
    va_end(arguments);
}

/* When the file of item INDEX first came up. */
static size_t file_rank(const struct diagnostics *diagnostics, size_t index)
{
    size_t rank = 0;

    while (strcmp(diagnostics->items[rank].place.file, diagnostics->items[index].place.file) != 0)
        rank++;
    return rank;
}

static bool stands_before(const struct diagnostics *diagnostics, size_t one, size_t other)
{
    size_t rank = file_rank(diagnostics, one);
    size_t other_rank = file_rank(diagnostics, other);

    if (rank != other_rank)
        return rank < other_rank;
    return diagnostics->items[one].place.line < diagnostics->items[other].place.line;
}

/* Fills ORDER with the items that are not notes, in the order of the files; returns their number.
 * An insertion sort: it is stable, and there are few. */
static size_t sort(const struct diagnostics *diagnostics, size_t order[DIAGNOSTICS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < diagnostics->count; i++) {
        if (diagnostics->items[i].severity == SEVERITY_NOTE)
            continue;
        size_t at = count++;
        for (; at > 0 && stands_before(diagnostics, i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return count;
}

static void tell(const struct diagnostic *item,
                 void (*write)(void *context, const char *text, size_t length), void *context)
{
    char line[DIAGNOSTIC_TEXT_MAX + FILE_NAME_MAX + 64];
    char number[16] = "";

    if (item->place.line > 0)
        snprintf(number, sizeof(number), "%u:", item->place.line);
    snprintf(line, sizeof(line), "%.*s:%s %s: %s", FILE_NAME_MAX, item->place.file, number,
             severity_name(item->severity), item->text);
    make_printable(line);
    size_t length = strlen(line);
    line[length++] = '\n';
    write(context, line, length);
}

void diagnostics_tell(const struct diagnostics *diagnostics,
                      void (*write)(void *context, const char *text, size_t length), void *context)
{
    size_t order[DIAGNOSTICS_MAX];
    size_t count = sort(diagnostics, order);

    for (size_t i = 0; i < count; i++) {
        size_t item = order[i];
        tell(&diagnostics->items[item], write, context);
        while (++item < diagnostics->count && diagnostics->items[item].severity == SEVERITY_NOTE)
            tell(&diagnostics->items[item], write, context);
    }
    if (diagnostics->dropped > 0) {
        char line[64];
        snprintf(line, sizeof(line), "portcullis: and %lu more\n",
                 (unsigned long)diagnostics->dropped);
        write(context, line, strlen(line));
    }
}

void diagnostics_release(struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        free(diagnostics->items[i].text);
    free(diagnostics->items);
    *diagnostics = (struct diagnostics){0};
}
