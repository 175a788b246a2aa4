#include "disassemble.h"

#include <json-c/json.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>

#include "call.h"
#include "json.h"

/* What the accumulator holds: that says what a number in a comparison means. */
enum held { HELD_OTHER, HELD_NUMBER, HELD_ARCHITECTURE };

enum {
    LINE_MAX_BYTES = 200,
    WORD_MAX = 96,
    X32 = 0x40000000, /* the first number of x32's table */
};

static const char *value_text(enum held held, uint32_t value, char text[WORD_MAX])
{
    if (held == HELD_NUMBER && value < X32 && call_is_known((int)value)) {
        call_name((int)value, text);
    } else if (held == HELD_NUMBER && value == X32) {
        return "x32";
    } else if (held == HELD_NUMBER && value < X32) {
        snprintf(text, WORD_MAX, "%u", value);
    } else if (held == HELD_ARCHITECTURE && value == AUDIT_ARCH_X86_64) {
        return "x86_64";
    } else if (held == HELD_ARCHITECTURE && value == AUDIT_ARCH_AARCH64) {
        return "aarch64";
    } else {
        snprintf(text, WORD_MAX, "0x%x", value);
    }
    return text;
}

static const char *answer_text(uint32_t word, char text[WORD_MAX])
{
    struct action action = {.kind = ACTION_KILL, .error = word & SECCOMP_RET_DATA};

    switch (word & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
        action.kind = ACTION_ALLOW;
        break;
    case SECCOMP_RET_LOG:
        action.kind = ACTION_LOG;
        break;
    case SECCOMP_RET_ERRNO:
        action.kind = ACTION_ERRNO;
        break;
    case SECCOMP_RET_TRAP:
        action.kind = ACTION_TRAP;
        break;
    default:
        break;
    }
    return action_text(action, text);
}

static void load_text(uint32_t offset, enum held *held, char line[LINE_MAX_BYTES])
{
    unsigned word = (offset - (unsigned)offsetof(struct seccomp_data, args)) / 4;

    *held = HELD_OTHER;
    if (offset == offsetof(struct seccomp_data, nr)) {
        *held = HELD_NUMBER;
        snprintf(line, LINE_MAX_BYTES, "A = nr");
    } else if (offset == offsetof(struct seccomp_data, arch)) {
        *held = HELD_ARCHITECTURE;
        snprintf(line, LINE_MAX_BYTES, "A = arch");
    } else if (offset < offsetof(struct seccomp_data, args)) {
        snprintf(line, LINE_MAX_BYTES, "A = instruction pointer, %s half",
                 offset % 8 == 0 ? "low" : "high");
    } else {
        snprintf(line, LINE_MAX_BYTES, "A = a%u, %s half", word / 2,
                 word % 2 == 0 ? "low" : "high");
    }
}

/* "if A == openat goto 12 else 17"; the half that only goes on is left out. */
static void jump_text(const struct sock_filter *code, size_t index, enum held held,
                      char line[LINE_MAX_BYTES])
{
    static const struct {
        uint16_t operation;
        char sign[4], opposite[4];
    } SIGNS[] = {
        {BPF_JEQ, "==", "!="}, {BPF_JGT, ">", "<="}, {BPF_JGE, ">=", "<"}, {BPF_JSET, "&", "&"}};
    static const char *const SUBJECTS[] = {
        [HELD_OTHER] = "A", [HELD_NUMBER] = "nr", [HELD_ARCHITECTURE] = "arch"};
    char value[WORD_MAX];
    unsigned i = 0;

    const char *text = value_text(held, code->k, value);
    while (SIGNS[i].operation != BPF_OP(code->code))
        i++;
    if (code->jf == 0)
        snprintf(line, LINE_MAX_BYTES, "if %s %s %s goto %zu", SUBJECTS[held], SIGNS[i].sign, text,
                 index + 1 + code->jt);
    else if (code->jt == 0 && BPF_OP(code->code) != BPF_JSET)
        snprintf(line, LINE_MAX_BYTES, "if %s %s %s goto %zu", SUBJECTS[held], SIGNS[i].opposite,
                 text, index + 1 + code->jf);
    else
        snprintf(line, LINE_MAX_BYTES, "if %s %s %s goto %zu else %zu", SUBJECTS[held],
                 SIGNS[i].sign, text, index + 1 + code->jt, index + 1 + code->jf);
}

static void instruction_text(const struct sock_filter *code, size_t index, enum held *held,
                             char line[LINE_MAX_BYTES])
{
    char answer[WORD_MAX];

    if (BPF_CLASS(code->code) == BPF_LD) {
        load_text(code->k, held, line);
    } else if (BPF_CLASS(code->code) == BPF_ALU) {
        *held = HELD_OTHER;
        snprintf(line, LINE_MAX_BYTES, "A &= 0x%x", code->k);
    } else if (BPF_CLASS(code->code) == BPF_RET) {
        snprintf(line, LINE_MAX_BYTES, "return %s", answer_text(code->k, answer));
    } else if (BPF_OP(code->code) == BPF_JA) {
        snprintf(line, LINE_MAX_BYTES, "goto %zu", index + 1 + code->k);
    } else {
        jump_text(code, index, *held, line);
    }
}

/* Makes the lines of one program. What is held at an instruction is what was held where it is
 * reached from, and all ways to one hold the same, as the programs are made. */
static void each_line(const struct sock_filter *code, size_t count,
                      void (*tell)(void *context, size_t index, const char *line), void *context)
{
    enum held at[FILTER_INSTRUCTIONS_MAX + 1] = {HELD_OTHER};

    for (size_t i = 0; i < count; i++) {
        char line[LINE_MAX_BYTES];
        enum held held = at[i];
        instruction_text(&code[i], i, &held, line);
        tell(context, i, line);
        if (BPF_CLASS(code[i].code) == BPF_RET)
            continue;
        if (BPF_CLASS(code[i].code) != BPF_JMP) {
            at[i + 1] = held;
        } else if (BPF_OP(code[i].code) == BPF_JA) {
            at[i + 1 + code[i].k] = held;
        } else {
            at[i + 1 + code[i].jt] = held;
            at[i + 1 + code[i].jf] = held;
        }
    }
}

static void print_line(void *context, size_t index, const char *line)
{
    (void)context;
    printf("%5zu  %s\n", index, line);
}

static void append_line(void *context, size_t index, const char *line)
{
    (void)index;
    json_object_array_add(context, json_object_new_string(line));
}

static const char *const STATES[] = {
    [SOURCE_SAME] = "unchanged", [SOURCE_CHANGED] = "changed", [SOURCE_GONE] = "gone"};

static void print(const struct artifact *artifact)
{
    const struct compiled *compiled = &artifact->compiled;
    const struct compiled_header *header = compiled->header;
    const struct sock_filter *code = compiled->instructions;

    printf("; compiled by %s, format %u\n", artifact_text(artifact, header->maker), header->format);
    for (uint32_t i = 0; i < header->source_count; i++)
        printf("; from %s (%s)\n", artifact_text(artifact, compiled->sources[i].path),
               STATES[artifact_source(artifact, i)]);
    printf("; audit = %s\n", header->flags & COMPILED_AUDIT ? "yes" : "no");
    printf("; children = %s\n", header->flags & COMPILED_CHILDREN_RELOAD ? "reload" : "inherit");
    printf("; no-new-privileges = %s\n", header->flags & COMPILED_NO_NEW_PRIVILEGES ? "yes" : "no");
    for (uint32_t i = 0; i < header->program_count; i++)
        printf("; program = %s\n", artifact_text(artifact, compiled->programs[i]));
    for (uint32_t i = 0; i < header->stage_count; i++) {
        const struct compiled_stage *stage = &compiled->stages[i];
        if (*artifact_text(artifact, stage->name) != '\0')
            printf("\n; stage %s, from the first call of %s on\n",
                   artifact_text(artifact, stage->name), artifact_text(artifact, stage->when));
        each_line(code, stage->instruction_count, print_line, NULL);
        code += stage->instruction_count;
    }
}

static struct json_object *json_sources(const struct artifact *artifact)
{
    struct json_object *array = json_object_new_array();

    for (uint32_t i = 0; i < artifact->compiled.header->source_count; i++) {
        struct json_object *object = json_object_new_object();
        json_add_string(object, "path",
                        artifact_text(artifact, artifact->compiled.sources[i].path));
        json_add_string(object, "state", STATES[artifact_source(artifact, i)]);
        json_object_array_add(array, object);
    }
    return array;
}

static struct json_object *json_stages(const struct artifact *artifact)
{
    const struct compiled *compiled = &artifact->compiled;
    const struct sock_filter *code = compiled->instructions;
    struct json_object *array = json_object_new_array();

    for (uint32_t i = 0; i < compiled->header->stage_count; i++) {
        const struct compiled_stage *stage = &compiled->stages[i];
        struct json_object *object = json_object_new_object();
        struct json_object *lines = json_object_new_array();
        each_line(code, stage->instruction_count, append_line, lines);
        code += stage->instruction_count;
        json_add_string(object, "name", artifact_text(artifact, stage->name));
        json_add_string(object, "when", artifact_text(artifact, stage->when));
        json_object_object_add(object, "instructions", lines);
        json_object_array_add(array, object);
    }
    return array;
}

static void print_json(const struct artifact *artifact)
{
    const struct compiled *compiled = &artifact->compiled;
    uint32_t flags = compiled->header->flags;
    struct json_object *object = json_object_new_object();
    struct json_object *programs = json_object_new_array();

    for (uint32_t i = 0; i < compiled->header->program_count; i++)
        json_object_array_add(
            programs, json_object_new_string(artifact_text(artifact, compiled->programs[i])));
    json_add_string(object, "maker", artifact_text(artifact, compiled->header->maker));
    json_add_number(object, "format", compiled->header->format);
    json_object_object_add(object, "sources", json_sources(artifact));
    json_object_object_add(object, "audit", json_object_new_boolean(flags & COMPILED_AUDIT));
    json_add_string(object, "children", flags & COMPILED_CHILDREN_RELOAD ? "reload" : "inherit");
    json_object_object_add(object, "no-new-privileges",
                           json_object_new_boolean((flags & COMPILED_NO_NEW_PRIVILEGES) != 0));
    json_object_object_add(object, "program", programs);
    json_object_object_add(object, "stages", json_stages(artifact));
    json_print(object);
}

void disassemble(const struct artifact *artifact, bool json)
{
    if (json)
        print_json(artifact);
    else
        print(artifact);
}
