#include "strace_log.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "strace_line.h"
#include "strace_value.h"

/* What a program writes amid a line of strace is not waited for beyond this. */
enum { TORN_MAX = 65536 };

struct reader {
    const struct strace_visitor *visitor;
    struct strace_log *log;
    unsigned line;
    bool table;  /* of -c: it has begun */
    char *torn;  /* owned; the beginning of a call that something else was written into */
    size_t last; /* the life spoken of last */
};

static int life_add(struct reader *reader, long pid, size_t *index)
{
    struct strace_log *log = reader->log;

    if (log->count == log->capacity) {
        size_t capacity = log->capacity ? log->capacity * 2 : 16;
        struct strace_life *lives = realloc(log->lives, capacity * sizeof(*lives));
        if (!lives)
            return -ENOMEM;
        log->lives = lives;
        log->capacity = capacity;
    }
    *index = log->count;
    log->lives[log->count++] =
        (struct strace_life){.pid = pid, .parent = -1, .first = reader->line};
    return 0;
}

/* The life without a pid before its lines: the only one that is not over, or the first of them. */
static int life_alone(struct reader *reader, size_t *index)
{
    for (size_t i = 0; i < reader->log->count; i++) {
        if (!reader->log->lives[i].ended) {
            *index = i;
            return 0;
        }
    }
    return life_add(reader, 0, index);
}

/* Whether LINE goes on with what LIFE has begun. */
static bool is_resumed(const struct strace_life *life, const struct strace_line *line)
{
    return line->kind == STRACE_RESUMED && life->name && strlen(life->name) == line->name.length &&
           strncmp(life->name, line->name.start, line->name.length) == 0;
}

/* strace -f puts no pid before the lines as long as there is one thread. Once there are more, the
 * first has one: it is the pid that no call has returned. */
static bool is_nameless(const struct strace_life *life, const struct strace_line *line)
{
    if (life->pid != 0 || life->ended)
        return false;
    return !life->name || is_resumed(life, line);
}

static int life_find(struct reader *reader, const struct strace_line *line, size_t *index)
{
    struct strace_log *log = reader->log;

    if (line->pid == 0)
        return life_alone(reader, index);
    if (reader->last < log->count && log->lives[reader->last].pid == line->pid &&
        !log->lives[reader->last].ended) {
        *index = reader->last;
        return 0;
    }
    for (size_t i = log->count; i-- > 0;) {
        if (log->lives[i].pid == line->pid && !log->lives[i].ended) {
            *index = reader->last = i;
            return 0;
        }
    }
    for (size_t i = 0; i < log->count; i++) {
        if (is_nameless(&log->lives[i], line)) {
            log->lives[i].pid = line->pid;
            *index = i;
            return 0;
        }
    }
    return life_add(reader, line->pid, index);
}

/* "flags=CLONE_VM|...," */
static bool makes_thread(const char *arguments)
{
    const char *flags = strstr(arguments, "flags=");
    uint64_t value = 0;

    if (!flags)
        return false;
    flags += strlen("flags=");
    return strace_value(flags, strcspn(flags, ",})"), &value) && value & CLONE_THREAD;
}

/* Whether LIFE, or what made it, and so on, is CHILD. No honest log has it so. */
static bool comes_from(const struct strace_log *log, long life, size_t child)
{
    while (life >= 0 && life != (long)child)
        life = log->lives[life].parent;
    return life >= 0;
}

/* CALL, which began on line BEGUN, has made a process or a thread. Its own lines may be there
 * already. */
static int life_born(struct reader *reader, const struct strace_call *call, unsigned begun,
                     long pid)
{
    struct strace_log *log = reader->log;
    size_t child = log->count;

    for (size_t i = log->count; i-- > 0;) {
        const struct strace_life *life = &log->lives[i];
        if (life->pid == pid && life->parent < 0 && life->first >= begun &&
            !comes_from(log, (long)call->life, i)) {
            child = i;
            break;
        }
    }
    if (child == log->count) {
        int error = life_add(reader, pid, &child);
        if (error)
            return error;
    }
    log->lives[child].parent = (long)call->life;
    log->lives[child].born = reader->line;
    log->lives[child].thread = makes_thread(call->arguments);
    return 0;
}

static bool makes_lives(const char *name)
{
    return strcmp(name, "clone") == 0 || strcmp(name, "clone3") == 0 || strcmp(name, "fork") == 0 ||
           strcmp(name, "vfork") == 0;
}

static int deliver(struct reader *reader, struct strace_call *call, unsigned begun)
{
    struct strace_life *life = &reader->log->lives[call->life];

    call->line = reader->line;
    call->first = !life->called;
    life->called = true;
    if (reader->visitor->call) {
        int error = reader->visitor->call(reader->visitor->context, reader->log, call);
        if (error)
            return error;
    }
    long result = strtol(call->result, NULL, 10);
    if (result > 0 && makes_lives(call->name))
        return life_born(reader, call, begun, result);
    return 0;
}

/* The call that LIFE has begun, with what is known of it. */
static int finish(struct reader *reader, size_t index)
{
    struct strace_life *life = &reader->log->lives[index];
    struct strace_call call = {
        .life = index, .name = life->name, .arguments = life->arguments, .result = ""};

    if (!life->name)
        return 0;
    int error = deliver(reader, &call, life->line);
    /* what is delivered may move the lives */
    life = &reader->log->lives[index];
    free(life->name);
    free(life->arguments);
    life->name = life->arguments = NULL;
    life->line = 0;
    return error;
}

static int finish_all(struct reader *reader)
{
    int error = 0;

    for (size_t i = 0; !error && i < reader->log->count; i++)
        error = finish(reader, i);
    return error;
}

static char *copy(struct strace_text text)
{
    return strndup(text.start ? text.start : "", text.length);
}

static int begin_call(struct reader *reader, size_t index, const struct strace_line *line)
{
    int error = finish(reader, index);
    if (error)
        return error;
    struct strace_life *life = &reader->log->lives[index];
    life->name = copy(line->name);
    life->arguments = copy(line->arguments);
    life->line = reader->line;
    return life->name && life->arguments ? 0 : -ENOMEM;
}

/* A whole call; or with BEGINNING its second half. */
static int whole_call(struct reader *reader, size_t index, const struct strace_line *line,
                      const char *beginning, unsigned begun)
{
    char *name = copy(line->name);
    char *arguments = NULL;
    char *result = copy(line->result);
    int error = -ENOMEM;

    if (asprintf(&arguments, "%s%s%.*s", beginning,
                 *beginning != '\0' && line->arguments.length > 0 ? " " : "",
                 (int)line->arguments.length, line->arguments.start) < 0)
        arguments = NULL;
    if (name && arguments && result)
        error = deliver(reader,
                        &(struct strace_call){
                            .life = index, .name = name, .arguments = arguments, .result = result},
                        begun);
    free(name);
    free(arguments);
    free(result);
    return error;
}

static int end_call(struct reader *reader, size_t index, const struct strace_line *line)
{
    struct strace_life *life = &reader->log->lives[index];

    if (!is_resumed(life, line)) {
        int error = finish(reader, index);
        return error ? error : whole_call(reader, index, line, "", reader->line);
    }
    char *beginning = life->arguments;
    unsigned begun = life->line;
    free(life->name);
    life->name = life->arguments = NULL;
    life->line = 0;
    int error = whole_call(reader, index, line, beginning, begun);
    free(beginning);
    return error;
}

static int take(struct reader *reader, const struct strace_line *line)
{
    size_t index = 0;

    int error = life_find(reader, line, &index);
    if (error)
        return error;
    if (line->kind == STRACE_MODE) {
        reader->log->lives[index].foreign = line->foreign;
        return 0;
    }
    if (line->kind == STRACE_END) {
        error = finish(reader, index);
        reader->log->lives[index].ended = true;
        return error;
    }
    if (line->kind == STRACE_UNFINISHED || line->kind == STRACE_TORN)
        return begin_call(reader, index, line);
    return end_call(reader, index, line);
}

static int take_row(struct reader *reader, const char *text)
{
    struct strace_text name = {0};
    unsigned long count = 0;
    char word[64];

    if (!strace_line_row(text, &name, &count) || name.length >= sizeof(word))
        return 0;
    memcpy(word, name.start, name.length);
    word[name.length] = '\0';
    if (!reader->visitor->row)
        return 0;
    return reader->visitor->row(reader->visitor->context, reader->line, word, count);
}

static bool is_ruler(const char *text)
{
    size_t length = strlen(text);

    return strncmp(text, "------", 6) == 0 || (length > 6 && !strcmp(text + length - 6, " total"));
}

static int take_unknown(struct reader *reader, const char *text)
{
    struct strace_text name;
    unsigned long count;

    if (reader->table && strace_line_row(text, &name, &count))
        return take_row(reader, text);
    if (!(reader->table && is_ruler(text)) && reader->visitor->unknown)
        reader->visitor->unknown(reader->visitor->context, reader->line, text);
    return 0;
}

/* strace tells of a new thread amid a line that is not yet finished. */
static char *keep_torn(const char *text)
{
    const char *told = strstr(text, "strace: Process ");

    return told ? strndup(text, (size_t)(told - text)) : strdup(text);
}

/* TEXT is taken as it is, but for a call that is torn. */
static int take_line(struct reader *reader, const char *text)
{
    struct strace_line line;

    strace_line_parse(text, &line);
    switch (line.kind) {
    case STRACE_TORN:
        reader->torn = keep_torn(text);
        return reader->torn ? 0 : -ENOMEM;
    case STRACE_TABLE:
        reader->table = true;
        if (reader->visitor->table)
            reader->visitor->table(reader->visitor->context, reader->line);
        return 0;
    case STRACE_UNKNOWN:
        return take_unknown(reader, text);
    case STRACE_NOTHING:
        return 0;
    case STRACE_CALL:
    case STRACE_UNFINISHED:
    case STRACE_RESUMED:
    case STRACE_END:
    case STRACE_MODE:
        break;
    }
    return take(reader, &line);
}

/* What there is of a torn call. */
static int take_torn(struct reader *reader)
{
    struct strace_line line;
    char *torn = reader->torn;

    reader->torn = NULL;
    strace_line_parse(torn, &line);
    int error = take(reader, &line);
    free(torn);
    return error;
}

/* TEXT behind what is torn. *TAKEN: it belongs there. */
static int mend(struct reader *reader, const char *text, bool *taken)
{
    struct strace_line line;
    char *whole = NULL;

    strace_line_parse(text, &line);
    *taken = true;
    if (line.kind == STRACE_NOTHING)
        return 0;
    *taken = line.kind == STRACE_UNKNOWN && strlen(reader->torn) < TORN_MAX;
    if (!*taken)
        return take_torn(reader);
    if (asprintf(&whole, "%s%s", reader->torn, text) < 0)
        return -ENOMEM;
    free(reader->torn);
    reader->torn = NULL;
    int error = take_line(reader, whole);
    free(whole);
    return error;
}

static int read_line(struct reader *reader, char *text)
{
    bool taken = false;
    int error = 0;

    text[strcspn(text, "\r\n")] = '\0';
    if (reader->torn)
        error = mend(reader, text, &taken);
    return error || taken ? error : take_line(reader, text);
}

int strace_log_read(FILE *stream, const struct strace_visitor *visitor, struct strace_log *log)
{
    struct reader reader = {.visitor = visitor, .log = log};
    char *text = NULL;
    size_t size = 0;
    int error = 0;

    *log = (struct strace_log){0};
    rewind(stream);
    while (!error && (errno = 0, getline(&text, &size, stream)) >= 0) {
        reader.line++;
        error = read_line(&reader, text);
    }
    if (!error && (ferror(stream) || errno == ENOMEM))
        error = errno ? -errno : -EIO;
    if (!error && reader.torn)
        error = take_torn(&reader);
    if (!error)
        error = finish_all(&reader);
    free(reader.torn);
    free(text);
    return error;
}

void strace_log_release(struct strace_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        free(log->lives[i].name);
        free(log->lives[i].arguments);
    }
    free(log->lives);
    *log = (struct strace_log){0};
}
