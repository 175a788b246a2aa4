#include "artifact.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/file.h"
#include "../../config/reader.h"
#include "../../config/triggers.h"
#include "call.h"
#include "tool.h"

_Static_assert(COMPILED_DIGEST_BYTES == SHA256_DIGEST_SIZE, "a source's digest is SHA-256");

const char *artifact_text(const struct artifact *artifact, uint32_t text)
{
    return artifact->compiled.texts + text;
}

void artifact_release(struct artifact *artifact)
{
    free(artifact->bytes);
    *artifact = (struct artifact){0};
}

/* Nobody's file shall drive a terminal. */
static void make_printable(struct artifact *artifact)
{
    const struct compiled *compiled = &artifact->compiled;
    size_t start = artifact->length - compiled->header->text_bytes;
    char *texts = (char *)artifact->bytes + start;

    for (size_t i = 0; i < compiled->header->text_bytes; i++) {
        if (texts[i] != '\0' && iscntrl((unsigned char)texts[i]))
            texts[i] = '?';
    }
}

static bool stages_are_known(const struct artifact *artifact)
{
    const struct compiled *compiled = &artifact->compiled;

    for (uint32_t i = 1; i < compiled->header->stage_count; i++) {
        if (trigger_set(artifact_text(artifact, compiled->stages[i].when)) == 0)
            return false;
    }
    return compiled->header->stage_count <= 1 + WHITELIST_STAGES_MAX;
}

int artifact_read(const char *path, struct artifact *artifact, struct diagnostics *diagnostics)
{
    struct file file = {0};

    *artifact = (struct artifact){0};
    int error = file_read(path, WHITELIST_BYTES_MAX, &file);
    if (error == -ENOMEM)
        return error;
    if (error || !compiled_begins(file.text, file.length)) {
        free(file.text);
        return 0;
    }
    artifact->bytes = file.text;
    artifact->length = file.length;
    const char *mistake = compiled_open(artifact->bytes, artifact->length, &artifact->compiled);
    if (!mistake && !stages_are_known(artifact))
        mistake = COMPILED_STAGE_UNKNOWN;
    if (!mistake) {
        make_printable(artifact);
        return 0;
    }
    diagnostic_error(diagnostics, (struct place){path, 0}, "cannot use the compiled whitelist: %s",
                     mistake);
    return -EINVAL;
}

static const char *copy_text(const struct artifact *artifact, struct whitelist *whitelist,
                             uint32_t text)
{
    const char *from = artifact_text(artifact, text);

    return whitelist_text(whitelist, from, strlen(from));
}

static int unpack_programs(const struct artifact *artifact, struct whitelist *whitelist)
{
    const struct compiled *compiled = &artifact->compiled;
    struct settings *settings = &whitelist->settings;

    settings->program_count = compiled->header->program_count;
    settings->program_place = (struct place){whitelist->name, 0};
    settings->programs =
        whitelist_memory(whitelist, (settings->program_count + 1) * sizeof(char *));
    for (size_t i = 0; settings->programs && i < settings->program_count; i++) {
        settings->programs[i] = copy_text(artifact, whitelist, compiled->programs[i]);
        if (!settings->programs[i])
            return -ENOMEM;
    }
    return settings->programs ? 0 : -ENOMEM;
}

static int unpack_stages(const struct artifact *artifact, struct whitelist *whitelist)
{
    const struct compiled *compiled = &artifact->compiled;
    size_t count = compiled->header->stage_count - 1;

    whitelist->stages = whitelist_memory(whitelist, (count + 1) * sizeof(*whitelist->stages));
    if (!whitelist->stages)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct compiled_stage *from = &compiled->stages[i + 1];
        struct stage *stage = &whitelist->stages[i];
        *stage = (struct stage){.name = copy_text(artifact, whitelist, from->name),
                                .place = {whitelist->name, 0},
                                .triggers = trigger_set(artifact_text(artifact, from->when))};
        if (!stage->name)
            return -ENOMEM;
    }
    whitelist->stage_count = count;
    return 0;
}

int artifact_unpack(const struct artifact *artifact, struct whitelist *whitelist)
{
    struct settings *settings = &whitelist->settings;
    uint32_t flags = artifact->compiled.header->flags;

    settings->audit = (flags & COMPILED_AUDIT) != 0;
    settings->no_new_privileges = (flags & COMPILED_NO_NEW_PRIVILEGES) != 0;
    settings->children =
        (flags & COMPILED_CHILDREN_RELOAD) != 0 ? CHILDREN_RELOAD : CHILDREN_INHERIT;
    int error = unpack_programs(artifact, whitelist);
    return error ? error : unpack_stages(artifact, whitelist);
}

int artifact_filter(const struct artifact *artifact, size_t stage, struct filter *filter)
{
    const struct compiled *compiled = &artifact->compiled;
    const struct sock_filter *instructions = compiled->instructions;
    size_t count = compiled->stages[stage].instruction_count;

    for (size_t i = 0; i < stage; i++)
        instructions += compiled->stages[i].instruction_count;
    filter->instructions = calloc(count, sizeof(*instructions));
    if (!filter->instructions)
        return -ENOMEM;
    memcpy(filter->instructions, instructions, count * sizeof(*instructions));
    filter->count = count;
    return 0;
}

static int digest_file(const char *path, uint8_t digest[COMPILED_DIGEST_BYTES])
{
    struct sha256_ctx context;
    struct file file = {0};
    int error = file_read(path, WHITELIST_BYTES_MAX, &file);

    if (error)
        return error;
    sha256_init(&context);
    sha256_update(&context, file.length, (const uint8_t *)file.text);
    sha256_digest(&context, COMPILED_DIGEST_BYTES, digest);
    free(file.text);
    return 0;
}

enum source_state artifact_source(const struct artifact *artifact, size_t index)
{
    const struct compiled_source *source = &artifact->compiled.sources[index];
    uint8_t digest[COMPILED_DIGEST_BYTES];

    if (digest_file(artifact_text(artifact, source->path), digest) != 0)
        return SOURCE_GONE;
    return memcmp(digest, source->digest, sizeof(digest)) == 0 ? SOURCE_SAME : SOURCE_CHANGED;
}

const char *artifact_complaint(const struct artifact *artifact, size_t index)
{
    switch (artifact_source(artifact, index)) {
    case SOURCE_CHANGED:
        return "has changed since it was compiled; compile it again";
    case SOURCE_GONE:
        return "cannot be read any more";
    case SOURCE_SAME:
        break;
    }
    return NULL;
}

/* A file in the making: its parts, and the texts that they speak of. */
struct maker {
    struct compiled_header header;
    struct compiled_stage stages[1 + WHITELIST_STAGES_MAX];
    const struct filter *filters;    /* borrowed; one for each of them */
    struct compiled_source *sources; /* owned */
    uint32_t *programs;              /* owned */
    FILE *stream;                    /* over the texts */
    char *texts;                     /* owned */
    size_t text_bytes;
};

static uint32_t add_text(struct maker *maker, const char *text)
{
    long at = ftell(maker->stream);

    fwrite(text, 1, strlen(text) + 1, maker->stream);
    return (uint32_t)at;
}

/* Notes PATH, once, with its digest; absolute, so that it is found from everywhere. */
static int add_source(struct maker *maker, const char *path)
{
    struct compiled_source source = {0};
    char folder[PATH_MAX] = "", absolute[2 * PATH_MAX];

    if (*path != '/' && !getcwd(folder, sizeof(folder)))
        return -errno;
    if (strlen(path) >= PATH_MAX)
        return -ENAMETOOLONG;
    snprintf(absolute, sizeof(absolute), "%s%s%s", strcmp(folder, "/") == 0 ? "" : folder,
             *path != '/' ? "/" : "", path);
    int error = digest_file(path, source.digest);
    if (error) {
        tool_error("cannot read '%s': %s", path, strerror(-error));
        return error;
    }
    fflush(maker->stream);
    for (uint32_t i = 0; i < maker->header.source_count; i++) {
        if (strcmp(maker->texts + maker->sources[i].path, absolute) == 0)
            return 0;
    }
    source.path = add_text(maker, absolute);
    maker->sources[maker->header.source_count++] = source;
    return 0;
}

/* The whitelist itself comes first, its includes as they come. */
static int add_sources(struct maker *maker, const struct whitelist *whitelist)
{
    const char *paths[WHITELIST_FILES_MAX];
    size_t count = 0;
    int error = 0;

    for (const struct source *source = whitelist->sources; source; source = source->next) {
        if (count == WHITELIST_FILES_MAX)
            return -E2BIG;
        paths[count++] = source->path;
    }
    maker->sources = calloc(count + 1, sizeof(*maker->sources));
    if (!maker->sources)
        return -ENOMEM;
    while (count > 0 && !error)
        error = add_source(maker, paths[--count]);
    return error;
}

static int add_programs(struct maker *maker, const struct settings *settings)
{
    maker->programs = calloc(settings->program_count + 1, sizeof(*maker->programs));
    if (!maker->programs)
        return -ENOMEM;
    for (size_t i = 0; i < settings->program_count; i++)
        maker->programs[i] = add_text(maker, settings->programs[i]);
    maker->header.program_count = (uint32_t)settings->program_count;
    return 0;
}

static void add_settings(struct maker *maker, const struct settings *settings)
{
    const struct scmp_version *version = seccomp_version();
    char text[128];

    memcpy(maker->header.magic, COMPILED_MAGIC, COMPILED_MAGIC_BYTES);
    maker->header.format = COMPILED_FORMAT;
    maker->header.machine = compiled_machine();
    maker->header.flags = (settings->audit ? COMPILED_AUDIT : 0U) |
                          (settings->no_new_privileges ? COMPILED_NO_NEW_PRIVILEGES : 0U) |
                          (settings->children == CHILDREN_RELOAD ? COMPILED_CHILDREN_RELOAD : 0U);
    snprintf(text, sizeof(text), "portcullis " PORTCULLIS_VERSION ", libseccomp %u.%u.%u",
             version->major, version->minor, version->micro);
    add_text(maker, "");
    maker->header.maker = add_text(maker, text);
}

static void *append(void *to, const void *part, size_t size)
{
    if (size > 0)
        memcpy(to, part, size);
    return (char *)to + size;
}

/* Puts the parts together. */
static int finish(struct maker *maker, struct artifact *artifact)
{
    struct compiled_header *header = &maker->header;
    bool whole = fclose(maker->stream) == 0;

    maker->stream = NULL;
    if (!whole)
        return -ENOMEM;
    header->text_bytes = (uint32_t)maker->text_bytes;
    artifact->length = compiled_size(header);
    if (artifact->length > COMPILED_BYTES_MAX)
        return -E2BIG;
    artifact->bytes = malloc(artifact->length);
    if (!artifact->bytes)
        return -ENOMEM;
    void *at = append(artifact->bytes, header, sizeof(*header));
    at = append(at, maker->stages, header->stage_count * sizeof(*maker->stages));
    for (size_t i = 0; i < header->stage_count; i++)
        at = append(at, maker->filters[i].instructions,
                    maker->filters[i].count * sizeof(*maker->filters[i].instructions));
    at = append(at, maker->sources, header->source_count * sizeof(*maker->sources));
    at = append(at, maker->programs, header->program_count * sizeof(*maker->programs));
    append(at, maker->texts, maker->text_bytes);
    compiled_seal(artifact->bytes, artifact->length);
    /* what the shim would refuse is not written */
    return compiled_open(artifact->bytes, artifact->length, &artifact->compiled) ? -EINVAL : 0;
}

/* The first program has neither name nor function. */
static void add_stages(struct maker *maker, const struct whitelist *whitelist)
{
    char text[CALL_TEXT_MAX];

    maker->header.stage_count = (uint32_t)whitelist->stage_count + 1;
    for (size_t i = 0; i < maker->header.stage_count; i++) {
        struct compiled_stage *stage = &maker->stages[i];
        stage->instruction_count = (uint32_t)maker->filters[i].count;
        maker->header.instruction_count += stage->instruction_count;
        if (i == 0)
            continue;
        stage->name = add_text(maker, whitelist->stages[i - 1].name);
        stage->when = add_text(maker, stage_functions(&whitelist->stages[i - 1], " ", text));
    }
}

int artifact_make(const struct whitelist *whitelist, const struct filter *filters,
                  struct artifact *artifact)
{
    struct maker maker = {.filters = filters};

    *artifact = (struct artifact){0};
    maker.stream = open_memstream(&maker.texts, &maker.text_bytes);
    if (!maker.stream)
        return -ENOMEM;
    add_settings(&maker, &whitelist->settings);
    add_stages(&maker, whitelist);
    int error = add_sources(&maker, whitelist);
    if (!error)
        error = add_programs(&maker, &whitelist->settings);
    if (!error)
        error = finish(&maker, artifact);
    if (maker.stream)
        fclose(maker.stream);
    free(maker.texts);
    free(maker.sources);
    free(maker.programs);
    return error;
}
