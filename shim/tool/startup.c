#include "startup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/reader.h"
#include "../program.h"
#include "learn/start.h"
#include "named.h"
#include "target.h"
#include "tool.h"

/* What most programs need from exec to main: exec, the loader, the constructors of libraries. */
const char STARTUP_USUAL[] = "execve @loader madvise sched_getaffinity statfs";

/* Its heap; Type=exec, and the time of exec; exec, which is seen. */
const char STARTUP_SYSTEMD[] = "brk clock_gettime mmap munmap write";

static const char NAME[] = "startup";

/* What the others call between the loading of the filter and exec, in all their threads. Measured
 * with `strace -f`: bwrap 0.8.0 in six ways (its process 1 stays under the filter and waits for the
 * program), crun 1.8.1 and runc 1.1.5, 13 starts of each by themselves, 6 by podman 4.3.1 and 14 by
 * dockerd 20.10.24: as root and as another user, with groups, a folder, a terminal. Not each start
 * by runc shows what Go's scheduler calls: epoll_pwait, nanosleep, sched_yield, tgkill. `make
 * check-engines` tries it. */
static const struct {
    const char *always;     /* names */
    const char *privileged; /* names, besides, without no-new-privileges */
    const char *conditions; /* with these, lines */
} OWN[] = {
    [STARTER_SANDBOX] = {"close wait4 write", "", ""},
    [STARTER_SYSTEMD] = {STARTUP_SYSTEMD, "", ""},
    [STARTER_CRUN] = {"close",
                      "capset pselect6 read rt_sigaction rt_sigprocmask setresgid setresuid write",
                      "prctl = option in PR_CAPBSET_DROP PR_CAP_AMBIENT PR_SET_KEEPCAPS\n"},
    [STARTER_RUNC] = {"close epoll_ctl epoll_pwait fstatfs futex getdents64 getpid nanosleep "
                      "openat rt_sigreturn sched_yield tgkill write",
                      "capget capset chdir faccessat2 fchown fstat getcwd getppid newfstatat read "
                      "setgid setgroups setuid",
                      "prctl = option in PR_CAPBSET_DROP PR_CAP_AMBIENT PR_SET_KEEPCAPS\n"
                      "fcntl = cmd == F_SETFD\n"},
};

/* Lists in STARTUP the COUNT programs that the whitelist names, without those that need not be here
 * and are not. MISSING: one that is wanted and not here, or NULL. Returns 0 or -ENOMEM. */
static int find_named(struct startup *startup, const struct settings *settings, size_t *count,
                      const char **missing)
{
    *count = 0;
    *missing = NULL;
    startup->named = calloc(settings->program_count + 1, sizeof(*startup->named));
    if (!startup->named)
        return -ENOMEM;
    for (size_t i = 0; i < settings->program_count; i++) {
        const char *path = program_path(settings->programs[i]);
        bool absent = named_is_absent(settings->programs[i]);
        if (!absent)
            startup->named[(*count)++] = path;
        if (!*missing && !absent && access(path, X_OK) != 0)
            *missing = path;
    }
    if (*count == 0 && settings->program_count > 0)
        *missing = program_path(settings->programs[0]);
    return 0;
}

/* Those that the whitelist names have no arguments that anybody knows of; a start hardly ever asks
 * for any. */
static int measure_named(struct startup *startup, const struct policy *policy,
                         struct diagnostics *warnings)
{
    const struct settings *settings = &policy->whitelist.settings;
    const char *missing;
    size_t count;
    int status = STATUS_OK;

    int error = find_named(startup, settings, &count, &missing);
    if (error) {
        tool_error("%s", strerror(-error));
        return STATUS_OS;
    }
    if (missing) {
        diagnostic_warning(warnings, settings->program_place,
                           "'%s' is not here for its start to be measured: what most programs "
                           "need for theirs is allowed",
                           missing);
        return STATUS_OK;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        char *path = strdup(startup->named[i]);
        char *arguments[] = {path, NULL};
        status = path ? start_measure(&policy->rules, path, arguments, startup->seen) : STATUS_OS;
        free(path);
    }
    startup->programs = startup->named;
    startup->program_count = count;
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

/* What is denied beats what is added. */
static void warn_of_denial(const struct rule *rule, struct diagnostics *diagnostics)
{
    char name[CALL_NAME_MAX], text[CALL_TEXT_MAX];
    bool started = false;

    call_name(rule->number, name);
    for (size_t i = 0; i < rule->allow_count; i++)
        started |= strcmp(rule->allow[i].entry->place.file, NAME) == 0;
    for (size_t i = 0; i < rule->deny_count && started; i++) {
        const struct entry *entry = rule->deny[i].entry;
        if (!entry->conditional)
            diagnostic_warning(diagnostics, entry->place,
                               "a start calls %s, which is denied all the same: %s", name,
                               entry_text(entry, name, text));
    }
}

/* Whether LOADER may be STARTER. */
static bool includes(const struct loader *loader, enum starter starter)
{
    return loader->starter == starter || (loader->starter == STARTER_ENGINE &&
                                          (starter == STARTER_CRUN || starter == STARTER_RUNC));
}

static void write_privileged(const struct loader *loader, FILE *stream)
{
    for (size_t i = 0; i < sizeof(OWN) / sizeof(OWN[0]) && loader->privileged; i++) {
        if (includes(loader, (enum starter)i))
            fprintf(stream, "syscalls = %s\n%s", OWN[i].privileged, OWN[i].conditions);
    }
}

static void write_usual(const struct startup *startup, const struct loader *loader, FILE *stream)
{
    char name[CALL_NAME_MAX];

    for (size_t i = 0; i < sizeof(OWN) / sizeof(OWN[0]); i++) {
        if (includes(loader, (enum starter)i))
            fprintf(stream, "syscalls = %s\n", OWN[i].always);
    }
    if (startup->program_count == 0)
        fprintf(stream, "syscalls = %s\n", STARTUP_USUAL);
    for (int i = 0; i < CALL_NUMBERS; i++) {
        if (startup->seen[i])
            fprintf(stream, "syscalls = %s\n", call_name(i, name));
    }
}

/* Adds those lines to POLICY: its privileged ones, or the usual ones. */
static int add_lines(struct startup *startup, const struct loader *loader, bool privileged,
                     struct policy *policy)
{
    struct whitelist *lines = &startup->lines[privileged];
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (!stream)
        return -ENOMEM;
    fputs("[allow]\n", stream);
    if (privileged)
        write_privileged(loader, stream);
    else
        write_usual(startup, loader, stream);
    int error = fclose(stream) == 0 ? 0 : -ENOMEM;
    if (!error)
        error = reader_read_text(NAME, text, length, lines, &policy->diagnostics);
    free(text);
    for (size_t i = 0; i < lines->entry_count && !error; i++) {
        error = whitelist_add(&policy->whitelist, &lines->entries[i]);
        if (!error) /* its owner is the policy now */
            lines->entries[i].condition = (struct condition){0};
    }
    rules_release(&policy->rules);
    return error ? error : rules_build(&policy->whitelist, &policy->diagnostics, &policy->rules);
}

/* What LINES will allow, and nothing else does. */
static void announce(const struct whitelist *lines, const bool before[CALL_NUMBERS],
                     const struct policy *policy, struct diagnostics *diagnostics)
{
    char names[CALL_TEXT_MAX] = "";
    bool told[CALL_NUMBERS] = {false};
    size_t length = 0;

    for (size_t i = 0; i < lines->entry_count; i++) {
        const char *name = lines->entries[i].subject.name;
        int number = call_number(name);
        if (number < 0 || before[number] || told[number])
            continue;
        told[number] = true;
        length += (size_t)snprintf(names + length, sizeof(names) - length, " %s", name);
    }
    if (length > 0)
        diagnostic_warning(diagnostics, (struct place){policy->whitelist.name, 0},
                           "allowed besides, for an engine that gives up its privileges under the "
                           "filter:%s; '--no-new-privileges' leaves that out, for a container "
                           "with that option",
                           names);
}

static int add_all(struct startup *startup, const struct loader *loader, struct policy *policy,
                   struct diagnostics *warnings)
{
    bool before[CALL_NUMBERS] = {false};
    int error = add_lines(startup, loader, false, policy);

    for (size_t i = 0; i < policy->rules.count && !error; i++) {
        const struct rule *rule = &policy->rules.rules[i];
        if (rule->number >= 0 && rule->number < CALL_NUMBERS)
            before[rule->number] = rule->allowed;
    }
    if (error || !loader->privileged)
        return error;
    error = add_lines(startup, loader, true, policy);
    if (!error)
        announce(&startup->lines[true], before, policy, warnings);
    return error;
}

int startup_add(struct startup *startup, const struct loader *loader, struct policy *policy,
                struct diagnostics *warnings)
{
    int error = add_all(startup, loader, policy, warnings);

    filter_release(&policy->filter);
    if (!error)
        error = filter_build(&policy->rules, (struct place){policy->whitelist.name, 0},
                             &policy->diagnostics, &policy->filter);
    for (size_t i = 0; i < policy->rules.count && !error; i++) {
        warn_of_start(&policy->rules.rules[i], warnings);
        warn_of_denial(&policy->rules.rules[i], warnings);
    }
    return error;
}

void startup_release(struct startup *startup)
{
    for (size_t i = 0; i < 2; i++)
        whitelist_release(&startup->lines[i]);
    free(startup->named);
}
