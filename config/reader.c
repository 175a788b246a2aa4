#include "reader.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "reading.h"
#include "suggest.h"

static int read_file(const char *path, int descriptor, const struct place *from,
                     struct reading *reading);

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

bool reading_word(const char **cursor, const char **word, size_t *length)
{
    const char *start = *cursor;

    while (is_separator(*start))
        start++;
    const char *end = start;
    while (*end != '\0' && !is_separator(*end))
        end++;
    *word = start;
    *length = (size_t)(end - start);
    *cursor = end;
    return end > start;
}

/* NAME, relative to the folder that READING's file is in; owned by the whitelist. */
static const char *resolve(struct reading *reading, const char *name)
{
    const char *slash = strrchr(reading->name, '/');
    size_t folder = *name != '/' && slash ? (size_t)(slash - reading->name) + 1 : 0;
    size_t length = strlen(name);
    char *path = whitelist_memory(reading->whitelist, folder + length + 1);

    if (path) {
        memcpy(path, reading->name, folder);
        memcpy(path + folder, name, length + 1);
    }
    return path;
}

static void include(struct reading *reading, const char *value)
{
    struct place here = reading->lines.place;
    const char *path = resolve(reading, value);
    struct reading included = {
        .whitelist = reading->whitelist,
        .diagnostics = reading->diagnostics,
        .parent = reading,
        .files = reading->files,
    };

    int error = path ? read_file(path, -1, &here, &included) : -ENOMEM;
    if (error == -ENOMEM)
        reading->error = error;
    enum action_kind kind = included.own.default_action.kind;
    if (!error && included.own.default_place.line != 0 &&
        (kind == ACTION_ALLOW || kind == ACTION_LOG)) {
        diagnostic_error(reading->diagnostics, here,
                         "'%s' cannot be included: its default is to allow", value);
        diagnostic_note(reading->diagnostics, included.own.default_place, "set here");
        included.own.default_place.line = 0; /* once is enough */
    }
    /* of two included files the later one counts */
    settings_inherit(&included.own, &reading->inherited);
    reading->inherited = included.own;
}

static void begin_section(void *context, const char *name, size_t length)
{
    static const struct {
        char name[8];
        enum reading_section section;
    } SECTIONS[] = {{"filter", READING_FILTER}, {"allow", READING_ALLOW}, {"deny", READING_DENY}};
    struct reading *reading = context;
    char word[LINE_BYTES_MAX + 1];
    char near[64];

    reading->section = READING_UNKNOWN;
    reading->stage = 0;
    if (!name)
        return;
    if (length >= 5 && memcmp(name, "stage", 5) == 0 && (length == 5 || name[5] == ' ')) {
        if (!stage_begin(reading, name + 5, length - 5))
            return;
        reading->section = READING_STAGE;
        reading->stage = (unsigned)reading->whitelist->stage_count;
        return;
    }
    memcpy(word, name, length);
    word[length] = '\0';
    for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(SECTIONS[0]); i++) {
        if (strcmp(word, SECTIONS[i].name) == 0) {
            reading->section = SECTIONS[i].section;
            return;
        }
    }
    struct suggestion suggestion = suggestion_for(word);
    for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(SECTIONS[0]); i++)
        suggestion_offer(&suggestion, SECTIONS[i].name);
    diagnostic_error(reading->diagnostics, reading->lines.place, "unknown section [%s]%s", word,
                     suggestion_text(&suggestion, near, sizeof(near)));
}

/* An ini_handler (<ini.h>); the section is known better here. */
static int handle(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;

    (void)section;
    if (reading->error || reading->section == READING_UNKNOWN)
        return 1; /* the section's name was reported, once is enough */
    if (reading->section == READING_NONE) {
        diagnostic_error(reading->diagnostics, reading->lines.place,
                         "'%s' stands in no section; [filter], [allow] or [deny] goes above it",
                         key);
        reading->section = READING_UNKNOWN;
    } else if (*value == '\0') {
        diagnostic_error(reading->diagnostics, reading->lines.place, "'%s' has no value", key);
    } else if (reading->section == READING_ALLOW) {
        entries_line(reading, SECTION_ALLOW, key, value);
    } else if (reading->section == READING_DENY) {
        entries_line(reading, SECTION_DENY, key, value);
    } else if (reading->section == READING_STAGE) {
        stage_line(reading, key, value);
    } else if (strcmp(key, "include") == 0) {
        include(reading, value);
    } else {
        settings_line(reading, key, value);
    }
    return 1;
}

static int read_text(const char *name, const char *text, size_t length, struct reading *reading)
{
    reading->name = name;
    reading->lines = (struct lines){
        .place = {.file = name},
        .diagnostics = reading->diagnostics,
        .on_section = begin_section,
        .context = reading,
    };
    lines_begin(&reading->lines, text, length);
    int line = ini_parse_stream(lines_read, &reading->lines, handle, reading);
    if (reading->error)
        return reading->error;
    if (line != 0) /* lines.c lets nothing pass that inih refuses; if it does, do not go on */
        diagnostic_error(reading->diagnostics, (struct place){name, (unsigned)line},
                         "inih cannot read this line");
    if (reading->lines.meaningful == 0)
        diagnostic_error(reading->diagnostics, (struct place){name, 0},
                         "the file is empty (comments do not count)");
    settings_inherit(&reading->own, &reading->inherited);
    return 0;
}

/* Reports, at the including line FROM where there is one, that PATH can't be read. */
static void report_unreadable(const struct reading *reading, const char *path,
                              const struct place *from, int error)
{
    static const struct {
        int error;
        char text[24];
    } REASONS[] = {
        {ENOENT, "no such file"},       {EACCES, "permission denied"},
        {EINVAL, "not a regular file"}, {EISDIR, "not a regular file"},
        {ENXIO, "not a regular file"},  {EFBIG, "larger than 1 MiB"},
        {ENOTDIR, "no such file"},      {ELOOP, "too many symbolic links"},
        {EBUSY, "it is being written"},
    };
    const char *name = constant_errno_name((unsigned)error);
    const char *reason = name ? name : "unknown error";
    struct place place = from ? *from : (struct place){path, 0};

    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        if (REASONS[i].error == error)
            reason = REASONS[i].text;
    }
    diagnostic_error(reading->diagnostics, place, "cannot read '%s': %s", path, reason);
}

static bool is_loop(const struct reading *reading, const char *path, const struct place *from)
{
    for (const struct reading *above = reading->parent; above; above = above->parent) {
        if (above->identified && above->device == reading->device &&
            above->inode == reading->inode) {
            diagnostic_error(reading->diagnostics, *from, "'%s' includes itself", path);
            return true;
        }
    }
    return false;
}

/* Notes that PATH is read. Returns 0 or -ENOMEM. */
static int add_source(struct whitelist *whitelist, const char *path)
{
    struct source *source = whitelist_memory(whitelist, sizeof(*source));

    if (!source)
        return -ENOMEM;
    *source = (struct source){path, whitelist->sources};
    whitelist->sources = source;
    return 0;
}

/* Reads PATH, which DESCRIPTOR is where it is not -1, into READING; FROM is the line that includes
 * it, or NULL. */
static int read_file(const char *path, int descriptor, const struct place *from,
                     struct reading *reading)
{
    struct file file = {0};

    if (++*reading->files > WHITELIST_FILES_MAX) {
        if (*reading->files == WHITELIST_FILES_MAX + 1)
            diagnostic_error(reading->diagnostics, *from, "more than %d files are included",
                             WHITELIST_FILES_MAX);
        return -EINVAL;
    }
    int error = descriptor < 0 ? file_read(path, WHITELIST_BYTES_MAX, &file)
                               : file_read_open(descriptor, WHITELIST_BYTES_MAX, &file);
    if (error == -ENOMEM)
        return error;
    if (error) {
        report_unreadable(reading, path, from, -error);
        return -EINVAL;
    }
    reading->device = file.device;
    reading->inode = file.inode;
    reading->identified = true;
    error = is_loop(reading, path, from) ? -EINVAL : add_source(reading->whitelist, path);
    if (!error)
        error = read_text(path, file.text, file.length, reading);
    free(file.text);
    return error;
}

/* The end of both ways in: READING becomes the whitelist's settings. */
static int finish(struct reading *reading, int error)
{
    struct settings *settings = &reading->whitelist->settings;

    *settings = settings_built_in();
    settings->default_place.file = reading->whitelist->name; /* a place can be reported anywhere */
    settings_inherit(settings, &reading->own);
    if (error)
        return error;
    stages_check(reading->whitelist, reading->diagnostics);
    return reading->diagnostics->errors > 0 ? -EINVAL : 0;
}

int reader_read_open(const char *path, int descriptor, struct whitelist *whitelist,
                     struct diagnostics *diagnostics)
{
    unsigned files = 0;
    struct reading reading = {.whitelist = whitelist, .diagnostics = diagnostics, .files = &files};

    *whitelist = (struct whitelist){.name = path};
    return finish(&reading, read_file(path, descriptor, NULL, &reading));
}

int reader_read_file(const char *path, struct whitelist *whitelist, struct diagnostics *diagnostics)
{
    return reader_read_open(path, -1, whitelist, diagnostics);
}

int reader_read_text(const char *name, const char *text, size_t length, struct whitelist *whitelist,
                     struct diagnostics *diagnostics)
{
    unsigned files = 1;
    struct reading reading = {.whitelist = whitelist, .diagnostics = diagnostics, .files = &files};

    *whitelist = (struct whitelist){.name = name};
    return finish(&reading, read_text(name, text, length, &reading));
}
