/* Random calls, recorded, put into a whitelist's text and read again: what was seen is allowed, and
 * where there are conditions, what was not seen is refused. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/lines.h"
#include "../../../shim/tool/call.h"
#include "../../../shim/tool/learn/record.h"
#include "../../../shim/tool/learn/worth.h"
#include "../../helpers/pipeline.h"
#include "../../helpers/random.h"
#include "../../helpers/random_conditions.h"

/* A filter of less than SMALL instructions, without denials, has room for all additions. */
enum { SMALL = 500, ROUNDS = 150, CALLS_MAX = 300, NAMES_MAX = 12, TEXT_MAX = 65536 };

struct made {
    int number;
    uint64_t arguments[6];
};

/* One round: a whitelist, and what is called under it. */
struct round {
    struct random *random;
    int numbers[NAMES_MAX];
    unsigned number_count;
    struct made made[CALLS_MAX];
    unsigned made_count;
    char text[TEXT_MAX];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void append(struct round *round, const char *format,
                                                         ...)
{
    va_list values;

    va_start(values, format);
    round->used +=
        (size_t)vsnprintf(round->text + round->used, TEXT_MAX - round->used, format, values);
    va_end(values);
    cr_assert_lt(round->used, TEXT_MAX);
}

/* Mostly calls with worthy arguments, now and then any. */
static int pick_number(struct random *random)
{
    for (;;) {
        const struct worth *row = worth_at(random_below(random, (unsigned)worth_count()));
        const struct prototype *any =
            prototype_at(random_below(random, (unsigned)prototype_count()));
        int number = random_one_in(random, 4) ? any->number : call_number(row->call);
        if (number >= 0 && number != 335 && number != 336)
            return number;
    }
}

/* A whitelist with some lines on the calls of the round, and some [deny] lines. */
static void write_whitelist(struct round *round)
{
    struct random_condition condition;
    char name[CALL_NAME_MAX];

    append(round, "[allow]\nsyscalls = getppid\n");
    for (unsigned i = 0; i < round->number_count; i++) {
        const struct prototype *prototype = prototype_find_number(round->numbers[i]);
        call_name(round->numbers[i], name);
        for (unsigned k = random_below(round->random, 3); k > 0; k--) {
            if (!prototype || !random_condition_possible(prototype))
                continue;
            random_condition(round->random, prototype, 2, &condition);
            append(round, "%s = %s\n", name, condition.text);
        }
    }
    append(round, "[deny]\n");
    bool denies = random_one_in(round->random, 2);
    for (unsigned i = 0; denies && i < round->number_count; i++) {
        const struct prototype *prototype = prototype_find_number(round->numbers[i]);
        if (!random_one_in(round->random, 8) || !prototype || !random_condition_possible(prototype))
            continue;
        random_condition(round->random, prototype, 1, &condition);
        append(round, "%s = EXDEV if %s\n", call_name(round->numbers[i], name), condition.text);
    }
}

/* Few values, so that some come again, and edges; at times what the whitelist's lines speak of. */
static void pick_call(struct round *round, const struct rules *rules, struct made *made)
{
    made->number = round->numbers[random_below(round->random, round->number_count)];
    const struct rule *rule = rules_find(rules, made->number);
    if (rule && random_one_in(round->random, 3)) {
        random_arguments(round->random, rule, made->arguments);
        return;
    }
    for (unsigned i = 0; i < 6; i++) {
        uint64_t small = (uint64_t)random_below(round->random, 4) * random_below(round->random, 40);
        made->arguments[i] = random_one_in(round->random, 12) ? random_edge(round->random, 64)
                             : random_one_in(round->random, 8)
                                 ? small | random_next(round->random) << 32
                                 : small;
    }
}

static uint32_t word_for(const struct pipeline *pipeline, const struct made *made)
{
    return pipeline_decide(pipeline, AUDIT_ARCH_X86_64, made->number, made->arguments);
}

/* A copy of TEXT with the additions put in front of [deny]. */
static void extend(struct round *round, const struct additions *additions, char text[TEXT_MAX])
{
    const char *deny = strstr(round->text, "[deny]");
    size_t used = (size_t)snprintf(text, TEXT_MAX, "%.*s", (int)(deny - round->text), round->text);

    for (size_t i = 0; i < additions->count; i++) {
        const struct addition *item = &additions->items[i];
        int length = snprintf(text + used, TEXT_MAX - used, "%s = %s\n",
                              item->condition ? item->name : "syscalls",
                              item->condition ? item->condition : item->name);
        cr_expect_leq(length - 1, LINE_BYTES_MAX, "%s", item->condition);
        used += (size_t)length;
        cr_assert_lt(used, TEXT_MAX);
    }
    used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s", deny);
    cr_assert_lt(used, TEXT_MAX);
}

static void tell(const struct pipeline *pipeline, const char *text)
{
    char *messages = pipeline_messages(pipeline);

    fprintf(stderr, "%s\n%s", text, messages ? messages : "");
    free(messages);
}

static bool are_sorted(const struct additions *additions)
{
    for (size_t i = 1; i < additions->count; i++) {
        const struct addition *one = &additions->items[i - 1];
        const struct addition *two = &additions->items[i];
        int order = strcmp(one->name, two->name);
        if (order > 0 || (order == 0 && (!one->condition || !two->condition ||
                                         strcmp(one->condition, two->condition) >= 0)))
            return false;
    }
    return true;
}

/* What was seen is allowed now, but for what is denied, and there is nothing more to add. */
static void check_after(const struct round *round, const struct record *record,
                        const struct pipeline *before, const char *text)
{
    struct pipeline after;
    struct additions additions;

    bool fits = pipeline_read_text(text, &after) == 0;
    bool has_room = before->filter.count < SMALL && !strstr(text, " if ");
    if (!after.valid || (!fits && has_room))
        tell(&after, text);
    cr_assert(after.valid);
    cr_expect(fits || !has_room, "the additions are too much for a filter");
    for (unsigned i = 0; i < round->made_count; i++) {
        const struct made *made = &round->made[i];
        bool denied = word_for(before, made) == (SECCOMP_RET_ERRNO | 18);
        uint32_t expected = denied ? SECCOMP_RET_ERRNO | 18 : SECCOMP_RET_ALLOW;
        if (word_for(&after, made) != expected)
            tell(&after, text);
        cr_assert_eq(word_for(&after, made), expected, "%d(%" PRIx64 ", %" PRIx64 ", %" PRIx64 ")",
                     made->number, made->arguments[0], made->arguments[1], made->arguments[2]);
    }
    cr_assert_eq(record_additions(record, &after.rules, &additions), 0);
    if (additions.count > 0)
        fprintf(stderr, "%s\nagain: %s = %s\n", text, additions.items[0].name,
                additions.items[0].condition);
    cr_assert_eq(additions.count, 0);
    additions_release(&additions);
    pipeline_release(&after);
}

static void begin_round(struct round *round, struct random *random)
{
    *round = (struct round){.random = random};
    round->number_count = 1 + random_below(random, NAMES_MAX);
    for (unsigned i = 0; i < round->number_count; i++)
        round->numbers[i] = pick_number(random);
}

static struct record *record_round(struct round *round, const struct pipeline *before)
{
    struct record *record =
        record_open(&before->rules, (enum record_arguments)random_below(round->random, 3));

    cr_assert_not_null(record);
    round->made_count = 1 + random_below(round->random, CALLS_MAX);
    for (unsigned i = 0; i < round->made_count; i++) {
        pick_call(round, &before->rules, &round->made[i]);
        cr_assert_eq(record_call(record, round->made[i].number, round->made[i].arguments, NULL), 0);
    }
    return record;
}

Test(record_random, whatever_was_seen_is_allowed_by_the_lines_it_became, .timeout = 120)
{
    struct random random = random_begin("record");
    struct round *round = malloc(sizeof(*round));
    char *text = malloc(TEXT_MAX);
    unsigned checked = 0;

    cr_assert(round && text);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct pipeline before;
        struct additions additions;
        begin_round(round, &random);
        write_whitelist(round);
        if (pipeline_read_text(round->text, &before) != 0) {
            pipeline_release(&before);
            continue;
        }
        struct record *record = record_round(round, &before);
        cr_assert_eq(record_additions(record, &before.rules, &additions), 0);
        cr_assert(are_sorted(&additions));
        extend(round, &additions, text);
        check_after(round, record, &before, text);
        checked++;
        additions_release(&additions);
        record_close(record);
        pipeline_release(&before);
    }
    cr_assert_gt(checked, ROUNDS / 2);
    free(text);
    free(round);
}

/* The value that ROW looks at in a call. */
static uint64_t looked_at(const struct worth *row, const uint64_t arguments[6])
{
    const struct prototype *prototype = prototype_find(row->call);
    int index = prototype_argument(prototype, row->argument);
    uint64_t mask = UINT64_MAX;

    if (row->bits)
        cr_assert(call_value(row->bits, &mask));
    if (prototype->arguments[index].width < 64)
        mask &= ((uint64_t)1 << prototype->arguments[index].width) - 1;
    return arguments[index] & mask;
}

static bool was_seen(const struct round *round, const struct worth *row, uint64_t value)
{
    for (unsigned i = 0; i < round->made_count; i++) {
        if (looked_at(row, round->made[i].arguments) == value)
            return true;
    }
    return false;
}

/* Calls of one kind, with few values, then one like them with a value that none of them had.
 * Returns whether there was one. */
static bool try_unseen(struct round *round, const struct worth *row, char text[TEXT_MAX])
{
    struct random *random = round->random;
    int index = prototype_argument(prototype_find(row->call), row->argument);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_ALL);
    struct additions additions;
    struct pipeline after;
    struct made made;

    *round = (struct round){.random = random, .numbers = {call_number(row->call)}};
    append(round, "[allow]\nsyscalls = getppid\n[deny]\n");
    round->made_count = 1 + random_below(random, 30);
    for (unsigned i = 0; i < round->made_count; i++) {
        round->made[i].number = round->numbers[0];
        for (unsigned k = 0; k < 6; k++)
            round->made[i].arguments[k] = random_below(random, 12);
        cr_assert_eq(record_call(record, round->numbers[0], round->made[i].arguments, NULL), 0);
    }
    cr_assert_eq(record_additions(record, NULL, &additions), 0);
    extend(round, &additions, text);
    cr_assert_eq(pipeline_read_text(text, &after), 0);
    made = round->made[random_below(random, round->made_count)];
    made.arguments[index] = random_below(random, 40);
    bool unseen = !was_seen(round, row, looked_at(row, made.arguments));
    if (unseen)
        cr_expect_neq(word_for(&after, &made), SECCOMP_RET_ALLOW, "%s: %s %" PRIx64, text,
                      row->argument, made.arguments[index]);
    pipeline_release(&after);
    additions_release(&additions);
    record_close(record);
    return unseen;
}

Test(record_random, a_value_that_was_never_seen_is_refused, .timeout = 120)
{
    struct random random = random_begin("unseen");
    struct round *round = malloc(sizeof(*round));
    char *text = malloc(TEXT_MAX);
    size_t unseen = 0;

    cr_assert(round && text);
    round->random = &random;
    for (unsigned i = 0; i < 20 * worth_count(); i++) {
        const struct worth *row = worth_at(i % worth_count());
        if (row->manner == WORTH_VALUE)
            unseen += try_unseen(round, row, text);
    }
    cr_assert_gt(unseen, 5 * worth_count());
    free(text);
    free(round);
}
