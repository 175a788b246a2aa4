/* libFuzzer: any text at all goes through reader, rules and BPF. What comes out is a program that
 * the kernel would take, and it answers as the rules decide. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../config/reader.h"
#include "../shim/compiled.h"
#include "../shim/filter.h"
#include "../shim/rules.h"
#include "helpers/bpf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The answer of seccomp(2) that an action stands for. */
static uint32_t answer(struct action action)
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
        return SECCOMP_RET_KILL_PROCESS;
    }
    abort();
}

static void compare(const struct rules *rules, const struct filter *filter, uint32_t architecture,
                    int number, const uint64_t arguments[6])
{
    struct seccomp_data data = {.nr = number, .arch = architecture};
    memcpy(data.args, arguments, sizeof data.args);

    uint32_t wanted = answer(rules_decide(rules, architecture, number, arguments).action);
    uint32_t got = bpf_run(filter->instructions, filter->count, &data, NULL);
    if (got != wanted) {
        fprintf(stderr, "call %d of %#x: rules say %#x, BPF says %#x\n", number, architecture,
                wanted, got);
        abort();
    }
}

/* Numbers at the edges of what the lines speak of, taken from the lines themselves. */
static uint64_t edge(const struct rule *rule, size_t round, unsigned argument)
{
    uint64_t value = round * UINT64_C(0x9e3779b97f4a7c15);
    const struct line *lines = round % 2 ? rule->deny : rule->allow;
    size_t count = round % 2 ? rule->deny_count : rule->allow_count;

    if (count > 0) {
        const struct condition *condition = &lines[round / 2 % count].entry->condition;
        for (size_t i = 0; i < condition->count; i++) {
            const struct clause *clause = &condition->clauses[i];
            if (clause->argument == argument && clause->count > 0) {
                const struct range *range = &clause->ranges[round / 4 % clause->count];
                value = (round & 1 ? range->low : range->high) + round / 8 % 3 - 1;
            }
        }
    }
    return round % 5 == 4 ? value | UINT64_C(0xdead) << 32 : value;
}

static void compare_all(const struct rules *rules, const struct filter *filter)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];
        for (size_t round = 0; round < 24; round++) {
            uint64_t arguments[6];
            for (unsigned argument = 0; argument < 6; argument++)
                arguments[argument] = edge(rule, round, argument);
            compare(rules, filter, AUDIT_ARCH_X86_64, rule->number, arguments);
        }
    }
    static const uint64_t none[6];
    static const int numbers[] = {-1, 0, 59, 435, 1023, 0x40000000, 0x40000001};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        compare(rules, filter, AUDIT_ARCH_X86_64, numbers[i], none);
    compare(rules, filter, AUDIT_ARCH_I386, 1, none);
}

static void ignore(void *context, const char *text, size_t length)
{
    (void)context;
    REQUIRE(length > 0 && text[length - 1] == '\n');
    REQUIRE(memchr(text, '\n', length - 1) == NULL);
}

/* The program of a compiled whitelist; it may be too long where the other is not. */
static void compile_once(const struct rules *rules, struct place place,
                         struct diagnostics *diagnostics)
{
    struct filter filter = {0};
    int result = filter_build_once(rules, place, diagnostics, &filter);

    REQUIRE(result == 0 || result == -EINVAL);
    REQUIRE((result == 0) == (diagnostics->errors == 0));
    if (result == 0) {
        REQUIRE(bpf_valid(filter.instructions, filter.count));
        compare_all(rules, &filter);
    }
    filter_release(&filter);
}

/* Each step either succeeds with no mistake reported so far, or says so. The rules are asked about
 * a whitelist with mistakes too: they report theirs. */
static void compile(const struct whitelist *whitelist, struct diagnostics *diagnostics,
                    struct rules *rules, struct filter *filter)
{
    int result = rules_build(whitelist, diagnostics, rules);
    REQUIRE(result == 0 || result == -EINVAL);
    REQUIRE((result == 0) == (diagnostics->errors == 0));
    if (result != 0)
        return;

    const struct place place = {.file = "fuzz.ini"};
    result = filter_build(rules, place, diagnostics, filter);
    REQUIRE(result == 0 || result == -EINVAL);
    REQUIRE((result == 0) == (diagnostics->errors == 0));
    if (result != 0)
        return;

    REQUIRE(bpf_valid(filter->instructions, filter->count));
    compare_all(rules, filter);
    compile_once(rules, place, diagnostics);
}

/* Any bytes at all as a compiled whitelist, once with the digest that fits. What is taken is valid
 * to its end. */
static void open_compiled(const uint8_t *data, size_t size)
{
    size_t length = size + COMPILED_MAGIC_BYTES;
    struct compiled compiled;
    char *bytes = malloc(length);

    REQUIRE(bytes);
    memcpy(bytes, COMPILED_MAGIC, COMPILED_MAGIC_BYTES);
    if (size > 0)
        memcpy(bytes + COMPILED_MAGIC_BYTES, data, size);
    (void)!compiled_open(bytes, length, &compiled);
    if (length >= sizeof(struct compiled_header)) {
        compiled_seal(bytes, length);
        if (!compiled_open(bytes, length, &compiled)) {
            REQUIRE(bpf_valid(compiled.instructions, compiled.stages[0].instruction_count));
            REQUIRE(memchr(compiled.texts, '\0', compiled.header->text_bytes));
        }
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct whitelist whitelist = {0};
    struct diagnostics diagnostics = {0};
    struct rules rules = {0};
    struct filter filter = {0};

    int result = reader_read_text("fuzz.ini", (const char *)data, size, &whitelist, &diagnostics);
    REQUIRE(result == 0 || result == -EINVAL);
    REQUIRE((result == 0) == (diagnostics.errors == 0));
    compile(&whitelist, &diagnostics, &rules, &filter);
    diagnostics_tell(&diagnostics, ignore, NULL);
    open_compiled(data, size);

    filter_release(&filter);
    rules_release(&rules);
    diagnostics_release(&diagnostics);
    whitelist_release(&whitelist);
    return 0;
}
