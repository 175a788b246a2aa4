#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/diagnostic.h"

void tool_error(const char *format, ...)
{
    va_list arguments;

    fputs("portcullis: error: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int tool_usage(const char *verb, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "portcullis %s: ", verb);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; see 'portcullis %s --help'\n", verb);
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
    (void)!tool_write(STDERR_FILENO, text, length);
}

void tool_note(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (!stream)
        return;
    fputs("portcullis: ", stream);
    va_start(arguments, format);
    vfprintf(stream, format, arguments);
    va_end(arguments);
    fputc('\n', stream);
    if (fclose(stream) == 0)
        tool_say(text, length);
    free(text);
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
