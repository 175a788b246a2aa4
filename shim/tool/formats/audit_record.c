#include "audit_record.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COMM_MAX = 15,      /* of a thread's name, as the kernel has it */
    COMM_ESCAPED = 60,  /* the same with "\\033" and the like, as ausearch -i writes it */
    SEPARATOR = 0x1d,   /* behind it auditd repeats fields in words: log_format = ENRICHED */
    X32_FROM = 1 << 30, /* numbers from here on are x32's */
};

/* A part of a line. */
struct span {
    const char *start;
    const char *end;
};

/* The parts of a record. */
struct parts {
    struct span whole; /* behind the record's type, without what is repeated in words */
    struct span architecture;
    struct span call;
    struct span rest; /* behind the call: its arguments, and what became of it */
    bool raw;         /* as the kernel wrote it; else ausearch -i has put it into words */
};

static const struct {
    uint32_t token;
    const char *name;
} ARCHITECTURES[] = {{SCMP_ARCH_X86_64, "x86_64"}, {SCMP_ARCH_X86, "i386"},
                     {SCMP_ARCH_X32, "x32"},       {SCMP_ARCH_AARCH64, "aarch64"},
                     {SCMP_ARCH_ARM, "arm"},       {SCMP_ARCH_PPC64LE, "ppc64le"},
                     {SCMP_ARCH_S390X, "s390x"},   {SCMP_ARCH_RISCV64, "riscv64"}};

enum { ARCHITECTURE_COUNT = sizeof(ARCHITECTURES) / sizeof(ARCHITECTURES[0]) };

static size_t length_of(struct span span)
{
    return (size_t)(span.end - span.start);
}

static bool is_word(struct span span, const char *word)
{
    return length_of(span) == strlen(word) && memcmp(span.start, word, strlen(word)) == 0;
}

/* The first or the LAST place in SPAN where " KEY=" stands, or KEY= at its start; NULL if there is
 * none. It is the key's. */
static const char *find_key(struct span span, const char *key, bool last)
{
    const char *found = NULL;
    size_t length = strlen(key);

    for (const char *at = span.start;
         (at = memmem(at, (size_t)(span.end - at), key, length)) != NULL; at += length) {
        if (at + length == span.end || at[length] != '=' ||
            (at > span.start && at[-1] != ' ' && at[-1] != '\t'))
            continue;
        found = at;
        if (!last)
            break;
    }
    return found;
}

/* The word that the value of KEY is, up to a blank. Returns false where there is none. */
static bool find_word(struct span span, const char *key, bool last, struct span *word)
{
    const char *at = find_key(span, key, last);

    if (!at)
        return false;
    word->start = word->end = at + strlen(key) + 1;
    while (word->end < span.end && *word->end != ' ' && *word->end != '\t')
        word->end++;
    return true;
}

static bool parse_number(struct span word, int base, int64_t *number)
{
    char digits[24];
    char *end;

    if (length_of(word) == 0 || length_of(word) >= sizeof(digits))
        return false;
    snprintf(digits, sizeof(digits), "%.*s", (int)length_of(word), word.start);
    errno = 0;
    *number = base == 16 ? (int64_t)strtoull(digits, &end, base) : strtoll(digits, &end, base);
    return errno == 0 && *end == '\0' && !isspace((unsigned char)*digits);
}

/* Where the record of LINE begins, behind its type; NULL if it is of another type. */
static const char *find_start(struct span line)
{
    static const char JOURNALS[] = "SECCOMP ";
    const char *colon = memmem(line.start, length_of(line), ": ", 2);
    const char *at = line.start;
    struct span type;

    if (find_word(line, "type", false, &type))
        return is_word(type, "1326") || is_word(type, "SECCOMP") ? type.end : NULL;
    /* journald: "... host audit[7053]: SECCOMP auid=..."; with -o cat without what is before it */
    if (colon && colon > line.start && colon[-1] == ']') {
        struct span tag = {line.start, colon};
        for (const char *c = line.start; c < colon; c++) {
            if (*c == ' ')
                tag.start = c + 1;
        }
        if (length_of(tag) > 6 && memcmp(tag.start, "audit[", 6) == 0)
            at = colon + 2;
    }
    size_t length = strlen(JOURNALS);
    return (size_t)(line.end - at) > length && memcmp(at, JOURNALS, length) == 0 ? at + length
                                                                                 : NULL;
}

/* The kernel writes "... comm=C exe=E sig=S arch=A syscall=N compat=C ip=I code=A": what a program
 * may choose stands before what it may not. */
static bool take_parts(const char *text, struct parts *parts)
{
    struct span line = {text, text + strcspn(text, "\r\n")};
    const char *separator = memchr(line.start, SEPARATOR, length_of(line));
    int64_t number;

    if (separator)
        line.end = separator;
    parts->whole = (struct span){find_start(line), line.end};
    if (!parts->whole.start || !find_word(parts->whole, "syscall", true, &parts->call))
        return false;
    parts->rest = (struct span){parts->call.end, line.end};
    struct span before = {parts->whole.start, parts->call.start - strlen("syscall=")};
    if (!find_word(before, "arch", true, &parts->architecture) ||
        parts->architecture.end + 1 != before.end)
        parts->architecture = (struct span){before.end, before.end};
    parts->raw = parse_number(parts->call, 10, &number);
    return true;
}

static uint32_t find_architecture(struct span word)
{
    int64_t number;

    if (length_of(word) == 0) /* kernels before 3.16 do not say */
        return seccomp_arch_native();
    if (parse_number(word, 16, &number))
        return (uint32_t)number;
    if (length_of(word) == 4 && word.start[0] == 'i' && memcmp(word.start + 2, "86", 2) == 0)
        return SCMP_ARCH_X86;
    for (size_t i = 0; i < ARCHITECTURE_COUNT; i++) {
        if (is_word(word, ARCHITECTURES[i].name))
            return ARCHITECTURES[i].token;
    }
    return 0;
}

/* "165", "mount", "unknown-syscall(463)". Returns false for a name that nobody knows. */
static bool find_number(const struct parts *parts, struct audit_record *record)
{
    static const char UNKNOWN[] = "unknown-syscall(";
    char name[CALL_NAME_MAX];
    struct span word = parts->call;
    int64_t number = -1;

    if (length_of(word) > strlen(UNKNOWN) && memcmp(word.start, UNKNOWN, strlen(UNKNOWN)) == 0) {
        word.start += strlen(UNKNOWN);
        word.end -= word.end[-1] == ')';
    }
    if (parse_number(word, 10, &number)) {
        record->number = (int)number;
        return number >= INT32_MIN && number <= UINT32_MAX;
    }
    if (length_of(word) == 0 || length_of(word) >= sizeof(name) || record->architecture == 0)
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)length_of(word), word.start);
    record->number = record->foreign ? seccomp_syscall_resolve_name_arch(record->architecture, name)
                                     : call_number(name);
    return record->number >= 0;
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

/* Leaves TEXT alone where SPAN is empty. */
static void copy_text(struct span span, bool raw, char *text, size_t size)
{
    char value[2 * AUDIT_EXECUTABLE_MAX];
    bool quoted = raw && span.start < span.end && *span.start == '"';

    if (quoted) {
        span.start++;
        const char *end = memchr(span.start, '"', length_of(span));
        span.end = end ? end : span.end;
    } else if (raw) {
        const char *end = memchr(span.start, ' ', length_of(span));
        span.end = end ? end : span.end;
    }
    int length = length_of(span) < sizeof(value) ? (int)length_of(span) : (int)sizeof(value) - 1;
    snprintf(value, sizeof(value), "%.*s", length, span.start);
    if (raw && !quoted)
        decode(value);
    for (char *c = value; *c != '\0'; c++) {
        if (!isprint((unsigned char)*c))
            *c = '?';
    }
    if (*value != '\0')
        snprintf(text, size, "%.*s", (int)size - 1, value);
}

/* Whether NAME is no longer than a thread's name is. */
static bool is_short(struct span name)
{
    size_t length = length_of(name);

    return length <= COMM_MAX ||
           (length <= COMM_ESCAPED && memchr(name.start, '\\', length) != NULL);
}

/* Where NAMES, what stands between comm= and sig=, has its " exe=". In words neither is quoted: it
 * is the last that leaves the thread's name as short as names are. */
static const char *find_exe(struct span names, bool raw)
{
    const char *found = NULL;
    struct span rest = names;

    while ((rest.start = find_key(rest, "exe", false)) != NULL) {
        struct span name = {names.start, rest.start - (rest.start > names.start)};
        if (!found || (!raw && is_short(name)))
            found = rest.start;
        if (raw || length_of(name) > COMM_ESCAPED)
            break;
        rest.start++;
    }
    return found;
}

static void take_names(const struct parts *parts, struct audit_record *record)
{
    const char *key = parts->call.start - strlen("syscall=");
    const char *end = key > parts->whole.start ? key - 1 : key;
    struct span names = {find_key(parts->whole, "comm", false), end};
    const char *sig = find_key((struct span){parts->whole.start, end}, "sig", true);
    const char *exe = NULL;

    snprintf(record->program, sizeof(record->program), "?");
    snprintf(record->executable, sizeof(record->executable), "?");
    if (sig)
        names.end = sig - 1;
    else if (length_of(parts->architecture) > 0)
        names.end = parts->architecture.start - strlen(" arch=");
    if (names.start && names.start + strlen("comm=") < names.end) {
        names.start += strlen("comm=");
        exe = find_exe(names, parts->raw);
        copy_text((struct span){names.start, exe ? exe - (exe > names.start) : names.end},
                  parts->raw, record->program, sizeof(record->program));
    } else {
        exe = find_key(parts->whole, "exe", false);
    }
    if (exe && exe + strlen("exe=") < names.end)
        copy_text((struct span){exe + strlen("exe="), names.end}, parts->raw, record->executable,
                  sizeof(record->executable));
}

/* The kernel says 0x50000 where ausearch -i says errno. Debian 12's says kill for both ways. */
static const char *find_fate(struct span rest)
{
    static const struct {
        uint32_t code;
        const char *words[2];
        const char *fate;
    } FATES[] = {
        {SECCOMP_RET_KILL_PROCESS,
         {"kill-process", "kill_process"},
         "refused, and the process was killed"},
        {SECCOMP_RET_KILL_THREAD,
         {"kill-thread", "kill_thread"},
         "refused, and the thread was killed"},
        {1, {"kill", NULL}, "refused, and the thread or the process was killed"},
        {SECCOMP_RET_TRAP, {"trap", NULL}, "refused, and the thread got SIGSYS"},
        {SECCOMP_RET_ERRNO, {"errno", NULL}, "refused with an error"},
        {SECCOMP_RET_USER_NOTIF, {"user-notify", "user_notif"}, "handed to a supervisor"},
        {SECCOMP_RET_TRACE, {"trace", NULL}, "handed to a tracer"},
        {SECCOMP_RET_LOG, {"log", NULL}, "let through, and logged"},
        {SECCOMP_RET_ALLOW, {"allow", NULL}, "let through"},
    };
    struct span word;
    int64_t number = 0;

    if (!find_word(rest, "code", true, &word))
        return "logged";
    /* an ENRICHED record that was pasted without its separator: "0x80000000AUID=..." */
    struct span digits = word;
    if (length_of(word) > 2 && memcmp(word.start, "0x", 2) == 0) {
        digits.start += 2;
        digits.end = digits.start;
        while (digits.end < word.end &&
               (isdigit((unsigned char)*digits.end) || (*digits.end >= 'a' && *digits.end <= 'f')))
            digits.end++;
    }
    bool numeric = parse_number(digits, 16, &number);
    for (size_t i = 0; i < sizeof(FATES) / sizeof(FATES[0]); i++) {
        if ((numeric && (number & SECCOMP_RET_ACTION_FULL) == FATES[i].code) ||
            is_word(word, FATES[i].words[0]) ||
            (FATES[i].words[1] && is_word(word, FATES[i].words[1])))
            return FATES[i].fate;
    }
    return "logged";
}

static void take_arguments(struct span rest, struct audit_record *record)
{
    struct span word;
    int64_t value = 0;

    for (unsigned i = 0; i < 6; i++) {
        const char key[] = {'a', (char)('0' + i), '\0'};
        if (!find_word(rest, key, false, &word) || !parse_number(word, 16, &value))
            return;
        record->arguments[i] = (uint64_t)value;
        record->argument_count = i + 1;
    }
}

bool audit_record_parse(const char *line, struct audit_record *record)
{
    struct parts parts = {0};
    struct span word;
    int64_t number;

    *record = (struct audit_record){0};
    if (!take_parts(line, &parts))
        return false;
    record->architecture = find_architecture(parts.architecture);
    record->foreign = record->architecture != seccomp_arch_native();
    if (!find_number(&parts, record))
        return false;
    if (!record->foreign && (uint32_t)record->number >= X32_FROM) {
        record->foreign = true;
        record->architecture = record->number > 0 ? SCMP_ARCH_X32 : 0;
    }
    if (find_word(parts.whole, "pid", false, &word) && parse_number(word, 10, &number))
        record->pid = (int)number;
    take_names(&parts, record);
    take_arguments(parts.rest, record);
    record->fate = find_fate(parts.rest);
    return true;
}

const char *audit_record_call(const struct audit_record *record, char text[AUDIT_NAME_MAX])
{
    const char *architecture = NULL;

    if (!record->foreign)
        return call_name(record->number, text);
    for (size_t i = 0; i < ARCHITECTURE_COUNT; i++) {
        if (ARCHITECTURES[i].token == record->architecture)
            architecture = ARCHITECTURES[i].name;
    }
    char *name = architecture
                     ? seccomp_syscall_resolve_num_arch(record->architecture, record->number)
                     : NULL;
    if (name)
        snprintf(text, AUDIT_NAME_MAX, "call %d (%.*s) of %s", record->number, CALL_NAME_MAX, name,
                 architecture);
    else
        snprintf(text, AUDIT_NAME_MAX, "call %d of %s", record->number,
                 architecture ? architecture : "another architecture");
    free(name);
    return text;
}
