#include "compiled.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "digest.h"
#include "filter.h"

_Static_assert(sizeof(struct compiled_header) == 56, "no padding in a file");
_Static_assert(sizeof(struct compiled_stage) == 16, "no padding in a file");
_Static_assert(sizeof(struct compiled_source) == 40, "no padding in a file");

/* The digest is of what stands behind it; what stands before it is compared with what it must be,
 * so that no bit of the file is left out. */
enum { DIGEST_FROM = offsetof(struct compiled_header, size) };

uint32_t compiled_machine(void)
{
#if defined(__x86_64__)
    return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    return AUDIT_ARCH_AARCH64;
#elif defined(__i386__)
    return AUDIT_ARCH_I386;
#else
#error "compiled whitelists are for x86_64, i386 and aarch64"
#endif
}

bool compiled_begins(const void *bytes, size_t length)
{
    return length >= COMPILED_MAGIC_BYTES &&
           memcmp(bytes, COMPILED_MAGIC, COMPILED_MAGIC_BYTES) == 0;
}

/* No count is over COMPILED_BYTES_MAX, so that no sum of them runs over. */
static bool counts_are_sane(const struct compiled_header *header)
{
    return header->stage_count <= COMPILED_BYTES_MAX &&
           header->instruction_count <= COMPILED_BYTES_MAX &&
           header->source_count <= COMPILED_BYTES_MAX &&
           header->program_count <= COMPILED_BYTES_MAX && header->text_bytes <= COMPILED_BYTES_MAX;
}

size_t compiled_size(const struct compiled_header *header)
{
    return sizeof(*header) + header->stage_count * sizeof(struct compiled_stage) +
           header->instruction_count * sizeof(struct sock_filter) +
           header->source_count * sizeof(struct compiled_source) +
           header->program_count * sizeof(uint32_t) + header->text_bytes;
}

static void locate(const void *bytes, struct compiled *compiled)
{
    const struct compiled_header *header = bytes;

    compiled->header = header;
    compiled->stages = (const void *)(header + 1);
    compiled->instructions = (const void *)(compiled->stages + header->stage_count);
    compiled->sources = (const void *)(compiled->instructions + header->instruction_count);
    compiled->programs = (const void *)(compiled->sources + header->source_count);
    compiled->texts = (const void *)(compiled->programs + header->program_count);
}

/* What a filter of ours may answer. */
static bool is_answer(uint32_t word)
{
    switch (word & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_TRAP:
    case SECCOMP_RET_ERRNO:
    case SECCOMP_RET_KILL_PROCESS:
        return true;
    default:
        return false;
    }
}

/* What the kernel asks of a program, and no other instructions than the ones that filters are made
 * of: LEFT more stand behind this one. */
static bool instruction_is_sound(const struct sock_filter *instruction, size_t left)
{
    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return left > 0 && instruction->k % 4 == 0 && instruction->k < sizeof(struct seccomp_data);
    case BPF_ALU | BPF_AND | BPF_K:
        return left > 0;
    case BPF_JMP | BPF_JA:
        return instruction->k < left;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
        return instruction->jt < left && instruction->jf < left;
    case BPF_RET | BPF_K:
        return is_answer(instruction->k);
    default:
        return false;
    }
}

static const char *check_stages(const struct compiled *compiled)
{
    const struct sock_filter *instruction = compiled->instructions;
    uint32_t total = 0;

    for (uint32_t i = 0; i < compiled->header->stage_count; i++) {
        const struct compiled_stage *stage = &compiled->stages[i];
        if (stage->instruction_count > FILTER_INSTRUCTIONS_MAX)
            return "it has more than the 4096 instructions that the kernel takes";
        total += stage->instruction_count;
        if (stage->instruction_count == 0 || total > compiled->header->instruction_count)
            return "it contradicts itself";
        for (uint32_t left = stage->instruction_count; left > 0; left--) {
            if (!instruction_is_sound(instruction++, left - 1))
                return "it has an instruction that no filter has";
        }
    }
    if (total != compiled->header->instruction_count)
        return "it contradicts itself";
    return NULL;
}

static bool texts_are_sound(const struct compiled *compiled)
{
    const struct compiled_header *header = compiled->header;
    uint32_t size = header->text_bytes;
    bool sound = size > 0 && compiled->texts[0] == '\0' && compiled->texts[size - 1] == '\0' &&
                 header->maker < size;

    for (uint32_t i = 0; i < header->stage_count; i++)
        sound &= compiled->stages[i].name < size && compiled->stages[i].when < size &&
                 compiled->stages[i].zero == 0;
    for (uint32_t i = 0; i < header->source_count; i++)
        sound &= compiled->sources[i].path < size && compiled->sources[i].zero == 0;
    for (uint32_t i = 0; i < header->program_count; i++)
        sound &= compiled->programs[i] < size;
    return sound;
}

const char *compiled_open(const void *bytes, size_t length, struct compiled *compiled)
{
    const struct compiled_header *header = bytes;

    if (!compiled_begins(bytes, length))
        return "it is not a compiled whitelist";
    if (length < sizeof(*header))
        return "it is cut short";
    if (header->format > COMPILED_FORMAT)
        return "its format is newer than this portcullis";
    if (header->format != COMPILED_FORMAT)
        return "its format is unknown";
    if (header->machine != compiled_machine())
        return "it was compiled for another architecture";
    if (length > COMPILED_BYTES_MAX)
        return "it is larger than 256 KiB";
    if (length < header->size)
        return "it is cut short, or damaged";
    if (length > header->size)
        return "there is more behind its end, or it is damaged";
    if (header->digest != digest_of((const char *)bytes + DIGEST_FROM, length - DIGEST_FROM))
        return "it is damaged: its digest is another";
    /* From here on, only what was made wrong can be wrong. */
    if ((header->flags & ~(uint32_t)COMPILED_FLAGS) != 0)
        return "it has settings that this portcullis does not know";
    if (!counts_are_sane(header) || compiled_size(header) != length || header->stage_count == 0)
        return "it contradicts itself";
    locate(bytes, compiled);
    if (!texts_are_sound(compiled))
        return "it contradicts itself";
    return check_stages(compiled);
}

void compiled_seal(void *bytes, size_t length)
{
    struct compiled_header *header = bytes;

    header->size = (uint32_t)length;
    header->digest = digest_of((const char *)bytes + DIGEST_FROM, length - DIGEST_FROM);
}
