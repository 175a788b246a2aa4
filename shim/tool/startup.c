#include "startup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/reader.h"
#include "learn/start.h"
#include "target.h"
#include "tool.h"

/* What most programs need from exec to main: exec, the loader, the constructors of libraries. */
const char STARTUP_USUAL[] = "execve @loader madvise sched_getaffinity statfs";

static const char NAME[] = "startup";

const char *startup_own(enum starter starter)
{
    switch (starter) {
    case STARTER_ENGINE: /* runc is in Go */
        return "epoll_ctl epoll_pwait fstatfs getdents64 getpid nanosleep sched_yield tgkill write";
    case STARTER_SYSTEMD: /* its heap; Type=exec, and the time of exec; exec, which is seen */
        return "brk clock_gettime mmap munmap write";
    case STARTER_SANDBOX:
    default:
        return "";
    }
}

/* Those that the whitelist names have no arguments that anybody knows of; a start hardly ever asks
 * for any. */
static int measure_named(struct startup *startup, const struct policy *policy,
                         struct diagnostics *warnings)
{
    const struct settings *settings = &policy->whitelist.settings;
    int status = STATUS_OK;

    for (size_t i = 0; i < settings->program_count; i++) {
        if (access(settings->programs[i], X_OK) != 0) {
            diagnostic_warning(warnings, settings->program_place,
                               "'%s' is not here for its start to be measured: what most programs "
                               "need for theirs is allowed",
                               settings->programs[i]);
            return STATUS_OK;
        }
    }
    for (size_t i = 0; i < settings->program_count && status == STATUS_OK; i++) {
        char *path = strdup(settings->programs[i]);
        char *arguments[] = {path, NULL};
        status = path ? start_measure(&policy->rules, path, arguments, startup->seen) : STATUS_OS;
        free(path);
    }
    startup->programs = settings->programs;
    startup->program_count = settings->program_count;
    return status;
}

int startup_measure(struct startup *startup, const struct policy *policy, char **program,
                    struct diagnostics *warnings)
{
    if (!program)
        return measure_named(startup, policy, warnings);
    int status = target_find(program[0], startup->executable);
    if (status == STATUS_OK)
        status = start_measure(&policy->rules, startup->executable, program, startup->seen);
    startup->found = startup->executable;
    startup->programs = &startup->found;
    startup->program_count = 1;
    return status;
}

/* Of a call with conditions that a start needs without: they are lost. */
static void warn_of_start(const struct rule *rule, struct diagnostics *diagnostics)
{
    char name[CALL_NAME_MAX], text[CALL_TEXT_MAX];
    bool started = false;

    call_name(rule->number, name);
    for (size_t i = 0; i < rule->allow_count; i++) {
        const struct entry *entry = rule->allow[i].entry;
        if (!entry->conditional && strcmp(entry->place.file, NAME) != 0)
            return;
        started |= !entry->conditional;
    }
    for (size_t i = 0; i < rule->allow_count && started; i++) {
        const struct entry *entry = rule->allow[i].entry;
        if (entry->conditional)
            diagnostic_warning(diagnostics, entry->place,
                               "a start needs %s, which is allowed whatever its arguments: %s",
                               name, entry_text(entry, name, text));
    }
}

/* The lines, as text to be freed; NULL if there is no memory. */
static char *write_lines(const struct startup *startup, enum starter starter, size_t *length)
{
    char *text = NULL;
    char name[CALL_NAME_MAX];
    FILE *stream = open_memstream(&text, length);

    if (!stream)
        return NULL;
    fputs("[allow]\n", stream);
    if (*startup_own(starter) != '\0')
        fprintf(stream, "syscalls = %s\n", startup_own(starter));
    if (startup->program_count == 0)
        fprintf(stream, "syscalls = %s\n", STARTUP_USUAL);
    for (int i = 0; i < CALL_NUMBERS; i++) {
        if (startup->seen[i])
            fprintf(stream, "syscalls = %s\n", call_name(i, name));
    }
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

int startup_add(struct startup *startup, enum starter starter, struct policy *policy,
                struct diagnostics *warnings)
{
    struct diagnostics *diagnostics = &policy->diagnostics;
    size_t length = 0;
    char *text = write_lines(startup, starter, &length);
    int error = text ? reader_read_text(NAME, text, length, &startup->lines, diagnostics) : -ENOMEM;

    free(text);
    for (size_t i = 0; i < startup->lines.entry_count && !error; i++)
        error = whitelist_add(&policy->whitelist, &startup->lines.entries[i]);
    filter_release(&policy->filter);
    rules_release(&policy->rules);
    if (!error)
        error = rules_build(&policy->whitelist, diagnostics, &policy->rules);
    if (!error)
        error = filter_build(&policy->rules, (struct place){policy->whitelist.name, 0}, diagnostics,
                             &policy->filter);
    for (size_t i = 0; i < policy->rules.count && !error; i++)
        warn_of_start(&policy->rules.rules[i], warnings);
    return error;
}

void startup_release(struct startup *startup)
{
    whitelist_release(&startup->lines);
}
