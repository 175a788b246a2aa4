#include "compose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../config/reader.h"
#include "call.h"
#include "tool.h"

/* What the whole is called in messages. */
static const char NAME[] = "command line";

static const char *const OPTION_NAMES[] = {
    [COMPOSE_DEFAULT] = "--default", [COMPOSE_ALLOW] = "--allow", [COMPOSE_DENY] = "--deny"};

struct composer {
    struct composition *composition;
    FILE *stream;
    const struct policy *base; /* or NULL */
    const struct compose_option *options;
    size_t count;
};

/* What cannot go on without memory does not: nothing has been started. */
static void *demand(void *memory)
{
    if (!memory) {
        tool_error("out of memory");
        exit(STATUS_OS);
    }
    return memory;
}

/* Notes where the line that is written next is from. */
static void from(struct composer *composer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void from(struct composer *composer, const char *format, ...)
{
    struct composition *composition = composer->composition;
    va_list arguments;

    composition->origins = demand(
        reallocarray(composition->origins, composition->lines + 1, sizeof(*composition->origins)));
    char **origin = &composition->origins[composition->lines++];
    va_start(arguments, format);
    if (vasprintf(origin, format, arguments) < 0)
        *origin = NULL;
    va_end(arguments);
    demand(*origin);
}

static void from_place(struct composer *composer, struct place place)
{
    from(composer, "%s:%u", place.file ? place.file : NAME, place.line);
}

static void write_settings(struct composer *composer, const struct settings *settings)
{
    FILE *stream = composer->stream;
    char action[CALL_ACTION_MAX];
    bool replaced = false;

    for (size_t i = 0; i < composer->count; i++)
        replaced |= composer->options[i].kind == COMPOSE_DEFAULT;
    if (!replaced) {
        from_place(composer, settings->default_place);
        fprintf(stream, "default = %s\n", action_text(settings->default_action, action));
    }
    from_place(composer, settings->audit_place);
    fprintf(stream, "audit = %s\n", settings->audit ? "yes" : "no");
    from_place(composer, settings->no_new_privileges_place);
    fprintf(stream, "no-new-privileges = %s\n", settings->no_new_privileges ? "yes" : "no");
    for (size_t i = 0; i < settings->program_count; i++) {
        if (i == 0) {
            from_place(composer, settings->program_place);
            fputs("program =", stream);
        }
        fprintf(stream, " %s", settings->programs[i]);
        if (i + 1 == settings->program_count)
            fputc('\n', stream);
    }
}

/* Negative for a group, and for what has no number here. */
static int number_of(const struct subject *subject)
{
    if (subject->kind == SUBJECT_GROUP)
        return -ENOENT;
    return subject->kind == SUBJECT_NUMBER ? subject->number : call_number(subject->name);
}

/* Whether TEXT, a line of [deny], denies the call NUMBER without a condition. */
static bool denies(const char *text, int number)
{
    char name[CALL_NAME_MAX];
    char condition[3];

    if (sscanf(text, " %63[^= \t] = %*s %2s", name, condition) != 1)
        return false;
    return call_number(name + (*name == '?')) == number;
}

/* An allowance that a denial in another file, or on the command line, takes back is nothing: here,
 * where both come into one text, it would be a contradiction. */
static bool is_taken_back(const struct composer *composer, const struct entry *entry)
{
    const struct whitelist *whitelist = &composer->base->whitelist;
    int number = number_of(&entry->subject);

    if (entry->section != SECTION_ALLOW || entry->conditional || number < 0)
        return false;
    for (size_t i = 0; i < whitelist->entry_count; i++) {
        const struct entry *other = &whitelist->entries[i];
        if (other->section == SECTION_DENY && !other->conditional &&
            number_of(&other->subject) == number)
            return true;
    }
    for (size_t i = 0; i < composer->count; i++) {
        if (composer->options[i].kind == COMPOSE_DENY && denies(composer->options[i].text, number))
            return true;
    }
    return false;
}

static void write_entry(struct composer *composer, const struct entry *entry)
{
    const char *sign = entry->subject.kind == SUBJECT_GROUP ? "@" : "";
    char action[CALL_ACTION_MAX];

    if (is_taken_back(composer, entry))
        return;
    from_place(composer, entry->place);
    if (entry->subject.optional)
        sign = "?";
    if (entry->section == SECTION_ALLOW) {
        fprintf(composer->stream, entry->conditional ? "%s%s = %s\n" : "syscalls = %s%s\n", sign,
                entry->subject.name, entry->conditional ? entry->condition_text : "");
        return;
    }
    fprintf(composer->stream, "%s%s = %s%s%s\n", sign, entry->subject.name,
            action_text(entry->action, action), entry->conditional ? " if " : "",
            entry->conditional ? entry->condition_text : "");
}

static void write_option(struct composer *composer, const struct compose_option *option)
{
    const char *key = option->kind == COMPOSE_DEFAULT ? "default = " : "";

    if (option->kind == COMPOSE_ALLOW && !strchr(option->text, '='))
        key = "syscalls = "; /* names and groups */
    from(composer, "%s \"%s\"", OPTION_NAMES[option->kind], option->text);
    fprintf(composer->stream, "%s%s\n", key, option->text);
}

static void write_options(struct composer *composer, enum compose_kind kind)
{
    for (size_t i = 0; i < composer->count; i++) {
        if (composer->options[i].kind == kind)
            write_option(composer, &composer->options[i]);
    }
}

static void write_section(struct composer *composer, const char *title, enum compose_kind kind,
                          enum section section)
{
    from(composer, "%s", NAME);
    fputs(title, composer->stream);
    write_options(composer, kind);
    if (!composer->base)
        return;
    const struct whitelist *whitelist = &composer->base->whitelist;
    if (kind == COMPOSE_DEFAULT)
        write_settings(composer, &whitelist->settings);
    for (size_t i = 0; kind != COMPOSE_DEFAULT && i < whitelist->entry_count; i++) {
        if (whitelist->entries[i].section == section && whitelist->entries[i].stage == 0)
            write_entry(composer, &whitelist->entries[i]);
    }
}

/* What is allowed on the command line is allowed in each stage as well: else it would not be. */
static void write_stage(struct composer *composer, unsigned number)
{
    const struct whitelist *whitelist = &composer->base->whitelist;
    const struct stage *stage = &whitelist->stages[number - 1];
    char functions[CALL_TEXT_MAX];

    from_place(composer, stage->place);
    fprintf(composer->stream, "[stage %s]\n", stage->name);
    from_place(composer, stage->when_place);
    fprintf(composer->stream, "when = %s\n", stage_functions(stage, " ", functions));
    write_options(composer, COMPOSE_ALLOW);
    for (size_t i = 0; i < whitelist->entry_count; i++) {
        if (whitelist->entries[i].stage == number)
            write_entry(composer, &whitelist->entries[i]);
    }
}

/* Names the lines by their origins. */
static void say(void *context, const struct diagnostic *item)
{
    const struct composition *composition = context;
    unsigned line = item->place.file == NAME ? item->place.line : 0;
    bool known = line > 0 && line <= composition->lines;
    char text[DIAGNOSTIC_LINE_MAX];
    size_t length = diagnostic_line(item, known ? composition->origins[line - 1] : NULL, text);

    tool_say(text, length);
}

static void say_all(const struct composition *composition, const struct diagnostics *diagnostics)
{
    char rest[DIAGNOSTIC_REST_MAX];

    diagnostics_visit(diagnostics, say, (void *)(uintptr_t)composition);
    size_t length = diagnostics_rest(diagnostics, rest);
    if (length > 0)
        tool_say(rest, length);
}

/* What would be no line of its section, but a comment, a section, or two lines. */
static int check_options(const struct composer *composer)
{
    int status = STATUS_OK;

    for (size_t i = 0; i < composer->count; i++) {
        const struct compose_option *option = &composer->options[i];
        const char *text = option->text + strspn(option->text, " \t");
        if (text == option->text && *text != '\0' && !strchr("[;#=", *text) &&
            !strpbrk(text, "\r\n"))
            continue;
        fprintf(stderr, "%s \"", OPTION_NAMES[option->kind]);
        for (const char *c = option->text; *c != '\0'; c++)
            fputc(*c >= ' ' && *c <= '~' ? *c : '?', stderr);
        fputs("\": error: this is not one line of a whitelist\n", stderr);
        status = STATUS_CONFIG;
    }
    if (composer->base && composer->base->whitelist.settings.children == CHILDREN_RELOAD) {
        struct place place = composer->base->whitelist.settings.children_place;
        fprintf(stderr,
                "%s:%u: error: 'children = reload' needs a file that stays; it does not go with "
                "--default, --allow and --deny\n",
                place.file, place.line);
        status = STATUS_CONFIG;
    }
    return status;
}

/* As policy_open() does it for a file. */
static int check(const struct composition *composition, struct policy *policy)
{
    struct diagnostics *diagnostics = &policy->diagnostics;
    int error = reader_read_text(NAME, composition->text, composition->length, &policy->whitelist,
                                 diagnostics);

    if (!error || error == -EINVAL)
        error = policy_build(NAME, policy);
    say_all(composition, diagnostics);
    if (diagnostics->errors > 0)
        return STATUS_CONFIG;
    if (error)
        tool_error("%s: %s", NAME, strerror(-error));
    return error ? STATUS_OS : STATUS_OK;
}

int compose(const struct policy *base, const struct compose_option *options, size_t count,
            struct composition *composition, struct policy *policy)
{
    struct composer composer = {
        .composition = composition, .base = base, .options = options, .count = count};

    *composition = (struct composition){0};
    *policy = (struct policy){0};
    int status = check_options(&composer);
    if (status != STATUS_OK)
        return status;
    composer.stream = demand(open_memstream(&composition->text, &composition->length));
    write_section(&composer, "[filter]\n", COMPOSE_DEFAULT, SECTION_ALLOW);
    write_section(&composer, "[allow]\n", COMPOSE_ALLOW, SECTION_ALLOW);
    for (unsigned i = 0; base && i < base->whitelist.stage_count; i++)
        write_stage(&composer, i + 1);
    write_section(&composer, "[deny]\n", COMPOSE_DENY, SECTION_DENY);
    if (fclose(composer.stream) != 0)
        demand(NULL);
    return check(composition, policy);
}

int compose_store(const struct composition *composition)
{
    int error = 0;
    int made = memfd_create("portcullis", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* not in the place of a standard descriptor that is closed */
    int descriptor = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (descriptor < 0 ||
        write(descriptor, composition->text, composition->length) != (ssize_t)composition->length ||
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
            0)
        error = errno;
    if (made >= 0)
        close(made);
    if (!error)
        return descriptor;
    tool_error("cannot keep the whitelist of the command line: %s", strerror(error));
    return -error;
}

void compose_release(struct composition *composition)
{
    for (size_t i = 0; i < composition->lines; i++)
        free(composition->origins[i]);
    free(composition->origins);
    free(composition->text);
    *composition = (struct composition){0};
}
