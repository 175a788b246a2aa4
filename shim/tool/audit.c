#include "audit.h"

#include <ctype.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

enum { FIELD_MAX = 256 };

/* The value of "KEY=..." in LINE, without quotes; QUOTED says whether it had some. */
static bool find_field(const char *line, const char *key, char value[FIELD_MAX], bool *quoted)
{
    size_t length = strlen(key);

    for (const char *at = line; (at = strstr(at, key)) != NULL; at += length) {
        if (at[length] != '=' || (at > line && at[-1] != ' ' && at[-1] != '\t'))
            continue;
        at += length + 1;
        *quoted = *at == '"';
        snprintf(value, FIELD_MAX, "%.*s", (int)strcspn(at + *quoted, *quoted ? "\"\n" : " \n"),
                 at + *quoted);
        return true;
    }
    return false;
}

/* What is not quoted is in hexadecimal digits, since there is a blank or worse in it. */
static void decode(char *text)
{
    size_t length = strlen(text);

    if (length % 2 != 0 || strspn(text, "0123456789abcdefABCDEF") != length)
        return;
    for (size_t i = 0; i < length / 2; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        text[i] = (char)strtoul(digits, NULL, 16);
    }
    text[length / 2] = '\0';
}

static void find_text(const char *line, const char *key, bool raw, char *text, size_t size)
{
    char value[FIELD_MAX] = "?";
    bool quoted = true;

    find_field(line, key, value, &quoted);
    if (raw && !quoted)
        decode(value);
    for (char *c = value; *c != '\0'; c++) {
        if (!isprint((unsigned char)*c))
            *c = '?';
    }
    snprintf(text, size, "%.*s", (int)size - 1, value);
}

/* The kernel says 0x50000 where ausearch says errno. */
static const char *find_fate(const char *line)
{
    static const struct {
        unsigned long code;
        char word[16];
        const char *fate;
    } FATES[] = {
        {0x80000000, "kill_process", "refused, and the process was killed"},
        {0x80000000, "kill-process", "refused, and the process was killed"},
        {0x00000000, "kill", "refused, and the thread was killed"},
        {0x00030000, "trap", "refused, and the thread got SIGSYS"},
        {0x00050000, "errno", "refused with an error"},
        {0x7fc00000, "user_notif", "handed to a supervisor"},
        {0x7ff00000, "trace", "handed to a tracer"},
        {0x7ffc0000, "log", "let through, and logged"},
        {0x7fff0000, "allow", "let through"},
    };
    char value[FIELD_MAX];
    bool quoted;
    char *end;

    if (!find_field(line, "code", value, &quoted))
        return "logged";
    unsigned long code = strtoul(value, &end, 16);
    for (size_t i = 0; i < sizeof(FATES) / sizeof(FATES[0]); i++) {
        if (strcmp(value, FATES[i].word) == 0 || (*end == '\0' && FATES[i].code == code))
            return FATES[i].fate;
    }
    return "logged";
}

static bool is_foreign(const char *line)
{
    char value[FIELD_MAX], *end;
    bool quoted;

    if (!find_field(line, "arch", value, &quoted))
        return false;
    unsigned long number = strtoul(value, &end, 16);
    if (*end == '\0')
        return number != seccomp_arch_native();
    return seccomp_arch_resolve_name(value) != seccomp_arch_native();
}

static void find_arguments(const char *line, struct audit *audit)
{
    char value[FIELD_MAX];
    bool quoted;

    for (unsigned i = 0; i < 6; i++) {
        const char key[] = {'a', (char)('0' + i), '\0'};
        if (!find_field(line, key, value, &quoted))
            return;
        audit->arguments[i] = strtoull(value, NULL, 16);
        audit->argument_count = i + 1;
    }
}

bool audit_parse(const char *line, struct audit *audit)
{
    char value[FIELD_MAX];
    bool quoted;

    *audit = (struct audit){0};
    if (!find_field(line, "type", value, &quoted) ||
        (strcmp(value, "1326") != 0 && strcmp(value, "SECCOMP") != 0) ||
        !find_field(line, "syscall", value, &quoted))
        return false;
    bool raw = isdigit((unsigned char)value[0]); /* else ausearch has put it into words */
    /* int 0x80's calls can have a number that means another call here */
    audit->number = call_number(value);
    if (audit->number < 0)
        return false;
    audit->foreign = is_foreign(line) || audit->number >= 0x40000000;
    if (find_field(line, "pid", value, &quoted))
        audit->pid = (int)strtol(value, NULL, 10);
    find_text(line, "comm", raw, audit->program, sizeof(audit->program));
    find_text(line, "exe", raw, audit->executable, sizeof(audit->executable));
    find_arguments(line, audit);
    audit->fate = find_fate(line);
    return true;
}
