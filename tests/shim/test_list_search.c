/* Long lists of values, which are searched: the program answers what the rules say. */
#include <criterion/criterion.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../helpers/bpf.h"
#include "../helpers/pipeline.h"
#include "../helpers/random.h"

enum { LISTS = 60, VALUES_MAX = 700, TRIES = 2000, TEXT_MAX = 1 << 16 };

/* A call, an argument of it, and how wide that is. */
static const struct target {
    const char *call;
    const char *argument;
    unsigned index;
    unsigned width;
    bool is_signed;
} TARGETS[] = {
    {"ioctl", "request", 1, 32, false}, {"write", "fd", 0, 32, false},
    {"fchmod", "mode", 1, 16, false},   {"kill", "sig", 1, 32, true},
    {"lseek", "offset", 1, 64, true},   {"write", "count", 2, 64, false},
    {"socket", "domain", 0, 32, true},
};

enum { TARGET_COUNT = sizeof(TARGETS) / sizeof(TARGETS[0]) };

struct lists {
    struct random random;
    char text[TEXT_MAX];
    size_t length;
    uint64_t values[VALUES_MAX];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct lists *lists, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    lists->length +=
        (size_t)vsnprintf(lists->text + lists->length, TEXT_MAX - lists->length, format, arguments);
    va_end(arguments);
    cr_assert_lt(lists->length, TEXT_MAX);
}

static uint64_t pick(struct lists *lists, unsigned width)
{
    uint64_t bits = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    uint64_t value = random_next(&lists->random);

    switch (random_below(&lists->random, 4)) {
    case 0:
        return value % 1000;
    case 1:
        return bits - value % 1000;
    case 2:
        return random_edge(&lists->random, width);
    default:
        return value & bits & 0x7fffffff;
    }
}

/* As a signed number, where it is one. */
static long long shown(const struct target *subject, uint64_t value)
{
    return subject->is_signed && subject->width == 32 ? (int32_t)value : (long long)value;
}

/* A value or a range, as a whitelist has it. */
static void add_value(struct lists *lists, const struct target *subject)
{
    uint64_t value = pick(lists, subject->width);
    long long length = random_one_in(&lists->random, 6) ? random_below(&lists->random, 50) : 0;

    if (subject->width == 64)
        value &= random_one_in(&lists->random, 40 * VALUES_MAX) ? INT64_MAX : INT32_MAX;
    lists->values[lists->count++] = value;
    long long low = shown(subject, value);
    long long high = shown(subject, value + (uint64_t)length);
    if (low < high && (subject->width == 64 || high >> subject->width <= 0))
        add(lists, " %lld..%lld", low, high);
    else
        add(lists, " %lld", low);
}

static void add_lines(struct lists *lists, const struct target *subject, size_t count,
                      const char *before)
{
    while (lists->count < count) {
        add(lists, "%s = %s%s in", subject->call, before, subject->argument);
        for (size_t i = 0; i < 4 && lists->count < count; i++)
            add_value(lists, subject);
        add(lists, "\n");
    }
}

static void compare(const struct pipeline *pipeline, const struct target *subject, int number,
                    uint64_t value)
{
    uint64_t arguments[6] = {0};

    arguments[subject->index] = value;
    uint32_t wanted = pipeline_decide(pipeline, NATIVE_ARCHITECTURE, number, arguments);
    uint32_t got = pipeline_simulate(pipeline, NATIVE_ARCHITECTURE, number, arguments);
    uint32_t once = pipeline_simulate_once(pipeline, NATIVE_ARCHITECTURE, number, arguments);
    cr_assert(got == wanted && once == wanted, "%s(%s = %#llx): %#x and %#x, not %#x",
              subject->call, subject->argument, (unsigned long long)value, got, once, wanted);
}

static void try_values(struct lists *lists, const struct pipeline *pipeline,
                       const struct target *subject)
{
    int number = seccomp_syscall_resolve_name(subject->call);

    for (size_t i = 0; i < lists->count; i++) {
        for (int k = -1; k <= 1; k++) {
            uint64_t value = lists->values[i] + (uint64_t)(int64_t)k;
            compare(pipeline, subject, number, value);
            compare(pipeline, subject, number, value | UINT64_C(1) << 32);
            compare(pipeline, subject, number, value ^ UINT64_C(1) << 16);
        }
    }
    for (int i = 0; i < TRIES; i++)
        compare(pipeline, subject, number, pick(lists, 64));
    /* other calls, and other architectures */
    uint64_t arguments[6] = {0};
    arguments[subject->index] = lists->values[0];
    for (int other = 0; other < 300; other++) {
        cr_assert_eq(pipeline_simulate(pipeline, NATIVE_ARCHITECTURE, other, arguments),
                     pipeline_decide(pipeline, NATIVE_ARCHITECTURE, other, arguments));
        cr_assert_eq(pipeline_simulate(pipeline, NATIVE_ARCHITECTURE ^ 1, other, arguments),
                     pipeline_decide(pipeline, NATIVE_ARCHITECTURE ^ 1, other, arguments));
    }
}

TestSuite(list_search, .timeout = 300);

static void build(struct lists *lists, struct pipeline *pipeline)
{
    int error = pipeline_read_text(lists->text, pipeline);
    char *messages = pipeline_messages(pipeline);

    cr_assert_eq(error, 0, "%d: %s", error, messages);
    free(messages);
    cr_assert_eq(pipeline_compile(pipeline), 0);
    cr_assert(bpf_valid(pipeline->filter.instructions, pipeline->filter.count));
    cr_assert(bpf_valid(pipeline->once.instructions, pipeline->once.count));
}

Test(list_search, random_lists_are_answered_as_the_rules_say)
{
    static struct lists lists;
    size_t values = 0;

    lists.random = random_begin("list_search");
    for (int i = 0; i < LISTS; i++) {
        const struct target *subject = &TARGETS[i % TARGET_COUNT];
        struct pipeline pipeline;
        size_t most = 1 + random_below(&lists.random, i % 3 == 0 ? VALUES_MAX : 80);
        bool denies = random_one_in(&lists.random, 3);
        lists.length = lists.count = 0;
        add(&lists, "[filter]\ndefault = %s\n[allow]\nsyscalls = getpid openat\n",
            random_one_in(&lists.random, 2) ? "EPERM" : "kill");
        add_lines(&lists, subject, most, "");
        if (denies) {
            size_t allowed = lists.count;
            size_t more = random_below(&lists.random, (unsigned)(VALUES_MAX - allowed) / 2 + 1);
            add(&lists, "[deny]\n");
            add_lines(&lists, subject, allowed + more, "EDOM if ");
        }
        build(&lists, &pipeline);
        try_values(&lists, &pipeline, subject);
        values += lists.count;
        pipeline_release(&pipeline);
    }
    cr_log_info("%d lists, %zu values\n", LISTS, values);
}

static double milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The quickest of several times, so that a busy machine does not count. */
static double build_time(struct lists *lists, size_t count)
{
    double best = 1e9;
    struct pipeline pipeline;

    lists->length = lists->count = 0;
    add(lists, "[allow]\nsyscalls = getpid\n");
    add_lines(lists, &TARGETS[0], count, "");
    for (int i = 0; i < 20; i++) {
        double before = milliseconds();
        cr_assert_eq(pipeline_read_text(lists->text, &pipeline), 0);
        double took = milliseconds() - before;
        best = took < best ? took : best;
        pipeline_release(&pipeline);
    }
    return best;
}

Test(list_search, a_list_of_512_values_takes_less_than_a_millisecond)
{
    static struct lists lists;

    lists.random = random_begin("list_search");
    double few = build_time(&lists, 1);
    double many = build_time(&lists, 512);
    cr_expect_lt(many - few, 1, "%.3f ms", many - few);
    cr_log_info("512 values: %.3f ms more than 1\n", many - few);
}

Test(list_search, a_list_takes_few_more_instructions_than_it_has_values)
{
    static struct lists lists;
    struct pipeline pipeline;

    lists.random = random_begin("list_search");
    add(&lists, "[allow]\nsyscalls = getpid\n");
    add_lines(&lists, &TARGETS[0], 512, "");
    build(&lists, &pipeline);
    cr_expect_lt(pipeline.filter.count, 512 * 5 / 4 + 60, "%zu", pipeline.filter.count);
    cr_expect_leq(pipeline.once.count, pipeline.filter.count);
    pipeline_release(&pipeline);
}
