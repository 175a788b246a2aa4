#include "systemd_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char BLANKS[] = " \t\n\r";
static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

/* A unit file while it is read. */
struct reading {
    int (*take)(void *context, const struct systemd_setting *setting);
    void *context;
    enum systemd_section section;
};

static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    size_t length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

/* TEXT, trimmed, is the head of a section. */
static enum systemd_section find_section(const char *text)
{
    static const char *const NAMES[] = {"[Service]", "[Socket]", "[Mount]", "[Swap]"};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (strcmp(text, NAMES[i]) == 0)
            return SYSTEMD_INSIDE;
    }
    return SYSTEMD_ELSEWHERE;
}

static int take_line(struct reading *reading, unsigned number, char *text)
{
    struct systemd_setting setting = {.line = number, .section = reading->section};
    char *line = trim(text);
    char *equals = *line == '[' ? NULL : strchr(line, '=');

    if (*line == '\0')
        return 0;
    if (*line == '[' && line[strlen(line) - 1] == ']') {
        reading->section = find_section(line);
        return 0;
    }
    setting.value = line;
    if (equals) {
        *equals = '\0';
        setting.key = trim(line);
        setting.value = trim(equals + 1);
    }
    return reading->take(reading->context, &setting);
}

/* Whether TEXT ends in a '\' that no other escapes. */
static bool goes_on(const char *text, size_t length)
{
    size_t count = 0;

    while (count < length && text[length - count - 1] == '\\')
        count++;
    return count % 2 == 1;
}

/* How many bytes end a line at TEXT, before END: 0 where it goes on. Two that differ are one end,
 * as "\r\n" is. */
static size_t end_length(const char *text, const char *end)
{
    if (text == end || (*text != '\n' && *text != '\r' && *text != '\0'))
        return 0;
    if (*text == '\0' || text + 1 == end || text[1] == *text)
        return 1;
    return text[1] == '\n' || text[1] == '\r' || text[1] == '\0' ? 2 : 1;
}

static bool is_comment(const char *line, const char *end)
{
    while (line < end && strchr(BLANKS, *line))
        line++;
    return line < end && (*line == '#' || *line == ';');
}

/* A line of it at a time; WHOLE has room for all of TEXT. */
static int read_lines(struct reading *reading, const char *text, const char *end, char *whole)
{
    unsigned first = 0; /* the line that WHOLE begins in */
    bool continued = false;
    size_t used = 0;
    int error = 0;

    for (unsigned number = 1; text < end && !error; number++) {
        const char *line = text;
        while (text < end && end_length(text, end) == 0)
            text++;
        size_t length = (size_t)(text - line);
        text += end_length(text, end);
        /* a comment between lines that are one does not part them */
        if (is_comment(line, line + length))
            continue;
        if (!continued) {
            first = number;
            used = 0;
        }
        memcpy(whole + used, line, length);
        used += length;
        whole[used] = '\0';
        continued = goes_on(line, length);
        if (continued)
            whole[used - 1] = ' ';
        else
            error = take_line(reading, first, whole);
    }
    return continued && !error ? take_line(reading, first, whole) : error;
}

int systemd_settings(const char *text, size_t length,
                     int (*take)(void *context, const struct systemd_setting *setting),
                     void *context)
{
    struct reading reading = {.take = take, .context = context};
    size_t mark = strlen(BYTE_ORDER_MARK);
    char *whole = malloc(length + 1);

    if (!whole)
        return -ENOMEM;
    if (length >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
        text += mark;
        length -= mark;
    }
    int error = read_lines(&reading, text, text + length, whole);
    free(whole);
    return error;
}

char *systemd_word(char **text, bool *broken)
{
    char *from = *text + strspn(*text, BLANKS);
    char *word = from;
    char *to = from;

    *broken = false;
    for (; *from != '\0' && !strchr(BLANKS, *from); *to++ = *from++) {
        if (*from == '\\' && *++from == '\0') {
            *broken = true;
            *text = from;
            return NULL;
        }
    }
    *text = *from == '\0' ? from : from + 1;
    bool any = to > word;
    *to = '\0';
    return any ? word : NULL;
}

int systemd_boolean(const char *value)
{
    static const char *const YES[] = {"1", "yes", "y", "true", "t", "on"};
    static const char *const NO[] = {"0", "no", "n", "false", "f", "off"};

    for (size_t i = 0; i < sizeof(YES) / sizeof(YES[0]); i++) {
        if (strcasecmp(value, YES[i]) == 0)
            return 1;
        if (strcasecmp(value, NO[i]) == 0)
            return 0;
    }
    return -1;
}
