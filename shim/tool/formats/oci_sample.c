#include "oci_sample.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARGUMENTS = 6,
    NEAR_COMPARISON = 8,
    BORDERS_MAX = 4096,
    CALLS_OF_BORDER = 100,
    CALLS_MAX = 20000
};

#if defined(__x86_64__)
static const uint32_t ARCHITECTURE = AUDIT_ARCH_X86_64;
#else
static const uint32_t ARCHITECTURE = AUDIT_ARCH_AARCH64;
#endif

/* --- the filter ---------------------------------------------------------------------------------
 */

static bool jumps(const struct sock_filter *at, uint32_t word)
{
    switch (BPF_OP(at->code)) {
    case BPF_JEQ:
        return word == at->k;
    case BPF_JGT:
        return word > at->k;
    case BPF_JGE:
        return word >= at->k;
    default:
        return (word & at->k) != 0;
    }
}

/* What FILTER answers to CALL: libseccomp's programs have loads, AND, jumps and returns. Anything
 * else is no answer at all: 0x7fffffff, which no action is. */
static uint32_t answer(const struct filter *filter, const struct seccomp_data *call)
{
    uint32_t word = 0;

    for (size_t i = 0; i < filter->count; i++) {
        const struct sock_filter *at = &filter->instructions[i];
        switch (at->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&word, (const char *)call + at->k % sizeof(*call), sizeof(word));
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            word &= at->k;
            break;
        case BPF_JMP | BPF_JA:
            i += at->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JSET | BPF_K:
            i += jumps(at, word) ? at->jt : at->jf;
            break;
        case BPF_RET | BPF_K:
            return at->k;
        default:
            return INT32_MAX;
        }
    }
    return INT32_MAX;
}

/* --- the calls ----------------------------------------------------------------------------------
 */

/* Numbers at and beside the borders of what is compared, for each argument. */
struct borders {
    uint64_t values[ARGUMENTS][BORDERS_MAX];
    size_t counts[ARGUMENTS];
};

static void add(struct borders *borders, unsigned argument, uint64_t value)
{
    if (borders->counts[argument] < BORDERS_MAX)
        borders->values[argument][borders->counts[argument]++] = value;
}

static void add_comparison(struct borders *borders, const struct scmp_arg_cmp *comparison)
{
    const uint64_t word = (uint64_t)1 << 32;
    bool masked = comparison->op == SCMP_CMP_MASKED_EQ;
    uint64_t value = masked ? comparison->datum_b : comparison->datum_a;
    uint64_t mask = masked ? comparison->datum_a : UINT64_MAX;
    const uint64_t near[NEAR_COMPARISON] = {value,
                                            value | ~mask,
                                            value - 1,
                                            value + 1,
                                            value ^ (mask & (0 - mask)),
                                            value ^ ((uint64_t)1 << (63 - __builtin_clzll(mask))),
                                            value + word,
                                            value - word};

    for (size_t i = 0; i < NEAR_COMPARISON; i++)
        add(borders, comparison->arg, near[i]);
}

static void find_borders(const struct oci_rule *rules, size_t count, struct borders *borders)
{
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        borders->counts[i] = 0;
        add(borders, i, 0);
        add(borders, i, UINT64_MAX);
        add(borders, i, UINT32_MAX);
        add(borders, i, (uint64_t)1 << 31);
        add(borders, i, (uint64_t)1 << 63);
    }
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < rules[i].count; k++)
            add_comparison(borders, &rules[i].comparisons[k]);
    }
}

/* xorshift64: the same numbers each time. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Mostly a border; now and then one with other bits in one of its halves, or above some bit. */
static uint64_t choose(const struct borders *borders, unsigned argument, uint64_t *state)
{
    uint64_t value = borders->values[argument][next(state) % borders->counts[argument]];
    uint64_t random = next(state);

    switch (random & 15) {
    case 0:
        return value ^ (random >> 32);
    case 1:
        return value ^ (random >> 32 << 32);
    case 2:
        return value ^ (random >> (random >> 4 & 63));
    default:
        return value;
    }
}

int oci_sample(const struct policy *policy, const struct oci_rule *rules, size_t count,
               const struct filter *filter)
{
    struct borders *borders = malloc(sizeof(*borders)); /* too large for the stack */
    uint64_t state = 0x9e3779b97f4a7c15;
    size_t calls = 0;
    int right = 1;

    if (!borders)
        return -ENOMEM;
    find_borders(rules, count, borders);
    for (unsigned i = 0; i < ARGUMENTS; i++)
        calls += CALLS_OF_BORDER * borders->counts[i];
    for (size_t turn = 0; turn < calls && turn < CALLS_MAX && right; turn++) {
        struct seccomp_data call = {.nr = rules->number, .arch = ARCHITECTURE};
        uint64_t arguments[ARGUMENTS];
        for (unsigned i = 0; i < ARGUMENTS; i++)
            arguments[i] = choose(borders, i, &state);
        memcpy(call.args, arguments, sizeof(arguments));
        struct verdict verdict =
            rules_decide(&policy->rules, ARCHITECTURE, rules->number, arguments);
        right = answer(filter, &call) == filter_word(verdict.action);
    }
    free(borders);
    return right;
}
