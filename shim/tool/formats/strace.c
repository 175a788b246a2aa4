#include "strace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../call.h"
#include "../decode.h"
#include "../learn/record.h"
#include "../learn/swapped.h"
#include "../learn/worth.h"
#include "../tool.h"
#include "strace_log.h"
#include "strace_marks.h"
#include "strace_value.h"

/* A log in the making of additions. */
struct import_log {
    const struct import *import;
    struct strace_marks marks;
    struct record *record; /* of the calls whose arguments can be read, as far as they matter */
    uint64_t names[CALL_NUMBERS]; /* how often those were seen that can only be listed by name */
    uint64_t rows[CALL_NUMBERS];  /* the same in tables, which count where there is no log */
    uint64_t calls;
    bool lines;     /* there is a log, of calls that count or not */
    unsigned table; /* the line that the first table begins in, or 0 */
    bool foreign;   /* told already */
    struct diagnostics diagnostics;
};

static struct place at(const struct import_log *log, unsigned line)
{
    return (struct place){log->import->path, line};
}

/* "read", or "syscall_0x1c5" for what strace has no name for */
static int number_of(const char *name)
{
    static const char RAW[] = "syscall_";
    char *end = NULL;

    if (strncmp(name, RAW, strlen(RAW)) != 0)
        return call_number(name);
    long number = strtol(name + strlen(RAW), &end, 0);
    return *end == '\0' && number >= 0 && number < CALL_NUMBERS ? (int)number : -ENOENT;
}

/* Which arguments a condition may look at: a bit each. */
static unsigned wanted(const struct import_log *log, int number, const struct prototype *prototype)
{
    size_t count = 0;
    unsigned bits = 0;
    const struct worth *worth =
        prototype ? worth_find(prototype_text(prototype->name), &count) : NULL;
    const struct rule *rule = log->import->rules ? rules_find(log->import->rules, number) : NULL;

    for (size_t i = 0; worth && i < count; i++) {
        int place = prototype_argument(prototype, worth[i].argument);
        if (worth[i].safe && place >= 0)
            bits |= 1U << place;
    }
    for (size_t i = 0; rule && i < rule->allow_count; i++) {
        const struct condition *condition = &rule->allow[i].entry->condition;
        for (size_t k = 0; k < condition->count; k++)
            bits |= 1U << condition->clauses[k].argument;
    }
    return bits;
}

static int unknown_name(struct import_log *log, unsigned line, const char *name)
{
    diagnostic_warning(&log->diagnostics, at(log, line), "unknown system call '%s'", name);
    return 0;
}

static bool is_own(struct import_log *log, const struct strace_log *lives,
                   const struct strace_call *call)
{
    if (!strace_marks_counts(&log->marks, call))
        return false;
    /* strace's own, which starts the program */
    if (call->first && lives->lives[call->life].parent < 0 && strcmp(call->name, "execve") == 0)
        return false;
    if (lives->lives[call->life].foreign) {
        if (!log->foreign)
            diagnostic_warning(&log->diagnostics, at(log, call->line),
                               "calls of another architecture are left out: a filter for this one "
                               "kills them");
        log->foreign = true;
        return false;
    }
    return true;
}

/* The call NUMBER can be listed by name only, since those of its arguments that are MISSING, a bit
 * each, can't be read. It is told once. */
static void widen(struct import_log *log, const struct strace_call *call, int number,
                  const struct prototype *prototype, unsigned missing)
{
    char argument[CALL_NAME_MAX];
    int place = __builtin_ctz(missing);

    if (log->names[number]++ > 0)
        return;
    struct strace_text text = strace_argument(call->arguments, prototype, place);
    call_argument_name(number, (unsigned)place, argument);
    if (text.length == 0)
        diagnostic_warning(&log->diagnostics, at(log, call->line),
                           "'%s' of '%s' is not there, so '%s' is allowed whatever its arguments",
                           argument, call->name, call->name);
    else
        diagnostic_warning(&log->diagnostics, at(log, call->line),
                           "'%s' of '%s' is unknown here: '%.*s', so '%s' is allowed whatever its "
                           "arguments; strace -X verbose writes numbers",
                           argument, call->name, text.length < 40 ? (int)text.length : 40,
                           text.start, call->name);
}

static int take_call(void *context, struct strace_log *lives, const struct strace_call *call)
{
    struct import_log *log = context;
    uint64_t values[6] = {0};

    log->lines = true;
    if (!is_own(log, lives, call))
        return 0;
    int number = number_of(call->name);
    if (number < 0 || number >= CALL_NUMBERS)
        return unknown_name(log, call->line, call->name);
    /* it gets the same where it is not listed */
    if (strstr(call->result, " ENOSYS") && call_is_of("fallback", call->name))
        return 0;
    log->calls++;
    const struct prototype *prototype = decode_prototype(number);
    unsigned want = wanted(log, number, prototype);
    unsigned missing = want & ~strace_values(call->arguments, prototype, values);
    if (missing == 0)
        return record_call(log->record, number, values, NULL);
    widen(log, call, number, prototype, missing);
    return 0;
}

static int take_row(void *context, unsigned line, const char *name, unsigned long count)
{
    struct import_log *log = context;
    int number = number_of(name);

    if (number < 0 || number >= CALL_NUMBERS)
        return unknown_name(log, line, name);
    log->rows[number] += count;
    return 0;
}

static void take_table(void *context, unsigned line)
{
    struct import_log *log = context;

    if (log->table == 0)
        log->table = line;
}

/* Of a log with a table behind it, as strace -C writes it, the log counts. */
static void take_tables(struct import_log *log)
{
    if (log->table == 0 || log->lines)
        return;
    diagnostic_warning(&log->diagnostics, at(log, log->table),
                       "a table of strace -c has no arguments, and lacks exit_group; a log of "
                       "strace -f has both");
    for (int i = 0; i < CALL_NUMBERS; i++) {
        log->names[i] = log->rows[i];
        log->calls += log->rows[i];
    }
}

static void take_unknown(void *context, unsigned line, const char *text)
{
    struct import_log *log = context;

    diagnostic_warning(&log->diagnostics, at(log, line), "not a line of strace's: '%.60s'", text);
}

/* Names take the place of the conditions of the same calls. */
static int add_names(const struct import_log *log, const struct additions *conditions,
                     struct additions *all)
{
    char name[CALL_NAME_MAX];
    int error = 0;

    for (size_t i = 0; !error && i < conditions->count; i++) {
        const struct addition *item = &conditions->items[i];
        int number = call_number(item->name);
        if (number < 0 || number >= CALL_NUMBERS || log->names[number] == 0)
            error = additions_add(all, item->name, item->condition, item->count, item->site);
    }
    for (int number = 0; !error && number < CALL_NUMBERS; number++) {
        const struct rule *rule =
            log->import->rules ? rules_find(log->import->rules, number) : NULL;
        if (log->names[number] > 0 && !(rule && rule->allowed))
            error = additions_add(all, call_name(number, name), NULL, log->names[number], NULL);
    }
    return error;
}

static int store(struct import_log *log)
{
    struct additions conditions = {0};
    struct additions all = {0};
    char heading[512];

    snprintf(heading, sizeof(heading), "imported from: strace %s", log->import->path);
    int error = record_additions(log->record, log->import->rules, &conditions);
    if (!error)
        error = add_names(log, &conditions, &all);
    if (!error)
        error = swapped_add(&all, log->import->rules);
    additions_release(&conditions);
    int status = STATUS_OS;
    if (error)
        tool_error("%s: %s", log->import->path, strerror(-error));
    else
        status = import_additions(log->import, &all,
                                  (struct merge_facts){.heading = heading, .calls = log->calls});
    additions_release(&all);
    return status;
}

static int read_calls(struct import_log *log)
{
    struct strace_visitor visitor = {.context = log,
                                     .call = take_call,
                                     .row = take_row,
                                     .table = take_table,
                                     .unknown = take_unknown};
    struct strace_log lives = {0};

    int error = strace_marks_find(log->import->stream, &log->marks);
    if (!error)
        error = strace_log_read(log->import->stream, &visitor, &lives);
    strace_log_release(&lives);
    take_tables(log);
    if (!error && log->calls > 0 && !log->marks.any)
        diagnostic_warning(&log->diagnostics, at(log, 0),
                           "nothing in it tells where the program begins, so the calls of its "
                           "loader count; strace -f -E LD_PRELOAD=libportcullis.so -E "
                           "PORTCULLIS_WHITELIST=FILE leaves a mark");
    return error;
}

int strace_import(const struct import *import)
{
    struct import_log *log = calloc(1, sizeof(*log));
    int status = STATUS_OS;
    int error = -ENOMEM;

    if (log) {
        log->import = import;
        log->record = record_open(import->rules, RECORD_ARGUMENTS_SAFE);
    }
    if (log && log->record)
        error = read_calls(log);
    if (error)
        tool_error("%s: %s", import->path, strerror(-error));
    if (!log)
        return status;
    tool_tell(&log->diagnostics);
    if (!error && log->calls == 0) {
        tool_error("%s: there is no system call in it", import->path);
        status = STATUS_CONFIG;
    } else if (!error) {
        status = store(log);
    }
    record_close(log->record);
    strace_marks_release(&log->marks);
    diagnostics_release(&log->diagnostics);
    free(log);
    return status;
}
