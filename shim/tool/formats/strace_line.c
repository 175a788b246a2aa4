#include "strace_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Linux never has a higher one; a larger number in the first column is a time. */
enum { PID_MAX = 4194304 };

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static struct strace_text text_between(const char *start, const char *end)
{
    while (start < end && isspace((unsigned char)*start))
        start++;
    while (end > start && isspace((unsigned char)end[-1]))
        end--;
    return (struct strace_text){start, (size_t)(end - start)};
}

/* Behind the '>' of "<comm>", "</a/path>", "<TCP:[1.2.3.4:5->6.7.8.9:10]>"; TEXT is at the '<'. */
static const char *skip_angle(const char *text)
{
    unsigned depth = 0;

    for (; *text != '\0'; text++) {
        if (*text == '<')
            depth++;
        else if (*text == '>' && text[-1] != '-' && --depth == 0)
            return text + 1;
    }
    return text;
}

static const char *skip_quoted(const char *text)
{
    for (text++; *text != '\0' && *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
    }
    return *text == '"' ? text + 1 : text;
}

static const char *skip_comment(const char *text)
{
    const char *end = strstr(text + 2, "*/");

    return end ? end + 2 : text + strlen(text);
}

/* Whether TEXT begins what -y says about the descriptor, or -Y about the process, before it. */
static bool is_angle(const char *text, const char *start)
{
    return *text == '<' && text > start && isalnum((unsigned char)text[-1]) && text[1] != '<' &&
           !starts(text, "<unfinished ...>");
}

const char *strace_line_skip(const char *text, bool comma)
{
    const char *start = text;
    int depth = 0;

    while (*text != '\0') {
        if (*text == '"') {
            text = skip_quoted(text);
            continue;
        }
        if (starts(text, "/*")) {
            text = skip_comment(text);
            continue;
        }
        if (is_angle(text, start)) {
            text = skip_angle(text);
            continue;
        }
        if (depth == 0 && (*text == ')' || (comma && *text == ',')))
            return text;
        if (strchr("([{", *text))
            depth++;
        else if (strchr(")]}", *text))
            depth--;
        text++;
    }
    return text;
}

/* "[pid   123] ", "[pid 123<comm>] " */
static const char *skip_pid(const char *text, struct strace_line *line)
{
    char *end = NULL;
    long pid = strtol(text + strlen("[pid"), &end, 10);
    const char *after = *end == '<' ? skip_angle(end) : end;

    if (pid <= 0 || !starts(after, "] "))
        return text;
    line->pid = pid;
    return after + 2;
}

/* "[00007f8513f00409] ", "[????????????????] ", "[ 231] ": of -i and -n. */
static const char *skip_bracket(const char *text)
{
    size_t length = strspn(text + 1, " ?0123456789abcdef") + 1;

    return starts(text + length, "] ") ? text + length + 2 : text;
}

/* "123  ", "123<comm> ", "12:34:56.789 ", "1795473913.324224 ", "0.000123 " */
static const char *skip_number(const char *text, struct strace_line *line)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);

    if (*end == ' ' || *end == '<') {
        const char *after = *end == '<' ? skip_angle(end) : end;
        if (*after != ' ' || (line->pid != 0 && number <= PID_MAX))
            return text;
        if (number > 0 && number <= PID_MAX)
            line->pid = number;
        return after;
    }
    size_t length = strspn(text, "0123456789:.+-T");
    return (*end == ':' || *end == '.') && text[length] == ' ' ? text + length : text;
}

static const char *skip_prefix(const char *text, struct strace_line *line)
{
    if (*text == ' ')
        return text + 1;
    if (starts(text, "[pid"))
        return skip_pid(text, line);
    if (*text == '[')
        return skip_bracket(text);
    if (starts(text, "(+")) {
        const char *end = strchr(text, ')');
        return end ? end + 1 : text;
    }
    return isdigit((unsigned char)*text) ? skip_number(text, line) : text;
}

static void set_result(const char *text, struct strace_line *line)
{
    const char *end = text + strlen(text);

    /* what -T says */
    if (end > text && end[-1] == '>') {
        const char *angle = strrchr(text, '<');
        if (angle && angle > text && angle[-1] == ' ' && isdigit((unsigned char)angle[1]))
            end = angle;
    }
    line->result = text_between(text, end);
}

/* What is behind the call's '(', or behind "resumed>". */
static void parse_arguments(const char *text, enum strace_kind kind, struct strace_line *line)
{
    const char *end = strace_line_skip(text, false);
    const char *unfinished = NULL;

    if (*end == ')') {
        const char *equals = end + 1 + strspn(end + 1, " ");
        line->kind = *equals == '=' ? kind : STRACE_UNKNOWN;
        line->arguments = text_between(text, end);
        /* the process ended inside the call */
        if (line->arguments.length >= strlen("<unfinished ...>") &&
            starts(end - strlen("<unfinished ...>"), "<unfinished ...>"))
            line->arguments = text_between(text, end - strlen("<unfinished ...>"));
        if (*equals == '=')
            set_result(equals + 1, line);
        return;
    }
    unfinished = end - strlen("<unfinished ...>");
    if (unfinished >= text && starts(unfinished, "<unfinished ...>")) {
        line->kind = STRACE_UNFINISHED;
        line->arguments = text_between(text, unfinished);
        return;
    }
    line->kind = STRACE_TORN;
    line->arguments = text_between(text, end);
}

static size_t name_length(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");

    return isalpha((unsigned char)*text) || *text == '_' ? length : 0;
}

/* "<... read resumed>..." */
static void parse_resumed(const char *text, struct strace_line *line)
{
    const char *name = text + strlen("<... ");
    size_t length = name_length(name);

    if (length == 0 || !starts(name + length, " resumed>"))
        return;
    line->name = (struct strace_text){name, length};
    parse_arguments(name + length + strlen(" resumed>"), STRACE_RESUMED, line);
}

/* "[ Process PID=123 runs in 32 bit mode. ]" */
static bool parse_mode(const char *text, struct strace_line *line)
{
    static const char HEAD[] = "[ Process PID=";

    const char *head = strstr(text, HEAD);
    if (!head)
        return false;
    line->kind = STRACE_MODE;
    line->pid = strtol(head + strlen(HEAD), NULL, 10);
    line->foreign = !strstr(head, "64 bit");
    return true;
}

/* "Process 7 attached", and what strace said until 4.8 with it. */
static bool is_process_word(const char *text)
{
    static const char *const WORDS[] = {" attached", " detached", " resumed", " suspended"};
    char *end = NULL;

    if (!starts(text, "Process ") || !isdigit((unsigned char)text[strlen("Process ")]))
        return false;
    strtol(text + strlen("Process "), &end, 10);
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (starts(end, WORDS[i]))
            return true;
    }
    return false;
}

/* " | 00010  61 0a", " * 2 bytes in buffer 0": what -e read= and -e write= add. */
static bool is_dump(const char *text)
{
    size_t digits = 0;

    if (starts(text, "| ")) {
        digits = strspn(text + 2, "0123456789abcdef");
        return digits >= 5 && starts(text + 2 + digits, "  ");
    }
    if (!starts(text, "* "))
        return false;
    digits = strspn(text + 2, "0123456789");
    return digits > 0 && starts(text + 2 + digits, " bytes in buffer ");
}

static bool parse_words(const char *text, struct strace_line *line)
{
    struct strace_table table;

    if ((starts(text, "strace: ") || starts(text, "[ Process PID=")) && parse_mode(text, line))
        return true;
    if (starts(text, "--- ") || starts(text, "+++ superseded") || starts(text, "strace: ") ||
        starts(text, "\?\?\?(") || starts(text, "> ") || *text == '\0' || is_process_word(text) ||
        is_dump(text))
        line->kind = STRACE_NOTHING;
    else if (starts(text, "+++ "))
        line->kind = STRACE_END;
    else if (strace_table_head(text, &table))
        line->kind = STRACE_TABLE;
    else
        return false;
    return true;
}

void strace_line_parse(const char *text, struct strace_line *line)
{
    const char *before;

    *line = (struct strace_line){0};
    do {
        before = text;
        text = skip_prefix(text, line);
    } while (text != before);
    if (parse_words(text, line))
        return;
    if (starts(text, "<... ")) {
        parse_resumed(text, line);
        return;
    }
    size_t length = name_length(text);
    if (length == 0 || text[length] != '(')
        return;
    line->name = (struct strace_text){text, length};
    parse_arguments(text + length + 1, STRACE_CALL, line);
}
