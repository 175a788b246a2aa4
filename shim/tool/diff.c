#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "decode.h"
#include "policy.h"
#include "region.h"
#include "tool.h"

static const char HELP[] =
    "usage: portcullis diff A B\n"
    "\n"
    "Says what the whitelists A and B do not agree on: for each system call that gets another\n"
    "verdict, what decides in A and in B, and arguments for which they differ.\n"
    "\n"
    "What is compared is what calls get, not how it is written: all values of all arguments of\n"
    "all system calls, so another order, other groups, or another way to say the same condition\n"
    "is no difference. Calls that both leave to their defaults are told of once. The settings of\n"
    "[filter] are compared as well, paths of programs by their text; and stages, by their name.\n"
    "\n"
    "Status: 0 if there is no difference; 1 if there is one; 78 for a mistake in A or B.";

enum { PAIRS_MAX = 32 };

/* The two sides, and what differs in one system call. */
struct diff {
    struct policy sides[2];
    const struct rules *rules[2]; /* of the sides, or of a stage that both have */
    const char *stage;            /* its name, until it was told; or NULL */
    struct pair {
        struct verdict verdicts[2];
        struct region region; /* where they get these */
    } pairs[PAIRS_MAX];
    size_t count;
    bool different;
};

/* Keeps what differs, each pair of lines once. */
static bool compare_region(void *context, const struct region *region, const struct verdict *first,
                           const struct verdict *second)
{
    struct diff *diff = context;

    if (action_equals(first->action, second->action))
        return true;
    for (size_t i = 0; i < diff->count; i++) {
        const struct verdict *verdicts = diff->pairs[i].verdicts;
        if (verdicts[0].entry == first->entry && verdicts[1].entry == second->entry)
            return true;
    }
    if (diff->count == PAIRS_MAX)
        return false;
    diff->pairs[diff->count++] = (struct pair){{*first, *second}, *region};
    return true;
}

static void print_side(const struct policy *policy, const struct verdict *verdict, const char *name)
{
    char section[CALL_NAME_MAX];
    static const char *const REASONS[] = {
        [REASON_DENIED] = "",
        [REASON_ALLOWED] = "",
        [REASON_IMPLICIT] = "every program needs it",
        [REASON_FALLBACK] = "programs do without it, @fallback",
        [REASON_NEWER] = "newer than this portcullis",
        [REASON_DEFAULT] = "the default",
        [REASON_FOREIGN] = "another architecture's",
    };
    const struct entry *entry = verdict->entry;
    char action[CALL_ACTION_MAX], text[CALL_TEXT_MAX];

    printf("  %s: %s", policy->whitelist.name, action_text(verdict->action, action));
    if (!entry)
        printf("  (%s)\n", REASONS[verdict->reason]);
    else
        printf("  (%s:%u [%s]  %s%s%s)\n", entry->place.file, entry->place.line,
               entry_section(&policy->whitelist, entry, section), entry_text(entry, name, text),
               entry->subject.kind == SUBJECT_GROUP ? ", by @" : "",
               entry->subject.kind == SUBJECT_GROUP ? entry->subject.name : "");
}

/* "NAME, for example with domain = AF_INET6": a call for which the sides differ. */
static void print_example(int number, const char *name, const struct region *region)
{
    const struct prototype *prototype = decode_prototype(number);
    uint64_t arguments[6];
    bool first = true;

    region_example(region, arguments);
    fputs(name, stdout);
    for (unsigned i = 0; i < 6; i++) {
        char argument[CALL_NAME_MAX], value[DECODE_VALUE_MAX];
        if (region->arguments[i].mask == 0)
            continue;
        if (prototype && i < prototype->count)
            decode_value(name, &prototype->arguments[i], arguments[i], value);
        else
            snprintf(value, sizeof(value), "0x%lx", (unsigned long)arguments[i]);
        printf("%s%s = %s", first ? ", for example with " : ", ",
               call_argument_name(number, i, argument), value);
        first = false;
    }
    putchar('\n');
}

/* Something is different: in a stage, which is told first. */
static void note_difference(struct diff *diff)
{
    if (diff->stage)
        printf("from the stage '%s' on:\n", diff->stage);
    diff->stage = NULL;
    diff->different = true;
}

static void tell_call(struct diff *diff, int number)
{
    char name[CALL_NAME_MAX];

    call_name(number, name);
    for (size_t i = 0; i < diff->count; i++) {
        const struct pair *pair = &diff->pairs[i];
        if (pair->verdicts[0].reason == REASON_DEFAULT &&
            pair->verdicts[1].reason == REASON_DEFAULT)
            continue; /* told of once, with the settings */
        note_difference(diff);
        print_example(number, name, &pair->region);
        print_side(&diff->sides[0], &pair->verdicts[0], name);
        print_side(&diff->sides[1], &pair->verdicts[1], name);
    }
}

static void compare_call(struct diff *diff, int number)
{
    struct opinion opinions[2] = {0};
    char name[CALL_NAME_MAX];
    bool known = true;

    for (unsigned i = 0; i < 2; i++)
        known &= opinion_form(diff->rules[i], number, &opinions[i]) == 0;
    diff->count = 0;
    if (known && !region_visit(&opinions[0], &opinions[1], compare_region, diff)) {
        /* again, without the lines that change nothing */
        opinion_simplify(&opinions[0]);
        opinion_simplify(&opinions[1]);
        diff->count = 0;
        known = region_visit(&opinions[0], &opinions[1], compare_region, diff);
    }
    tell_call(diff, number);
    if (!known) {
        note_difference(diff);
        printf("%s: it has too many conditions to compare them all\n", call_name(number, name));
    }
    opinion_release(&opinions[0]);
    opinion_release(&opinions[1]);
}

/* Raw numbers may lie beyond those that are gone through one by one. */
static void compare_high_numbers(struct diff *diff)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct rules *rules = diff->rules[side];
        for (size_t i = 0; i < rules->count; i++) {
            int number = rules->rules[i].number;
            if (number >= CALL_NUMBERS && (side == 0 || !rules_find(diff->rules[0], number)))
                compare_call(diff, number);
        }
    }
}

static void compare_setting(struct diff *diff, const char *key, const char *one, const char *other)
{
    if (strcmp(one, other) == 0)
        return;
    printf("%s\n  %s: %s\n  %s: %s\n", key, diff->sides[0].whitelist.name, one,
           diff->sides[1].whitelist.name, other);
    diff->different = true;
}

static void join_programs(const struct settings *settings, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s", settings->program_count ? "" : "any");

    for (size_t i = 0; i < settings->program_count && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "", settings->programs[i]);
}

static void compare_settings(struct diff *diff)
{
    const struct settings *a = &diff->sides[0].whitelist.settings;
    const struct settings *b = &diff->sides[1].whitelist.settings;
    char action[2][CALL_ACTION_MAX], programs[2][4096];

    compare_setting(diff, "default, what a call gets that no line allows",
                    action_text(a->default_action, action[0]),
                    action_text(b->default_action, action[1]));
    compare_setting(diff, "audit", a->audit ? "yes" : "no", b->audit ? "yes" : "no");
    compare_setting(diff, "children", a->children == CHILDREN_RELOAD ? "reload" : "inherit",
                    b->children == CHILDREN_RELOAD ? "reload" : "inherit");
    compare_setting(diff, "no-new-privileges", a->no_new_privileges ? "yes" : "no",
                    b->no_new_privileges ? "yes" : "no");
    join_programs(a, programs[0], sizeof(programs[0]));
    join_programs(b, programs[1], sizeof(programs[1]));
    compare_setting(diff, "program", programs[0], programs[1]);
}

static void compare_rules(struct diff *diff, const struct rules *one, const struct rules *other)
{
    diff->rules[0] = one;
    diff->rules[1] = other;
    for (int number = 0; number < CALL_NUMBERS; number++)
        compare_call(diff, number);
    compare_high_numbers(diff);
}

/* When the stage NUMBER of SIDE begins. */
static const char *begins(const struct policy *side, unsigned number, char text[CALL_TEXT_MAX])
{
    char functions[CALL_TEXT_MAX];

    if (number == 0)
        return "there is none";
    snprintf(text, CALL_TEXT_MAX, "begins with %.480s",
             stage_functions(&side->whitelist.stages[number - 1], " or ", functions));
    return text;
}

/* Those of SIDE; of the second, those that the first does not have. */
static void compare_stages(struct diff *diff, unsigned side)
{
    const struct whitelist *whitelist = &diff->sides[side].whitelist;
    char texts[2][CALL_TEXT_MAX], key[CALL_NAME_MAX];

    for (unsigned i = 0; i < whitelist->stage_count; i++) {
        const char *name = whitelist->stages[i].name;
        unsigned numbers[2] = {policy_stage(&diff->sides[0], name),
                               policy_stage(&diff->sides[1], name)};
        if (side == 1 && numbers[0] > 0)
            continue;
        snprintf(key, sizeof(key), "stage %s", name);
        compare_setting(diff, key, begins(&diff->sides[0], numbers[0], texts[0]),
                        begins(&diff->sides[1], numbers[1], texts[1]));
        if (numbers[0] == 0 || numbers[1] == 0)
            continue;
        diff->stage = name;
        compare_rules(diff, policy_rules(&diff->sides[0], numbers[0]),
                      policy_rules(&diff->sides[1], numbers[1]));
        diff->stage = NULL;
    }
}

static int compare(struct diff *diff, const char *one, const char *other)
{
    int status = policy_open(one, &diff->sides[0]);
    int other_status = policy_open(other, &diff->sides[1]);

    if (status != STATUS_OK || other_status != STATUS_OK)
        return status > other_status ? status : other_status;
    for (unsigned i = 0; i < 2; i++) {
        if (!policy_has_text(&diff->sides[i], "diff"))
            return STATUS_USAGE;
    }
    compare_settings(diff);
    compare_rules(diff, &diff->sides[0].rules, &diff->sides[1].rules);
    compare_stages(diff, 0);
    compare_stages(diff, 1);
    if (diff->different)
        return STATUS_NO;
    printf("no difference: every system call gets the same from %s and %s\n", one, other);
    return STATUS_OK;
}

int verb_diff(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {0}};
    struct diff diff = {0};

    opterr = 0;
    int option = getopt_long(count, arguments, "+h", OPTIONS, NULL);
    switch (option) {
    case -1:
        break;
    case 'h':
        puts(HELP);
        return STATUS_OK;
    default:
        return tool_option("diff", option, arguments);
    }
    if (count - optind != 2)
        return tool_usage("diff", "two whitelists are compared");
    int status = compare(&diff, arguments[optind], arguments[optind + 1]);
    policy_release(&diff.sides[0]);
    policy_release(&diff.sides[1]);
    return status;
}
