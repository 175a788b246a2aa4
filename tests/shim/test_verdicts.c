/* Every verdict three ways: the rules' decision, a simulation of the program, and the kernel. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "../../shim/stages_prefix.h"
#include "../helpers/bpf.h"
#include "../helpers/live_verdicts.h"
#include "../helpers/pipeline.h"
#include "../helpers/random.h"

enum {
    NUMBERS = 1024,
    X32 = 0x40000000,
    TUPLES_PLAIN = 3,      /* for a call whose arguments nobody looks at */
    TUPLES_CONDITION = 48, /* for a call with conditions, beside those on their borders */
    WRONG_ENOUGH = 20      /* to understand what is wrong */
};

struct list {
    struct live_try *tries;
    size_t count;
    size_t capacity;
};

static void append(struct list *list, int number, const uint64_t arguments[6])
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 4096;
        list->tries = realloc(list->tries, list->capacity * sizeof(*list->tries));
        cr_assert_not_null(list->tries);
    }
    struct live_try *try = &list->tries[list->count++];
    *try = (struct live_try){.number = number};
    memcpy(try->arguments, arguments, sizeof(try->arguments));
}

/* The borders of every value that the clause speaks of, each inside arguments of RULE's liking. */
static void append_borders(struct list *list, struct random *random, const struct rule *rule,
                           const struct clause *clause)
{
    uint64_t above = clause->width < 64 ? UINT64_MAX << clause->width : 0;
    for (size_t i = 0; i < clause->count; i++) {
        uint64_t low = clause->ranges[i].low;
        uint64_t high = clause->ranges[i].high;
        const uint64_t borders[] = {low - 1, low, high, high + 1, low | ~clause->mask, 0};
        for (size_t j = 0; j < sizeof(borders) / sizeof(*borders); j++) {
            uint64_t arguments[6];
            random_arguments(random, rule, arguments);
            arguments[clause->argument] = borders[j];
            append(list, rule->number, arguments);
            arguments[clause->argument] = (borders[j] & ~above) | (random_next(random) & above);
            append(list, rule->number, arguments);
        }
        for (unsigned bit = 0; bit < clause->width; bit++) {
            uint64_t arguments[6];
            random_arguments(random, rule, arguments);
            arguments[clause->argument] = low ^ (uint64_t)1 << bit;
            append(list, rule->number, arguments);
        }
    }
}

static size_t append_lines(struct list *list, struct random *random, const struct rule *rule,
                           const struct line *lines, size_t count)
{
    size_t clauses = 0;
    for (size_t i = 0; i < count; i++) {
        const struct condition *condition = &lines[i].entry->condition;
        clauses += condition->count;
        for (size_t j = 0; j < condition->count; j++)
            append_borders(list, random, rule, &condition->clauses[j]);
    }
    return clauses;
}

/* Several tuples of arguments for the call, and for its twin of x32. */
static void append_number(struct list *list, struct random *random, const struct rules *rules,
                          int number)
{
    const struct rule none = {.number = number};
    const struct rule *rule = rules_find(rules, number);
    if (!rule)
        rule = &none;
    size_t clauses = append_lines(list, random, rule, rule->allow, rule->allow_count) +
                     append_lines(list, random, rule, rule->deny, rule->deny_count);
    uint64_t arguments[6] = {0};
    append(list, number, arguments);
    for (size_t i = 1; i < (clauses ? TUPLES_CONDITION : TUPLES_PLAIN); i++) {
        random_arguments(random, rule, arguments);
        append(list, number, arguments);
        if (i < TUPLES_PLAIN && number >= 0)
            append(list, number | X32, arguments);
    }
}

/* The kernel takes these two before seccomp is asked. */
static bool reaches_seccomp(int number)
{
    return NATIVE_ARCHITECTURE != AUDIT_ARCH_X86_64 ||
           (number != 335 /* uretprobe */ && number != 336 /* uprobe */);
}

static bool agree_natively(const struct pipeline *pipeline, const struct live_try *try)
{
    const uint64_t *a = try->arguments;
    const unsigned long long b[] = {a[0], a[1], a[2], a[3], a[4], a[5]};
    uint32_t decided = pipeline_decide(pipeline, NATIVE_ARCHITECTURE, try->number, a);
    uint32_t simulated = pipeline_simulate(pipeline, NATIVE_ARCHITECTURE, try->number, a);
    /* From inside a process the two can't be told apart. */
    uint32_t live = decided == SECCOMP_RET_LOG ? SECCOMP_RET_ALLOW : decided;
    if (decided == simulated && (live == try->answer || !reaches_seccomp(try->number)))
        return true;
    cr_log_error(
        "%d(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx): rules %#x, simulation %#x, live %#x",
        try->number, b[0], b[1], b[2], b[3], b[4], b[5], decided, simulated, try->answer);
    return false;
}

/* A process of ours can't make these calls: two ways only. */
static bool agree_on_foreign(const struct pipeline *pipeline, const struct live_try *try)
{
    static const uint32_t ARCHITECTURES[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
                                             0};
    const uint32_t foreign = SECCOMP_RET_KILL_PROCESS;
    bool same = true;
    for (size_t i = 0; i < sizeof(ARCHITECTURES) / sizeof(*ARCHITECTURES); i++) {
        uint32_t architecture = ARCHITECTURES[i];
        if (architecture == NATIVE_ARCHITECTURE)
            continue;
        same &= foreign == pipeline_decide(pipeline, architecture, try->number, try->arguments);
        same &= foreign == pipeline_simulate(pipeline, architecture, try->number, try->arguments);
    }
    if (!same)
        cr_log_error("%d: a foreign call gets something else than %#x", try->number, foreign);
    return same;
}

/* What is tried, and of which whitelist's stage; 0: none, but [allow]. */
struct trial {
    const char *path;
    unsigned stage;
    bool once; /* in the shape of compiled ones */
};

static void prepare(const struct trial *trial, struct pipeline *pipeline)
{
    const char *path = trial->path;
    int error = pipeline_read_stage(path, trial->stage, pipeline);
    char *messages = pipeline_messages(pipeline);
    cr_assert(error == 0, "%s: %d\n%s", path, error, messages);
    free(messages);
    if (!trial->once)
        return;
    filter_release(&pipeline->filter);
    cr_assert(filter_build_once(&pipeline->rules, (struct place){path, 0}, &pipeline->diagnostics,
                                &pipeline->filter) == 0);
}

static void agree_with(struct trial trial)
{
    struct pipeline pipeline;
    struct list list = {0};
    struct random random = random_begin(trial.path);
    prepare(&trial, &pipeline);
    for (int number = -1; number < NUMBERS; number++)
        append_number(&list, &random, &pipeline.rules, number);
    struct sock_fprog program = {(unsigned short)pipeline.filter.count,
                                 pipeline.filter.instructions};
    cr_assert(live_verdicts(&program, list.tries, list.count) == 0);
    size_t wrong = 0;
    for (size_t i = 0; i < list.count && wrong < WRONG_ENOUGH; i++) {
        wrong += !agree_natively(&pipeline, &list.tries[i]);
        wrong += !agree_on_foreign(&pipeline, &list.tries[i]);
    }
    cr_assert(wrong == 0);
    free(list.tries);
    pipeline_release(&pipeline);
}

/* As text, and compiled. */
static void agree(const char *path)
{
    agree_with((struct trial){path, 0, false});
    agree_with((struct trial){path, 0, true});
}

Test(verdicts, agree_under_the_whitelist_of_mkdir, .timeout = 60)
{
    agree("examples/mkdir/mkdir.ini");
}

Test(verdicts, agree_under_the_whitelist_of_nginx, .timeout = 60)
{
    agree("examples/nginx/nginx.ini");
}

#ifdef __i386__
Test(verdicts, agree_where_registers_are_short_and_calls_share_a_number, .timeout = 60)
{
    agree("tests/data/foreign/i386.ini");
}
#else
Test(verdicts, agree_under_every_operator_of_the_language, .timeout = 60)
{
    agree("tests/data/verdicts/operators.ini");
}

Test(verdicts, agree_under_conditional_denials_over_conditional_allowances_and_kill, .timeout = 60)
{
    agree("tests/data/verdicts/denials.ini");
}
#endif

Test(verdicts, agree_under_a_list_of_denials_alone, .timeout = 60)
{
    agree("tests/data/verdicts/allow.ini");
}

Test(verdicts, agree_under_hundreds_of_numbers, .timeout = 60)
{
    agree("tests/data/verdicts/many.ini");
}

Test(verdicts, agree_where_some_calls_are_listed_that_are_newer_than_this_build, .timeout = 60)
{
    agree("tests/data/verdicts/newer.ini");
}

Test(verdicts, agree_where_hundreds_are_listed_that_are_newer_than_this_build, .timeout = 60)
{
    agree("tests/data/verdicts/newer_many.ini");
}

Test(verdicts, agree_under_a_list_that_logs, .timeout = 60)
{
    agree("tests/data/verdicts/log.ini");
}

Test(verdicts, agree_under_a_list_that_traps, .timeout = 60)
{
    agree("tests/data/verdicts/trap.ini");
}

Test(verdicts, agree_before_any_stage, .timeout = 60)
{
    agree("tests/data/verdicts/stages.ini");
}

Test(verdicts, agree_in_a_stage_with_conditions_and_denials, .timeout = 60)
{
    agree_with((struct trial){"tests/data/verdicts/stages.ini", 1, false});
    agree_with((struct trial){"tests/data/verdicts/stages.ini", 1, true});
}

Test(verdicts, agree_in_a_stage_of_groups, .timeout = 60)
{
    agree_with((struct trial){"tests/data/verdicts/stages.ini", 2, false});
    agree_with((struct trial){"tests/data/verdicts/stages.ini", 2, true});
}

#ifdef __x86_64__

enum { PROGRAMS = 3, FLAGS = SECCOMP_FILTER_FLAG_TSYNC };

/* What the little in front of a program answers, by its words in stages_prefix.h; 0: the program is
 * asked. */
static uint32_t answer_in_front(size_t own, const struct sock_fprog *programs,
                                const struct live_try *try)
{
    const uint64_t *a = try->arguments;
    uint64_t first = (uintptr_t)programs, address = a[2];
    if (try->number == SYS_sched_yield ||
        (try->number == SYS_get_robust_list && (uint32_t)a[0] == 0) ||
        (try->number == SYS_unshare && (a[0] == CLONE_VM || a[0] == 1)))
        return SECCOMP_RET_ALLOW;
    if (try->number != SYS_seccomp || (uint32_t)a[0] != SECCOMP_SET_MODE_FILTER ||
        (uint32_t)a[1] != FLAGS || address % sizeof(*programs) != first % sizeof(*programs) ||
        address <= first || address >= first + PROGRAMS * sizeof(*programs))
        return 0;
    bool already = (address - first) / sizeof(*programs) == own;
    return already ? SECCOMP_RET_ERRNO | EALREADY : SECCOMP_RET_ALLOW;
}

/* Calls of the numbers that the little in front looks at, all combinations of what it looks at. */
static void append_stage_calls(struct list *list, const struct sock_fprog *programs)
{
    static const int NUMBERS_IN_FRONT[] = {SYS_seccomp, SYS_get_robust_list, SYS_unshare,
                                           SYS_sched_yield, SYS_read};
    uint64_t address = (uintptr_t)programs, above = UINT64_C(1) << 32;
    const uint64_t firsts[] = {0, 1, 2, above | 1, CLONE_VM, CLONE_VM | above, CLONE_VM | CLONE_FS};
    const uint64_t seconds[] = {FLAGS, 0, FLAGS | above, FLAGS | SECCOMP_FILTER_FLAG_NEW_LISTENER};
    const uint64_t thirds[] = {0,
                               address,
                               address + 16,
                               address + 17,
                               address + 32,
                               address + 48,
                               (address + 16) ^ above,
                               (address + 32) & (above - 1)};
    for (size_t n = 0; n < sizeof(NUMBERS_IN_FRONT) / sizeof(*NUMBERS_IN_FRONT); n++) {
        for (size_t i = 0; i < (size_t)7 * 4 * 8; i++) {
            uint64_t arguments[6] = {firsts[i % 7], seconds[i / 7 % 4], thirds[i / 28]};
            append(list, NUMBERS_IN_FRONT[n], arguments);
        }
    }
}

static void agree_behind_the_front(const struct sock_fprog *programs, size_t own)
{
    struct pipeline pipeline;
    struct list list = {0};
    struct sock_filter *code;
    prepare(&(struct trial){"tests/data/verdicts/stages.ini", (unsigned)own, false}, &pipeline);
    size_t front = prefix_length(PROGRAMS - 1), count = front + pipeline.filter.count;
    code = calloc(count, sizeof(*code));
    cr_assert_not_null(code);
    prefix_write(code, own, programs, PROGRAMS, FLAGS);
    memcpy(code + front, pipeline.filter.instructions, (count - front) * sizeof(*code));
    cr_assert(bpf_valid(code, count));
    cr_assert(prefix_programs(code) == programs);
    append_stage_calls(&list, programs);
    cr_assert(live_verdicts(&(struct sock_fprog){(unsigned short)count, code}, list.tries,
                            list.count) == 0);
    for (size_t i = 0; i < list.count; i++) {
        const struct live_try *try = &list.tries[i];
        struct seccomp_data data = {.nr = try->number, .arch = AUDIT_ARCH_X86_64};
        memcpy(data.args, try->arguments, sizeof(data.args));
        uint32_t said = answer_in_front(own, programs, try);
        if (said == 0)
            said = pipeline_decide(&pipeline, AUDIT_ARCH_X86_64, try->number, try->arguments);
        uint32_t simulated = bpf_run(code, count, &data, NULL);
        cr_assert(said == simulated && said == try->answer,
                  "program %zu, call %d(%#lx, %#lx, %#lx): said %#x, simulated %#x, live %#x", own,
                  try->number, try->arguments[0], try->arguments[1], try->arguments[2], said,
                  simulated, try->answer);
    }
    free(code);
    free(list.tries);
    pipeline_release(&pipeline);
}

Test(verdicts, agree_on_what_lets_the_stages_in_and_nothing_else, .timeout = 60)
{
    static const struct sock_fprog programs[PROGRAMS] __attribute__((aligned(4096))) = {{0}};
    for (size_t own = 0; own < PROGRAMS; own++)
        agree_behind_the_front(programs, own);
}

#endif
