#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/diagnostic.h"
#include "printable.h"

/* PREFIX, what FORMAT makes, in one line whatever is in it, and SUFFIX, to DESCRIPTOR. */
__attribute__((format(printf, 3, 0))) static void say_line(int descriptor, const char *prefix,
                                                           const char *format, va_list arguments,
                                                           const char *suffix)
{
    char *text = NULL;
    char *line = NULL;
    char *whole = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        return;
    line = printable_line(text);
    int length = line ? asprintf(&whole, "%s%s%s\n", prefix, line, suffix) : -1;
    if (length > 0)
        tool_say_to(descriptor, whole, (size_t)length);
    free(text);
    free(line);
    free(length > 0 ? whole : NULL);
}

void tool_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_line(STDERR_FILENO, "portcullis: error: ", format, arguments, "");
    va_end(arguments);
}

int tool_usage(const char *verb, const char *format, ...)
{
    char prefix[64];
    char suffix[64];
    va_list arguments;

    snprintf(prefix, sizeof(prefix), "portcullis %s: ", verb);
    snprintf(suffix, sizeof(suffix), "; see 'portcullis %s --help'", verb);
    va_start(arguments, format);
    say_line(STDERR_FILENO, prefix, format, arguments, suffix);
    va_end(arguments);
    return STATUS_USAGE;
}

int tool_option(const char *verb, int result, char **arguments)
{
    const char *word = arguments[optind - 1];
    const char *value = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;

    if (result == ':')
        return tool_usage(verb, "option '%s' needs a value", word);
    if (optopt != 0 && value) /* it knows the option */
        return tool_usage(verb, "option '%.*s' takes no value", (int)(value - word), word);
    if (optopt != 0) /* a letter, perhaps among others */
        return tool_usage(verb, "unknown option '-%c'", optopt);
    return tool_usage(verb, "unknown option '%s'", word);
}

int tool_write(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

void tool_say(const char *text, size_t length)
{
    tool_say_to(STDERR_FILENO, text, length);
}

void tool_say_to(int descriptor, const char *text, size_t length)
{
    size_t written = 0;
    char *out = malloc(PRINTABLE_GROWTH * length + 1);

    if (!out)
        return;
    printable_copy(text, length, true, false, out, &written);
    (void)!tool_write(descriptor, out, written);
    free(out);
}

void tool_note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_line(STDERR_FILENO, "portcullis: ", format, arguments, "");
    va_end(arguments);
}

void tool_note_to(int descriptor, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_line(descriptor, "portcullis: ", format, arguments, "");
    va_end(arguments);
}

static void say(void *context, const char *text, size_t length)
{
    (void)context;
    tool_say(text, length);
}

void tool_tell(const struct diagnostics *diagnostics)
{
    diagnostics_tell(diagnostics, say, NULL);
}

bool tool_colours(int descriptor)
{
    const char *off = getenv("NO_COLOR");

    return isatty(descriptor) && (!off || *off == '\0');
}
