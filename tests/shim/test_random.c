/* Random whitelists, random arguments: what the rules decide, what the program answers, and what
 * the lines were meant to say are the same. PORTCULLIS_SEED brings a run back. */
#include <criterion/criterion.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../helpers/pipeline.h"
#include "../helpers/random_conditions.h"

enum {
    PAIRS = 1000000,            /* of a call with conditions and arguments */
    OVERLAPPING_PAIRS = 100000, /* of an allowing and a denying line */
    CALLS_MAX = 24,             /* in one whitelist */
    LINES_MAX = 3,              /* of one call in one section */
    COST_MAX = 400,             /* of one whitelist: most fit into a program */
    TUPLES = 64,                /* tried on one call */
    ERRNO_MAX = 4094,
    WRONG_ENOUGH = 10
};

struct line_made_up {
    struct random_condition condition;
    struct action action;
};

struct call {
    const struct prototype *prototype;
    const char *name;
    int number;
    bool allowed; /* without a condition */
    struct line_made_up allow[LINES_MAX];
    size_t allow_count;
    struct line_made_up deny[LINES_MAX];
    size_t deny_count;
    uint64_t witness[6]; /* where all lines overlap, if they are to */
};

struct batch {
    struct action default_action;
    struct call calls[CALLS_MAX];
    size_t count;
    unsigned cost;
    bool overlapping;
};

/* What has been done, and how much of it was wrong. */
struct tally {
    size_t pairs;
    size_t overlapping;
    size_t too_long;
    size_t wrong;
};

static int number_of(const char *name)
{
    static const char *const APART[] = {"exit", "exit_group", "rt_sigreturn", "restart_syscall"};
    for (size_t i = 0; i < sizeof(APART) / sizeof(*APART); i++) {
        if (!strcmp(name, APART[i]))
            return -1; /* allowed even if nothing lists them */
    }
    return seccomp_syscall_resolve_name(name);
}

static bool is_taken(const struct batch *batch, int number)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->calls[i].number == number)
            return true;
    }
    return false;
}

static bool is_narrow(const struct prototype *prototype)
{
    for (unsigned i = 0; i < prototype->count; i++) {
        if (prototype->arguments[i].width == 16)
            return true;
    }
    return false;
}

/* A call that BATCH has not yet; the few that take 16 bits more often than their share. */
static void pick_call(struct random *random, const struct batch *batch, struct call *call)
{
    bool narrow = random_one_in(random, 8);
    do {
        call->prototype = prototype_at(random_below(random, (unsigned)prototype_count()));
        call->name = prototype_text(call->prototype->name);
        call->number = number_of(call->name);
    } while (call->number < 0 || !random_condition_possible(call->prototype) ||
             (narrow && !is_narrow(call->prototype)) || is_taken(batch, call->number));
}

static struct action pick_action(struct random *random)
{
    switch (random_below(random, 6)) {
    case 0:
        return (struct action){.kind = ACTION_KILL};
    case 1:
        return (struct action){.kind = ACTION_TRAP};
    case 2:
        return (struct action){.kind = ACTION_ERRNO, .error = 1};
    default:
        return (struct action){.kind = ACTION_ERRNO, .error = 1 + random_below(random, ERRNO_MAX)};
    }
}

/* Returns the cost. */
static unsigned pick_line(struct random *random, const struct batch *batch, const struct call *call,
                          struct line_made_up *line)
{
    unsigned clauses = batch->overlapping ? 2 : RANDOM_CLAUSES_MAX;
    do
        random_condition(random, call->prototype, clauses, &line->condition);
    while (batch->overlapping && !random_condition_holds(&line->condition, call->witness));
    line->action = pick_action(random);
    return line->condition.cost;
}

static void pick_lines(struct random *random, struct batch *batch)
{
    struct call *call = &batch->calls[batch->count];
    *call = (struct call){0};
    pick_call(random, batch, call);
    for (unsigned i = 0; i < 6; i++)
        call->witness[i] = random_edge(random, random_one_in(random, 2) ? 32 : 64);
    bool both = batch->overlapping;
    call->allowed = !both && random_one_in(random, 6);
    size_t allow =
        call->allowed ? 0 : random_below(random, LINES_MAX) + (both || random_one_in(random, 2));
    size_t deny = random_below(random, LINES_MAX) + (both || allow == 0);
    for (; call->allow_count < allow; call->allow_count++)
        batch->cost += pick_line(random, batch, call, &call->allow[call->allow_count]);
    for (; call->deny_count < deny; call->deny_count++)
        batch->cost += pick_line(random, batch, call, &call->deny[call->deny_count]);
    batch->count++;
}

static void pick_batch(struct random *random, struct batch *batch, bool overlapping)
{
    batch->count = 0;
    batch->cost = 0;
    batch->overlapping = overlapping;
    batch->default_action = pick_action(random);
    if (random_one_in(random, 8))
        batch->default_action = (struct action){.kind = ACTION_LOG};
    while (batch->count < CALLS_MAX && batch->cost < COST_MAX)
        pick_lines(random, batch);
}

static void print_action(FILE *text, struct action action)
{
    if (action.kind == ACTION_ERRNO)
        fprintf(text, "%u", action.error);
    else
        fprintf(text, "%s",
                action.kind == ACTION_LOG    ? "log"
                : action.kind == ACTION_TRAP ? "trap"
                                             : "kill");
}

static void print_call(FILE *text, const struct call *call, enum section section)
{
    bool deny = section == SECTION_DENY;
    if (call->allowed && !deny)
        fprintf(text, "syscalls = %s\n", call->name);
    for (size_t i = 0; i < (deny ? call->deny_count : call->allow_count); i++) {
        const struct line_made_up *line = deny ? &call->deny[i] : &call->allow[i];
        fprintf(text, "%s = ", call->name);
        if (deny)
            print_action(text, line->action);
        fprintf(text, "%s%s\n", deny ? " if " : "", line->condition.text);
    }
}

/* The batch as a whitelist; to be freed. */
static char *print_batch(const struct batch *batch)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    cr_assert_not_null(stream);
    fprintf(stream, "[filter]\ndefault = ");
    print_action(stream, batch->default_action);
    fprintf(stream, "\n[allow]\nsyscalls = getpid\n");
    for (size_t i = 0; i < batch->count; i++)
        print_call(stream, &batch->calls[i], SECTION_ALLOW);
    fprintf(stream, "[deny]\n");
    for (size_t i = 0; i < batch->count; i++)
        print_call(stream, &batch->calls[i], SECTION_DENY);
    fclose(stream);
    return text;
}

/* What the lines were meant to say. */
static struct action meant(const struct batch *batch, const struct call *call,
                           const uint64_t arguments[6])
{
    const struct action allow = {.kind = ACTION_ALLOW};
    for (size_t i = 0; i < call->deny_count; i++) {
        if (random_condition_holds(&call->deny[i].condition, arguments))
            return call->deny[i].action;
    }
    if (call->allowed)
        return allow;
    for (size_t i = 0; i < call->allow_count; i++) {
        if (random_condition_holds(&call->allow[i].condition, arguments))
            return allow;
    }
    return batch->default_action;
}

static void try_arguments(const struct pipeline *pipeline, const struct batch *batch,
                          const struct call *call, const uint64_t a[6], struct tally *tally)
{
    uint32_t wanted = pipeline_word(meant(batch, call, a));
    uint32_t decided = pipeline_decide(pipeline, AUDIT_ARCH_X86_64, call->number, a);
    uint32_t simulated = pipeline_simulate(pipeline, AUDIT_ARCH_X86_64, call->number, a);
    uint32_t compiled = pipeline_simulate_once(pipeline, AUDIT_ARCH_X86_64, call->number, a);
    tally->pairs++;
    if (decided == wanted && simulated == wanted && compiled == wanted)
        return;
    if (tally->wrong++ >= WRONG_ENOUGH)
        return;
    cr_log_error("%s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx): meant %#x, rules %#x, simulation %#x, "
                 "compiled %#x",
                 call->name, a[0], a[1], a[2], a[3], a[4], a[5], wanted, decided, simulated,
                 compiled);
    print_call(stderr, call, SECTION_ALLOW);
    print_call(stderr, call, SECTION_DENY);
}

/* All lines hold for the witness, so the first denial must have it; whatever stands above the bits
 * that count. */
static void try_witness(struct random *random, const struct pipeline *pipeline,
                        const struct batch *batch, const struct call *call, struct tally *tally)
{
    uint64_t arguments[6];
    memcpy(arguments, call->witness, sizeof(arguments));
    for (unsigned round = 0; round < 4; round++) {
        struct action action = meant(batch, call, arguments);
        cr_assert(action.kind == call->deny[0].action.kind &&
                  action.error == call->deny[0].action.error);
        try_arguments(pipeline, batch, call, arguments, tally);
        for (unsigned i = 0; i < call->prototype->count; i++) {
            if (call->prototype->arguments[i].width < 64)
                arguments[i] ^= random_next(random) << call->prototype->arguments[i].width;
        }
    }
    tally->overlapping += call->allow_count * call->deny_count;
}

static void try_call(struct random *random, const struct pipeline *pipeline,
                     const struct batch *batch, const struct call *call, struct tally *tally)
{
    const struct rule *rule = rules_find(&pipeline->rules, call->number);
    cr_assert_not_null(rule, "%s has no rule", call->name);
    if (batch->overlapping)
        try_witness(random, pipeline, batch, call, tally);
    for (size_t i = 0; i < TUPLES; i++) {
        uint64_t arguments[6];
        random_arguments(random, rule, arguments);
        try_arguments(pipeline, batch, call, arguments, tally);
    }
}

static void try_batch(struct random *random, struct batch *batch, struct tally *tally)
{
    while (batch->count > 0) {
        struct pipeline pipeline;
        char *text = print_batch(batch);
        int error = pipeline_read_text(text, &pipeline);
        if (error && !pipeline.valid)
            cr_assert_fail("%d\n%s\n%s", error, pipeline_messages(&pipeline), text);
        if (!error)
            error = pipeline_compile(&pipeline);
        for (size_t i = 0; !error && i < batch->count; i++)
            try_call(random, &pipeline, batch, &batch->calls[i], tally);
        pipeline_release(&pipeline);
        free(text);
        if (!error)
            return;
        tally->too_long++;
        batch->count /= 2; /* so long that no program holds it: try half of it */
    }
}

static void tell(const struct tally *tally)
{
    fprintf(stderr, "# %zu pairs, %zu overlapping lines, %zu whitelists too long, %zu wrong\n",
            tally->pairs, tally->overlapping, tally->too_long, tally->wrong);
}

Test(random, a_million_pairs_mean_the_same_to_rules_and_program, .timeout = 120)
{
    struct random random = random_begin("pairs");
    struct batch *batch = malloc(sizeof(*batch));
    struct tally tally = {0};
    cr_assert_not_null(batch);
    while (tally.pairs < PAIRS && tally.wrong < WRONG_ENOUGH) {
        pick_batch(&random, batch, false);
        try_batch(&random, batch, &tally);
    }
    tell(&tally);
    free(batch);
    cr_assert(tally.wrong == 0);
}

Test(random, a_denial_beats_an_allowance_in_all_of_100000_overlapping_pairs, .timeout = 120)
{
    struct random random = random_begin("denials");
    struct batch *batch = malloc(sizeof(*batch));
    struct tally tally = {0};
    cr_assert_not_null(batch);
    while (tally.overlapping < OVERLAPPING_PAIRS && tally.wrong < WRONG_ENOUGH) {
        pick_batch(&random, batch, true);
        try_batch(&random, batch, &tally);
    }
    tell(&tally);
    free(batch);
    cr_assert(tally.wrong == 0);
}
