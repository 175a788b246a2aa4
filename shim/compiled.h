/* A compiled whitelist: settings and BPF, ready to be loaded, in one file. Reading it allocates
 * nothing and needs neither inih nor libseccomp. All numbers are the machine's own.
 *
 *     header | stages | instructions | sources | programs | texts
 *
 * Each part stands right behind the one before it, so that the header's counts alone say where
 * everything is, and how long the file has to be. */
#ifndef PORTCULLIS_SHIM_COMPILED_H
#define PORTCULLIS_SHIM_COMPILED_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COMPILED_FORMAT = 1,
    COMPILED_MAGIC_BYTES = 8,
    COMPILED_DIGEST_BYTES = 32,    /* of a source: SHA-256 */
    COMPILED_BYTES_MAX = 256 << 10 /* it is read onto the stack */
};

/* What no text begins with. */
#define COMPILED_MAGIC "\177PCULLIS"
#define COMPILED_STAGE_UNKNOWN                                                                     \
    "it has a stage that begins with a function that this portcullis does not know"

enum compiled_flag {
    COMPILED_AUDIT = 1,
    COMPILED_NO_NEW_PRIVILEGES = 2,
    COMPILED_CHILDREN_RELOAD = 4,
    COMPILED_FLAGS = 7 /* all there are */
};

struct compiled_header {
    char magic[COMPILED_MAGIC_BYTES];
    uint32_t format;
    uint32_t machine; /* AUDIT_ARCH_ */
    uint64_t digest;  /* of everything behind this field */
    uint32_t size;    /* of the file */
    uint32_t flags;   /* enum compiled_flag */
    uint32_t stage_count;
    uint32_t instruction_count; /* of all stages */
    uint32_t source_count;
    uint32_t program_count;
    uint32_t text_bytes;
    uint32_t maker; /* text: what compiled it */
};

/* One program. The first has no name, and is loaded by the constructor; the others, by name, when
 * one of the functions in WHEN (separated by blanks) is called. */
struct compiled_stage {
    uint32_t name; /* text */
    uint32_t when; /* text */
    uint32_t instruction_count;
    uint32_t zero;
};

/* A file that it was compiled from. */
struct compiled_source {
    uint8_t digest[COMPILED_DIGEST_BYTES];
    uint32_t path; /* text: absolute */
    uint32_t zero;
};

/* Where things are in the file's bytes; all borrowed from them. */
struct compiled {
    const struct compiled_header *header;
    const struct compiled_stage *stages;
    const struct sock_filter *instructions;
    const struct compiled_source *sources;
    const uint32_t *programs; /* texts: paths of [filter] program */
    const char *texts;        /* NUL behind each; the first is empty */
};

/* Whether a file that begins with these bytes is, or was meant to be, a compiled whitelist. */
bool compiled_begins(const void *bytes, size_t length);

/* Looks through LENGTH BYTES, which are aligned to 8, and fills in COMPILED. Returns NULL, or a
 * text (static storage) that says what is wrong: then nothing of it is to be used. */
const char *compiled_open(const void *bytes, size_t length, struct compiled *compiled)
    __attribute__((warn_unused_result));

/* The size that the counts of HEADER come to. */
size_t compiled_size(const struct compiled_header *header);

/* The machine that this code runs on, as AUDIT_ARCH_. */
uint32_t compiled_machine(void);

/* Writes size and digest into a file's LENGTH BYTES: the last that is done to it. */
void compiled_seal(void *bytes, size_t length);

#endif
