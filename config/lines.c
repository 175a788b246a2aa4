#include "lines.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_comment(char c)
{
    return c == ';' || c == '#';
}

/* The length of LINE without its comment and the blanks at its end. */
static size_t meaningful_length(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is_comment(line[i]) && (i == 0 || is_blank(line[i - 1]))) {
            length = i;
            break;
        }
    }
    while (length > 0 && is_blank(line[length - 1]))
        length--;
    return length;
}

static void refuse(const struct lines *lines, const char *why)
{
    diagnostic_error(lines->diagnostics, lines->place, "%s", why);
}

static bool check_section(const struct lines *lines, const char *line, size_t length)
{
    if (line[length - 1] == ']' && !memchr(line + 1, ']', length - 2))
        return true;
    refuse(lines, "a section is written [name], with nothing behind it but a comment");
    return false;
}

static bool check_setting(const struct lines *lines, const char *line, size_t length)
{
    const char *equal = memchr(line, '=', length);
    const char *colon = memchr(line, ':', length);

    /* inih would split at the colon */
    if (equal && (!colon || colon > equal)) {
        if (equal != line)
            return true;
        refuse(lines, "there is no key before '='");
        return false;
    }
    refuse(lines, "a line is 'key = value' or '[section]'");
    return false;
}

/* isspace() in inih takes more characters for blanks than the language does. */
static const char *find_control(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return &line[i];
    }
    return NULL;
}

static bool is_section(const char *line, size_t length)
{
    size_t at = 0;

    while (at < length && is_blank(line[at]))
        at++;
    return at < length && line[at] == '[';
}

/* Whether inih may see the LENGTH bytes at LINE, of which MEANINGFUL are no comment. */
static bool check(const struct lines *lines, const char *line, size_t length, size_t meaningful)
{
    if (memchr(line, '\0', length)) {
        refuse(lines, "the line has a NUL byte");
        return false;
    }
    const char *control = find_control(line, length);
    if (control) {
        diagnostic_error(lines->diagnostics, lines->place,
                         "the line has a control character (0x%lx)", (unsigned long)*control);
        return false;
    }
    if (length > LINE_BYTES_MAX) {
        diagnostic_error(lines->diagnostics, lines->place,
                         "the line is longer than %d bytes; split it: a key can be repeated",
                         LINE_BYTES_MAX);
        return false;
    }
    if (meaningful == 0)
        return false;
    if (is_blank(line[0])) {
        refuse(lines, "the line is indented; start it in the first column");
        return false;
    }
    return line[0] == '[' ? check_section(lines, line, meaningful)
                          : check_setting(lines, line, meaningful);
}

void lines_begin(struct lines *lines, const char *text, size_t length)
{
    static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";
    size_t mark = sizeof(BYTE_ORDER_MARK) - 1;

    if (length < mark || memcmp(text, BYTE_ORDER_MARK, mark) != 0)
        mark = 0;
    lines->cursor = text + mark;
    lines->end = text + length;
}

char *lines_read(char *buffer, int size, void *stream)
{
    struct lines *lines = stream;

    if (lines->cursor == lines->end || size <= LINE_BYTES_MAX)
        return NULL;
    const char *line = lines->cursor;
    const char *newline = memchr(line, '\n', (size_t)(lines->end - line));
    size_t length = (size_t)((newline ? newline : lines->end) - line);
    lines->cursor = newline ? newline + 1 : lines->end;
    lines->place.line++;
    if (length > 0 && line[length - 1] == '\r')
        length--;

    size_t meaningful = meaningful_length(line, length);
    lines->meaningful += meaningful > 0;
    bool section = is_section(line, meaningful);
    bool good = check(lines, line, length, meaningful);
    if (section)
        lines->on_section(lines->context, good ? line + 1 : NULL, good ? meaningful - 2 : 0);
    if (!good)
        meaningful = 0;
    memcpy(buffer, line, meaningful);
    buffer[meaningful] = '\0';
    return buffer;
}
