#include "pseudo.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/constants.h"
#include "../call.h"

enum { TEXT_MAX = 40, LOADS_END = sizeof(struct seccomp_data) };

/* What the accumulator holds when an instruction is reached, whichever way it is reached. */
enum known { KNOWN_UNREACHED, KNOWN_WORD, KNOWN_MASKED, KNOWN_NOTHING };

struct accumulator {
    enum known known;
    uint32_t offset; /* in struct seccomp_data */
    uint32_t mask;   /* of KNOWN_MASKED */
};

/* What a word of struct seccomp_data is called. */
static const char *word_name(uint32_t offset, char text[TEXT_MAX])
{
    static const char *const NAMES[] = {"number", "architecture", "address.low", "address.high"};

    if (offset < 16)
        snprintf(text, TEXT_MAX, "%s", NAMES[offset / 4]);
    else
        snprintf(text, TEXT_MAX, "a%u.%s", (offset - 16) / 8, offset % 8 == 0 ? "low" : "high");
    return text;
}

static const char *accumulator_text(const struct accumulator *accumulator, char text[TEXT_MAX])
{
    char word[TEXT_MAX];

    if (accumulator->known == KNOWN_WORD)
        return word_name(accumulator->offset, text);
    if (accumulator->known == KNOWN_MASKED)
        snprintf(text, TEXT_MAX, "(%.20s & 0x%x)", word_name(accumulator->offset, word),
                 accumulator->mask);
    else
        snprintf(text, TEXT_MAX, "A");
    return text;
}

static void join(struct accumulator *at, const struct accumulator *from)
{
    if (at->known == KNOWN_UNREACHED)
        *at = *from;
    else if (memcmp(at, from, sizeof(*at)) != 0)
        *at = (struct accumulator){.known = KNOWN_NOTHING};
}

static bool is_load(const struct sock_filter *instruction)
{
    return instruction->code == (BPF_LD | BPF_W | BPF_ABS) && instruction->k < LOADS_END &&
           instruction->k % 4 == 0;
}

/* What the accumulator holds behind INSTRUCTION. */
static struct accumulator step(const struct sock_filter *instruction, struct accumulator before)
{
    if (is_load(instruction))
        return (struct accumulator){.known = KNOWN_WORD, .offset = instruction->k};
    if (instruction->code == (BPF_ALU | BPF_AND | BPF_K) && before.known == KNOWN_WORD)
        return (struct accumulator){KNOWN_MASKED, before.offset, instruction->k};
    switch (BPF_CLASS(instruction->code)) {
    case BPF_LD:
    case BPF_ALU:
    case BPF_MISC:
        return (struct accumulator){.known = KNOWN_NOTHING};
    default:
        return before;
    }
}

static void follow(struct accumulator *states, size_t count, size_t target,
                   const struct accumulator *state)
{
    if (target < count)
        join(&states[target], state);
}

/* Jumps lead forward only: once through is enough. */
static void trace(struct accumulator *states, const struct sock_filter *program, size_t count)
{
    states[0].known = KNOWN_NOTHING;
    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *at = &program[i];
        if (states[i].known == KNOWN_UNREACHED || BPF_CLASS(at->code) == BPF_RET)
            continue;
        struct accumulator state = step(at, states[i]);
        if (at->code == (BPF_JMP | BPF_JA)) {
            follow(states, count, i + 1 + at->k, &state);
        } else if (BPF_CLASS(at->code) == BPF_JMP) {
            follow(states, count, i + 1 + at->jt, &state);
            follow(states, count, i + 1 + at->jf, &state);
        } else {
            follow(states, count, i + 1, &state);
        }
    }
}

static void write_return(FILE *stream, uint32_t word)
{
    static const struct {
        uint32_t action;
        const char *name;
    } ACTIONS[] = {
        {SECCOMP_RET_KILL_PROCESS, "kill the process"},
        {SECCOMP_RET_KILL_THREAD, "kill the thread"},
        {SECCOMP_RET_TRAP, "trap"},
        {SECCOMP_RET_USER_NOTIF, "notify"},
        {SECCOMP_RET_TRACE, "trace"},
        {SECCOMP_RET_LOG, "log"},
        {SECCOMP_RET_ALLOW, "allow"},
    };
    uint32_t data = word & SECCOMP_RET_DATA;
    const char *name = constant_errno_name(data);

    if ((word & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && name) {
        fprintf(stream, "return %s\n", name);
        return;
    }
    if ((word & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO) {
        fprintf(stream, "return errno %u\n", data);
        return;
    }
    for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++) {
        if (ACTIONS[i].action == (word & SECCOMP_RET_ACTION_FULL)) {
            fprintf(stream, "return %s\n", ACTIONS[i].name);
            return;
        }
    }
    fprintf(stream, "return 0x%x\n", word);
}

/* The value that the accumulator is compared with, by its name where it has one. */
static void write_operand(FILE *stream, const struct accumulator *state, uint32_t value,
                          unsigned operation)
{
    char name[CALL_NAME_MAX];
    bool is_word = state->known == KNOWN_WORD && operation == BPF_JEQ;

    if (is_word && state->offset == 0 && value < CALL_NUMBERS && call_is_known((int)value))
        fprintf(stream, "%s", call_name((int)value, name));
    else if (is_word && state->offset == 4 && value == AUDIT_ARCH_X86_64)
        fprintf(stream, "x86_64");
    else if (is_word && state->offset == 4 && value == AUDIT_ARCH_AARCH64)
        fprintf(stream, "aarch64");
    else if (value < 4096)
        fprintf(stream, "%u", value);
    else
        fprintf(stream, "0x%x", value);
}

static void write_jump(FILE *stream, const struct sock_filter *at, size_t index,
                       const struct accumulator *state)
{
    static const char *const SIGNS[] = {"==", ">", ">=", "&"};
    char text[TEXT_MAX];
    unsigned operation = BPF_OP(at->code);

    fprintf(stream, "if %s %s ", accumulator_text(state, text), SIGNS[(operation >> 4) - 1]);
    if (BPF_SRC(at->code) == BPF_X)
        fputs("X", stream);
    else
        write_operand(stream, state, at->k, operation);
    fprintf(stream, " goto %zu else %zu\n", index + 1 + at->jt, index + 1 + at->jf);
}

static void write_line(FILE *stream, const struct sock_filter *at, size_t index,
                       const struct accumulator *state)
{
    char text[TEXT_MAX];

    fprintf(stream, "%5zu  ", index);
    if (is_load(at))
        fprintf(stream, "A = %s\n", word_name(at->k, text));
    else if (at->code == (BPF_ALU | BPF_AND | BPF_K))
        fprintf(stream, "A &= 0x%x\n", at->k);
    else if (at->code == (BPF_RET | BPF_K))
        write_return(stream, at->k);
    else if (at->code == (BPF_JMP | BPF_JA))
        fprintf(stream, "goto %zu\n", index + 1 + at->k);
    else if (BPF_CLASS(at->code) == BPF_JMP && BPF_OP(at->code) >= BPF_JEQ &&
             BPF_OP(at->code) <= BPF_JSET)
        write_jump(stream, at, index, state);
    else if (at->code == (BPF_LD | BPF_MEM) || at->code == BPF_ST)
        fprintf(stream, at->code == BPF_ST ? "M[%u] = A\n" : "A = M[%u]\n", at->k);
    else
        fprintf(stream, "code 0x%x, %u, %u, 0x%x\n", at->code, at->jt, at->jf, at->k);
}

int pseudo_write(FILE *stream, const struct sock_filter *program, size_t count)
{
    struct accumulator *states = calloc(count + 1, sizeof(*states));

    if (!states)
        return -ENOMEM;
    trace(states, program, count);
    for (size_t i = 0; i < count; i++)
        write_line(stream, &program[i], i, &states[i]);
    free(states);
    return 0;
}
