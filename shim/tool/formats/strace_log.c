#include "strace_log.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "strace_value.h"

/* What a program writes amid a line of strace is not waited for beyond this: in bytes, and in lines
 * that look as if they ended the call. */
enum { TORN_MAX = 65536, TRIES_MAX = 64 };

struct reader {
    const struct strace_visitor *visitor;
    struct strace_log *log;
    unsigned line;
    bool tabular; /* a table of -c has begun */
    struct strace_table table;
    struct torn {
        char *text; /* owned; the beginning of a call that something else was written into */
        size_t length;
        size_t capacity;
        unsigned tries; /* to see whether the call is whole now */
    } torn;
};

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
        return strace_lives_birth(reader->log, call->life, begun, reader->line, result,
                                  makes_thread(call->arguments));
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

    if (!strace_lives_resumes(life, line)) {
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

    int error = strace_lives_find(reader->log, line, reader->line, &index);
    if (error)
        return error;
    if (line->kind == STRACE_MODE) {
        reader->log->lives[index].foreign = line->foreign;
        return 0;
    }
    if (line->kind == STRACE_END) {
        error = finish(reader, index);
        strace_lives_end(reader->log, index);
        return error;
    }
    if (line->kind == STRACE_UNFINISHED || line->kind == STRACE_TORN)
        return begin_call(reader, index, line);
    return end_call(reader, index, line);
}

static int take_row(struct reader *reader, struct strace_text name, unsigned long count)
{
    char word[64];

    if (name.length >= sizeof(word) || !reader->visitor->row)
        return 0;
    memcpy(word, name.start, name.length);
    word[name.length] = '\0';
    return reader->visitor->row(reader->visitor->context, reader->line, word, count);
}

static int take_unknown(struct reader *reader, const char *text)
{
    struct strace_text name;
    unsigned long count;

    if (reader->tabular && strace_table_row(&reader->table, text, &name, &count))
        return take_row(reader, name, count);
    if (!(reader->tabular && strace_table_ends(text)) && reader->visitor->unknown)
        reader->visitor->unknown(reader->visitor->context, reader->line, text);
    return 0;
}

/* Puts TEXT behind what is torn, up to where strace tells of a new thread amid the line. */
static int keep_torn(struct torn *torn, const char *text)
{
    const char *told = strstr(text, "strace: Process ");
    size_t length = told ? (size_t)(told - text) : strlen(text);

    if (!torn->text || torn->length + length + 1 > torn->capacity) {
        size_t capacity = 2 * (torn->length + length + 1);
        char *grown = realloc(torn->text, capacity);
        if (!grown)
            return -ENOMEM;
        torn->text = grown;
        torn->capacity = capacity;
    }
    memcpy(torn->text + torn->length, text, length);
    torn->length += length;
    torn->text[torn->length] = '\0';
    return 0;
}

/* TEXT is taken as it is, but for a call that is torn. */
static int take_line(struct reader *reader, const char *text)
{
    struct strace_line line;

    strace_line_parse(text, &line);
    switch (line.kind) {
    case STRACE_TORN:
        reader->torn.length = reader->torn.tries = 0;
        return keep_torn(&reader->torn, text);
    case STRACE_TABLE:
        reader->tabular = strace_table_head(text, &reader->table);
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

    strace_line_parse(reader->torn.text, &line);
    reader->torn.length = 0;
    return take(reader, &line);
}

/* Whether TEXT may have the end of a call. */
static bool may_end(const char *text)
{
    return strchr(text, '=') || strstr(text, "<unfinished ...>");
}

/* TEXT behind what is torn. *TAKEN: it belongs there. */
static int mend(struct reader *reader, const char *text, bool *taken)
{
    struct torn *torn = &reader->torn;
    struct strace_line line;

    strace_line_parse(text, &line);
    *taken = true;
    if (line.kind == STRACE_NOTHING)
        return 0;
    *taken = line.kind == STRACE_UNKNOWN && torn->length < TORN_MAX && torn->tries < TRIES_MAX;
    if (!*taken)
        return take_torn(reader);
    int error = keep_torn(torn, text);
    if (error || !may_end(text))
        return error;
    torn->tries++;
    strace_line_parse(torn->text, &line);
    if (line.kind == STRACE_TORN)
        return 0;
    torn->length = 0;
    return line.kind == STRACE_UNKNOWN ? take_unknown(reader, torn->text) : take(reader, &line);
}

static int read_line(struct reader *reader, char *text)
{
    bool taken = false;
    int error = 0;

    text[strcspn(text, "\r\n")] = '\0';
    if (reader->torn.length > 0)
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
    if (!error && reader.torn.length > 0)
        error = take_torn(&reader);
    if (!error)
        error = finish_all(&reader);
    free(reader.torn.text);
    free(text);
    return error;
}
