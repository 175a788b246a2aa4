#include "diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_NAME_MAX = 400 }; /* of a name, as much is shown */

const char *severity_name(enum severity severity)
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
static bool is_known(const struct diagnostics *diagnostics, const struct diagnostic *message,
                     const char *text)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        if (item->place.line == message->place.line && item->id == message->id &&
            strcmp(item->text, text) == 0 && strcmp(item->place.file, message->place.file) == 0)
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

/* Keeps MESSAGE, which has no text yet. */
__attribute__((format(printf, 3, 0))) static void add(struct diagnostics *diagnostics,
                                                      struct diagnostic message, const char *format,
                                                      va_list arguments)
{
    char text[DIAGNOSTIC_TEXT_MAX];
    bool is_note = message.severity == SEVERITY_NOTE;

    vsnprintf(text, sizeof(text), format, arguments);
    make_printable(text);
    if (!is_note) {
        diagnostics->muted = is_known(diagnostics, &message, text);
        if (diagnostics->muted)
            return;
    }
    message.text = make_room(diagnostics) ? strdup(text) : NULL;
    if (!message.text) {
        diagnostics->dropped += !is_note;
        diagnostics->muted = true;
        return;
    }
    diagnostics->items[diagnostics->count++] = message;
}

void diagnostic_error(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
    va_list arguments;

    diagnostics->errors++;
    va_start(arguments, format);
    add(diagnostics, (struct diagnostic){place, SEVERITY_ERROR, NULL, NULL}, format, arguments);
    va_end(arguments);
}

void diagnostic_warning(struct diagnostics *diagnostics, struct place place, const char *format,
                        ...)
{
    va_list arguments;

    diagnostics->warnings++;
    va_start(arguments, format);
    add(diagnostics, (struct diagnostic){place, SEVERITY_WARNING, NULL, NULL}, format, arguments);
    va_end(arguments);
}

void diagnostic_warning_of(struct diagnostics *diagnostics, const char *id, struct place place,
                           const char *format, ...)
{
    va_list arguments;

    diagnostics->warnings++;
    va_start(arguments, format);
    add(diagnostics, (struct diagnostic){place, SEVERITY_WARNING, id, NULL}, format, arguments);
    va_end(arguments);
}

void diagnostic_note(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
    va_list arguments;

    if (diagnostics->muted)
        return;
    va_start(arguments, format);
    add(diagnostics, (struct diagnostic){place, SEVERITY_NOTE, NULL, NULL}, format, arguments);
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

void diagnostics_visit(const struct diagnostics *diagnostics,
                       void (*visit)(void *context, const struct diagnostic *item), void *context)
{
    size_t order[DIAGNOSTICS_MAX];
    size_t count = sort(diagnostics, order);

    for (size_t i = 0; i < count; i++) {
        size_t item = order[i];
        visit(context, &diagnostics->items[item]);
        while (++item < diagnostics->count && diagnostics->items[item].severity == SEVERITY_NOTE)
            visit(context, &diagnostics->items[item]);
    }
}

const char *diagnostic_where(const struct diagnostic *item, char where[DIAGNOSTIC_WHERE_MAX])
{
    char line[16] = "";

    if (item->place.line > 0)
        snprintf(line, sizeof(line), ":%u", item->place.line);
    snprintf(where, DIAGNOSTIC_WHERE_MAX, "%.*s%s", FILE_NAME_MAX, item->place.file, line);
    make_printable(where);
    return where;
}

size_t diagnostic_line(const struct diagnostic *item, const char *where,
                       char line[DIAGNOSTIC_LINE_MAX])
{
    char own[DIAGNOSTIC_WHERE_MAX];

    if (!where)
        where = diagnostic_where(item, own);
    snprintf(line, DIAGNOSTIC_LINE_MAX - 1, "%.*s: %s: %s%s%s%s", DIAGNOSTIC_WHERE_MAX, where,
             severity_name(item->severity), item->text, item->id ? " [" : "",
             item->id ? item->id : "", item->id ? "]" : "");
    make_printable(line);
    size_t length = strlen(line);
    line[length++] = '\n';
    line[length] = '\0';
    return length;
}

size_t diagnostics_rest(const struct diagnostics *diagnostics, char line[DIAGNOSTIC_REST_MAX])
{
    *line = '\0';
    if (diagnostics->dropped > 0)
        snprintf(line, DIAGNOSTIC_REST_MAX, "portcullis: and %lu more\n",
                 (unsigned long)diagnostics->dropped);
    return strlen(line);
}

/* Where diagnostics_tell() writes to. */
struct sink {
    void (*write)(void *context, const char *text, size_t length);
    void *context;
};

static void tell(void *context, const struct diagnostic *item)
{
    const struct sink *sink = context;
    char line[DIAGNOSTIC_LINE_MAX];
    size_t length = diagnostic_line(item, NULL, line);

    sink->write(sink->context, line, length);
}

void diagnostics_tell(const struct diagnostics *diagnostics,
                      void (*write)(void *context, const char *text, size_t length), void *context)
{
    struct sink sink = {write, context};
    char line[DIAGNOSTIC_REST_MAX];

    diagnostics_visit(diagnostics, tell, &sink);
    size_t length = diagnostics_rest(diagnostics, line);
    if (length > 0)
        write(context, line, length);
}

void diagnostics_release(struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        free(diagnostics->items[i].text);
    free(diagnostics->items);
    *diagnostics = (struct diagnostics){0};
}
