#include "reshape.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "backward.h"
#include "compiled.h"

/* Libseccomp's tree for 40 names loads in 34 microseconds and this in 29: the kernel runs a filter
 * once for every number there is, to learn which it allows whatever the arguments, and translates
 * each instruction. The two layers of a whitelist with conditions are followed through, number by
 * number: what is left of them are the questions about arguments. */

enum {
    NUMBERS = 512, /* the kernel tries about as many */
    CHAIN_MAX = 4, /* comparisons that are made one after the other */
    NOWHERE = -1,
    RESHAPE_MAX = 2 * FILTER_INSTRUCTIONS_MAX
};

/* Numbers from FIRST to the next run's FIRST that get the same. */
struct run {
    uint32_t first;
    bool constant; /* it is ANSWER, whatever the arguments; else the code at ENTRY of the old
                      program decides */
    uint32_t answer;
    size_t entry;
};

struct shaper {
    const struct sock_filter *code; /* the old program; borrowed */
    size_t count;
    struct backward made; /* the new one; failed: too long, or an instruction is not known */
    struct run *runs;
    size_t run_count;
    int *places;     /* of what the old program's instructions became, for one number, or NOWHERE */
    uint32_t number; /* that number */
};

/* What the old program has in its accumulator. */
struct state {
    bool known;
    bool architecture; /* it is the architecture's, not the number's */
    uint32_t value;
};

static bool is_conditional(const struct sock_filter *code)
{
    return BPF_CLASS(code->code) == BPF_JMP && BPF_OP(code->code) != BPF_JA;
}

static bool compare(const struct sock_filter *code, uint32_t value)
{
    switch (BPF_OP(code->code)) {
    case BPF_JEQ:
        return value == code->k;
    case BPF_JGT:
        return value > code->k;
    case BPF_JGE:
        return value >= code->k;
    default:
        return (value & code->k) != 0;
    }
}

/* Whether the instruction is one of those that are followed here. */
static bool is_familiar(const struct sock_filter *code)
{
    switch (code->code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_RET | BPF_K:
        return true;
    default:
        return false;
    }
}

/* Runs of numbers are told apart by comparisons alone, and one architecture from all others. */
static bool is_told_apart(const struct sock_filter *code, const struct state *state)
{
    if (state->architecture)
        return BPF_OP(code->code) == BPF_JEQ && code->k == compiled_machine();
    return BPF_OP(code->code) != BPF_JSET;
}

/* Goes on from AT as long as nothing depends on an argument; returns where that ends. */
static size_t follow(struct shaper *shaper, size_t at, struct state *state, uint32_t architecture,
                     uint32_t number)
{
    for (;; at++) {
        const struct sock_filter *code = &shaper->code[at];
        if (code->code == (BPF_LD | BPF_W | BPF_ABS)) {
            if (code->k == offsetof(struct seccomp_data, nr))
                *state = (struct state){.known = true, .value = number};
            else if (code->k == offsetof(struct seccomp_data, arch))
                *state = (struct state){true, true, architecture};
            else
                return at;
        } else if (code->code == (BPF_JMP | BPF_JA)) {
            at += code->k;
        } else if (is_conditional(code) && state->known) {
            shaper->made.failed |= !is_told_apart(code, state);
            at += compare(code, state->value) ? code->jt : code->jf;
        } else {
            shaper->made.failed |= BPF_CLASS(code->code) == BPF_ALU && state->known;
            return at;
        }
    }
}

/* Makes what is left, for the shaper's number, of the old program from AT on, where the accumulator
 * is not known. Returns its place. */
static int specialize(struct shaper *shaper, size_t at, struct state state)
{
    at = follow(shaper, at, &state, compiled_machine(), shaper->number);
    const struct sock_filter *code = &shaper->code[at];
    int *place = &shaper->places[at];

    if (shaper->made.failed)
        return 0;
    if (BPF_CLASS(code->code) == BPF_RET)
        return backward_answer(&shaper->made, code->k);
    if (*place != NOWHERE)
        return *place;
    state.known = false;
    if (is_conditional(code)) {
        int no = specialize(shaper, at + 1 + code->jf, state);
        int yes = specialize(shaper, at + 1 + code->jt, state);
        *place = backward_compare(&shaper->made, BPF_OP(code->code), code->k, yes, no);
        return *place;
    }
    int next = specialize(shaper, at + 1, state);
    *place = backward_before(&shaper->made, *code, next);
    return *place;
}

static int emit_run(struct shaper *shaper, const struct run *run)
{
    if (run->constant)
        return backward_answer(&shaper->made, run->answer);
    for (size_t i = 0; i < shaper->count; i++)
        shaper->places[i] = NOWHERE;
    shaper->number = run->first;
    return specialize(shaper, run->entry, (struct state){0});
}

/* How many of the numbers that the kernel tries lie below the run's first. */
static uint32_t weight_below(const struct run *run)
{
    return run->first < NUMBERS ? run->first : NUMBERS;
}

static bool same_answer(const struct run *one, const struct run *other)
{
    return one->constant && other->constant && one->answer == other->answer;
}

static bool is_single(const struct shaper *shaper, size_t index)
{
    return index + 1 < shaper->run_count &&
           shaper->runs[index + 1].first == shaper->runs[index].first + 1;
}

/* A run whose answer all runs from BEGIN to before END have, but for a few single numbers; or
 * NOWHERE. */
static int find_background(const struct shaper *shaper, size_t begin, size_t end)
{
    size_t background = begin;
    size_t others = 0;

    while (background + 1 < end && is_single(shaper, background))
        background++;
    for (size_t i = begin; i < end; i++) {
        if (i == background || same_answer(&shaper->runs[i], &shaper->runs[background]))
            continue;
        others++;
        if (!is_single(shaper, i) || others > CHAIN_MAX)
            return NOWHERE;
    }
    return (int)background;
}

/* Asks for the single numbers one after the other. */
static int emit_chain(struct shaper *shaper, size_t begin, size_t end, size_t background)
{
    const struct run *runs = shaper->runs;
    int place = emit_run(shaper, &runs[background]);

    for (size_t i = end; i-- > begin;) {
        if (i == background || same_answer(&runs[i], &runs[background]))
            continue;
        int yes = emit_run(shaper, &runs[i]);
        place = backward_compare(&shaper->made, BPF_JEQ, runs[i].first, yes, place);
    }
    return place;
}

/* Makes the search among the runs from BEGIN to before END; returns its place. */
static int emit_search(struct shaper *shaper, size_t begin, size_t end)
{
    const struct run *runs = shaper->runs;
    size_t split = begin + 1;

    if (end - begin == 1)
        return emit_run(shaper, &runs[begin]);
    int background = find_background(shaper, begin, end);
    if (background != NOWHERE)
        return emit_chain(shaper, begin, end, (size_t)background);
    /* halves of as many numbers, not of as many runs: most lie in a few of them */
    uint32_t first = weight_below(&runs[begin]);
    uint32_t last = end < shaper->run_count ? weight_below(&runs[end]) : NUMBERS;
    while (split + 1 < end &&
           weight_below(&runs[split]) - first < last - weight_below(&runs[split]))
        split++;
    int above = emit_search(shaper, split, end);
    int below = emit_search(shaper, begin, split);
    return backward_compare(&shaper->made, BPF_JGE, runs[split].first, above, below);
}

static int compare_numbers(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)other;

    return (a > b) - (a < b);
}

/* Adds what the numbers from FIRST on get, unless it is what those before get. */
static void add_run(struct shaper *shaper, uint32_t first)
{
    struct state state = {0};
    size_t entry = follow(shaper, 0, &state, compiled_machine(), first);
    const struct sock_filter *code = &shaper->code[entry];
    struct run run = {.first = first, .entry = entry};

    if (BPF_CLASS(code->code) == BPF_RET) {
        run.constant = true;
        run.answer = code->k;
    }
    if (shaper->run_count == 0 || !same_answer(&shaper->runs[shaper->run_count - 1], &run))
        shaper->runs[shaper->run_count++] = run;
}

/* Finds the runs: one can only begin where some comparison changes. */
static int find_runs(struct shaper *shaper)
{
    uint32_t *borders = malloc((2 * shaper->count + 1) * sizeof(*borders));
    size_t count = 0;

    shaper->runs = malloc((2 * shaper->count + 1) * sizeof(*shaper->runs));
    if (!borders || !shaper->runs) {
        free(borders);
        return -ENOMEM;
    }
    borders[count++] = 0;
    for (size_t i = 0; i < shaper->count; i++) {
        if (!is_conditional(&shaper->code[i]))
            continue;
        borders[count++] = shaper->code[i].k;
        borders[count++] = shaper->code[i].k + 1;
    }
    qsort(borders, count, sizeof(*borders), compare_numbers);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || borders[i] != borders[i - 1])
            add_run(shaper, borders[i]);
    }
    free(borders);
    return 0;
}

static void shape(struct shaper *shaper)
{
    /* No architecture is 0: what it gets, every foreign one gets. */
    struct state state = {0};
    size_t foreign = follow(shaper, 0, &state, 0, 0);
    bool constant = BPF_CLASS(shaper->code[foreign].code) == BPF_RET;

    for (size_t i = 0; i < shaper->count; i++)
        shaper->made.failed |= !is_familiar(&shaper->code[i]);
    shaper->made.failed |= !constant;
    if (shaper->made.failed)
        return;
    int refuse = backward_answer(&shaper->made, shaper->code[foreign].k);
    int search = emit_search(shaper, 0, shaper->run_count);
    int number = backward_before(
        &shaper->made,
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        search);
    backward_compare(&shaper->made, BPF_JEQ, compiled_machine(), number, refuse);
    backward_emit(&shaper->made, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                              offsetof(struct seccomp_data, arch)));
}

int reshape(struct filter *filter)
{
    struct shaper shaper = {.code = filter->instructions, .count = filter->count};

    shaper.made = (struct backward){.made = calloc(RESHAPE_MAX, sizeof(*shaper.made.made)),
                                    .capacity = RESHAPE_MAX};
    shaper.places = calloc(filter->count, sizeof(*shaper.places));
    int error = shaper.made.made && shaper.places ? find_runs(&shaper) : -ENOMEM;
    if (!error) {
        shape(&shaper);
        if (!shaper.made.failed && (size_t)shaper.made.count <= filter->count) {
            backward_take(&shaper.made, filter->instructions);
            filter->count = (size_t)shaper.made.count;
        }
    }
    free(shaper.made.made);
    free(shaper.places);
    free(shaper.runs);
    return error;
}
