#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/reader.h"
#include "bpf.h"

static int build(int error, const char *name, unsigned stage, struct pipeline *pipeline)
{
    if (!error)
        error = rules_build_stage(&pipeline->whitelist, stage, &pipeline->diagnostics,
                                  &pipeline->rules);
    pipeline->valid = !error;
    if (!error)
        error = filter_build(&pipeline->rules, (struct place){name, 0}, &pipeline->diagnostics,
                             &pipeline->filter);
    return error;
}

int pipeline_read_file(const char *path, struct pipeline *pipeline)
{
    return pipeline_read_stage(path, 0, pipeline);
}

int pipeline_read_stage(const char *path, unsigned stage, struct pipeline *pipeline)
{
    *pipeline = (struct pipeline){0};
    int error = reader_read_file(path, &pipeline->whitelist, &pipeline->diagnostics);
    return build(error, path, stage, pipeline);
}

int pipeline_read_text(const char *text, struct pipeline *pipeline)
{
    *pipeline = (struct pipeline){0};
    int error = reader_read_text("test.ini", text, strlen(text), &pipeline->whitelist,
                                 &pipeline->diagnostics);
    return build(error, "test.ini", 0, pipeline);
}

int pipeline_whitelists(glob_t *found)
{
    int error = glob("tests/data/good/*.ini", 0, NULL, found);

    if (!error)
        error = glob("tests/data/verdicts/*.ini", GLOB_APPEND, NULL, found);
    if (!error)
        error = glob("examples/*/*.ini", GLOB_APPEND, NULL, found);
    return error ? error : glob("config/whitelists/*.ini", GLOB_APPEND, NULL, found);
}

int pipeline_compile(struct pipeline *pipeline)
{
    return filter_build_once(&pipeline->rules, (struct place){pipeline->whitelist.name, 0},
                             &pipeline->diagnostics, &pipeline->once);
}

void pipeline_release(struct pipeline *pipeline)
{
    filter_release(&pipeline->filter);
    filter_release(&pipeline->once);
    rules_release(&pipeline->rules);
    whitelist_release(&pipeline->whitelist);
    diagnostics_release(&pipeline->diagnostics);
}

static void write_message(void *context, const char *text, size_t length)
{
    fwrite(text, 1, length, context);
}

char *pipeline_messages(const struct pipeline *pipeline)
{
    char *messages = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&messages, &length);
    if (!stream)
        return NULL;
    diagnostics_tell(&pipeline->diagnostics, write_message, stream);
    fclose(stream);
    return messages;
}

uint32_t pipeline_word(struct action action)
{
    switch (action.kind) {
    case ACTION_ALLOW:
        return SECCOMP_RET_ALLOW;
    case ACTION_LOG:
        return SECCOMP_RET_LOG;
    case ACTION_ERRNO:
        return SECCOMP_RET_ERRNO | action.error;
    case ACTION_TRAP:
        return SECCOMP_RET_TRAP;
    case ACTION_KILL:
        break;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

uint32_t pipeline_decide(const struct pipeline *pipeline, uint32_t architecture, int number,
                         const uint64_t arguments[6])
{
    return pipeline_word(rules_decide(&pipeline->rules, architecture, number, arguments).action);
}

static uint32_t simulate(const struct filter *filter, uint32_t architecture, int number,
                         const uint64_t arguments[6])
{
    struct seccomp_data data = {.nr = number, .arch = architecture};
    memcpy(data.args, arguments, sizeof(data.args));
    return bpf_run(filter->instructions, filter->count, &data, NULL);
}

uint32_t pipeline_simulate(const struct pipeline *pipeline, uint32_t architecture, int number,
                           const uint64_t arguments[6])
{
    return simulate(&pipeline->filter, architecture, number, arguments);
}

uint32_t pipeline_simulate_once(const struct pipeline *pipeline, uint32_t architecture, int number,
                                const uint64_t arguments[6])
{
    return simulate(&pipeline->once, architecture, number, arguments);
}
