#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/numbers.h"
#include "call.h"
#include "decode.h"
#include "explain.h"
#include "json.h"
#include "propose.h"
#include "tool.h"

enum { ARGUMENTS = 6, WORDS_MAX = 8, LINE_MAX_BYTES = 4096 };

/* A question, and its answer, for the time before any stage or from one on. */
struct question {
    const struct policy *policy;
    unsigned stage;
    bool inherited; /* [allow] and [deny] decide, which goes before what the stage says */
    const struct rules *rules; /* that decide */
    char **words;              /* as the user wrote them: the call, its arguments */
    int count;
    int number;
    char name[CALL_NAME_MAX];
    uint64_t arguments[ARGUMENTS];
    struct verdict verdict;
    const struct entry *nearest; /* a line that nearly decided, or NULL */
};

/* How many clauses of ENTRY's condition the call does not meet. */
static size_t count_unmet(const struct entry *entry, const uint64_t arguments[6])
{
    size_t unmet = 0;

    for (size_t i = 0; i < entry->condition.count; i++) {
        struct condition one = {&entry->condition.clauses[i], 1};
        unmet += !condition_matches(&one, arguments);
    }
    return unmet;
}

static bool is_unmet(const struct question *question, size_t clause)
{
    struct condition one = {&question->nearest->condition.clauses[clause], 1};

    return !condition_matches(&one, question->arguments);
}

/* Of LINES, the one with the fewest unmet clauses, if there are any. */
static const struct entry *nearest_of(const struct line *lines, size_t count,
                                      const uint64_t arguments[6])
{
    const struct entry *nearest = NULL;
    size_t fewest = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        size_t unmet = count_unmet(lines[i].entry, arguments);
        if (unmet > 0 && unmet < fewest) {
            nearest = lines[i].entry;
            fewest = unmet;
        }
    }
    return nearest;
}

/* What would have turned the verdict: a line that allows, or one that denies. A line that allows
 * and is met is overruled by a denial: then there is no clause to tell of. */
static const struct entry *find_nearest(const struct question *question)
{
    const struct rule *rule = rules_find(question->rules, question->number);
    bool denied = question->verdict.reason == REASON_DENIED;

    if (!rule || question->verdict.reason == REASON_FOREIGN)
        return NULL;
    for (size_t i = 0; denied && i < rule->allow_count; i++) {
        if (count_unmet(rule->allow[i].entry, question->arguments) == 0)
            return rule->allow[i].entry;
    }
    if (action_allows(question->verdict.action))
        return nearest_of(rule->deny, rule->deny_count, question->arguments);
    return nearest_of(rule->allow, rule->allow_count, question->arguments);
}

static int parse(struct question *question, const char *where)
{
    char near[CALL_NAME_MAX * 2];
    const char *word = question->words[0];

    question->number = call_number(word);
    if (question->number < 0)
        return tool_usage("explain", "%sunknown syscall '%s'%s", where, word,
                          call_suggestion(word, near, sizeof(near)));
    call_name(question->number, question->name);
    if (question->count - 1 > ARGUMENTS)
        return tool_usage("explain", "%sa system call has at most 6 arguments", where);
    for (int i = 1; i < question->count; i++) {
        if (!call_value(question->words[i], &question->arguments[i - 1]))
            return tool_usage("explain", "%sargument '%s' is neither a number nor a constant",
                              where, question->words[i]);
    }
    return STATUS_OK;
}

static bool is_listed(const struct question *question)
{
    const struct rule *rule = rules_find(question->rules, question->number);

    return rule && rule->allow_count + rule->deny_count > 0;
}

static const char *because(const struct question *question, char text[CALL_TEXT_MAX])
{
    const struct settings *settings = &question->policy->whitelist.settings;
    char action[CALL_ACTION_MAX], place[CALL_TEXT_MAX / 2];

    switch (question->verdict.reason) {
    case REASON_IMPLICIT:
        return "no line denies it, and every program needs it";
    case REASON_FALLBACK:
        return "no line lists it, and programs do without it (@fallback)";
    case REASON_NEWER:
        snprintf(
            text, CALL_TEXT_MAX,
            "no line lists it, and it is newer than this portcullis, which knows calls up to %d",
            number_highest());
        break;
    case REASON_FOREIGN:
        return "the number belongs to another architecture";
    case REASON_DENIED:
    case REASON_ALLOWED:
        break;
    case REASON_DEFAULT:
        explain_place(settings->default_place, place, sizeof(place));
        snprintf(text, CALL_TEXT_MAX, "no line %s; the default is %s (%s)",
                 is_listed(question) ? "matches" : "lists it",
                 action_text(settings->default_action, action), place);
        break;
    }
    return text;
}

static void print_entry(const struct question *question, const char *before,
                        const struct entry *entry)
{
    char text[CALL_TEXT_MAX], section[CALL_NAME_MAX];

    printf("  %s%s:%u [%s]  %s", before, entry->place.file, entry->place.line,
           entry_section(&question->policy->whitelist, entry, section),
           entry_text(entry, question->name, text));
    if (entry->subject.kind == SUBJECT_GROUP)
        printf("  (by @%s)", entry->subject.name);
    putchar('\n');
}

/* The line that would allow a call that the default refuses; "" if there is none. *NARROW says
 * whether it takes the arguments into account: only where all of them were given. */
static const char *find_line(const struct question *question, char line[PROPOSE_LINE_MAX],
                             bool *narrow)
{
    const struct prototype *prototype = decode_prototype(question->number);

    *line = '\0';
    *narrow = prototype && question->count - 1 >= prototype->count;
    if (action_allows(question->verdict.action) || question->verdict.reason != REASON_DEFAULT)
        return line;
    if (*narrow)
        return propose_line(question->rules, question->number, question->arguments, line);
    snprintf(line, PROPOSE_LINE_MAX, "syscalls = %s", question->name);
    return line;
}

static void print_line(const struct question *question)
{
    char line[PROPOSE_LINE_MAX];
    bool narrow;

    if (*find_line(question, line, &narrow) != '\0')
        explain_line(question->policy, question->stage, line, narrow);
}

static void print_nearest(const struct question *question)
{
    const struct entry *nearest = question->nearest;
    char text[CALL_TEXT_MAX], name[CALL_NAME_MAX];
    bool overruled = count_unmet(nearest, question->arguments) == 0;

    print_entry(question, overruled ? "overruled: " : "nearest line: ", nearest);
    for (size_t i = 0; i < nearest->condition.count; i++) {
        unsigned argument = nearest->condition.clauses[i].argument;
        if (!is_unmet(question, i))
            continue;
        bool given = (int)argument + 1 < question->count;
        printf("      not met: %s  (%s is %s)\n", entry_clause(nearest, i, text),
               call_argument_name(question->number, argument, name),
               given ? question->words[argument + 1] : "0");
    }
}

/* "NAME(ARGUMENTS)", or what stands there for a stage. */
static void print_head(const struct question *question)
{
    char text[CALL_TEXT_MAX];

    if (question->stage > 0) {
        const struct stage *stage = &question->policy->whitelist.stages[question->stage - 1];
        printf("from the stage '%s' (%s) on", stage->name, stage_functions(stage, " or ", text));
        return;
    }
    printf("%s(", question->name);
    for (int i = 1; i < question->count; i++)
        printf("%s%s", i > 1 ? ", " : "", question->words[i]);
    putchar(')');
}

static void print_answer(const struct question *question)
{
    char text[CALL_TEXT_MAX] = "", action[CALL_ACTION_MAX];

    print_head(question);
    printf(": %s\n", action_text(question->verdict.action, action));
    if (question->inherited) {
        puts("  because what is refused before stays refused");
        return;
    }
    if (question->verdict.entry)
        print_entry(question, "decided by: ", question->verdict.entry);
    else
        printf("  because %s\n", because(question, text));
    if (question->nearest)
        print_nearest(question);
    print_line(question);
}

static struct json_object *json_nearest(const struct question *question)
{
    const struct entry *nearest = question->nearest;
    struct json_object *unmet = json_object_new_array();
    struct json_object *object = json_entry(&question->policy->whitelist, nearest, question->name);
    char text[CALL_TEXT_MAX];

    for (size_t i = 0; i < nearest->condition.count; i++) {
        if (is_unmet(question, i))
            json_object_array_add(unmet, json_object_new_string(entry_clause(nearest, i, text)));
    }
    json_object_object_add(object, "unmet", unmet);
    return object;
}

static void add_answer(struct json_object *object, const struct question *question)
{
    static const char *const REASONS[] = {
        [REASON_DENIED] = "denied",     [REASON_ALLOWED] = "allowed",
        [REASON_IMPLICIT] = "implicit", [REASON_FALLBACK] = "fallback",
        [REASON_NEWER] = "newer",       [REASON_DEFAULT] = "default",
        [REASON_FOREIGN] = "foreign",
    };
    char action[CALL_ACTION_MAX], line[PROPOSE_LINE_MAX];
    bool narrow;

    json_add_string(object, "verdict", action_text(question->verdict.action, action));
    json_object_object_add(object, "allowed",
                           json_object_new_boolean(action_allows(question->verdict.action)));
    json_add_string(object, "reason", REASONS[question->verdict.reason]);
    if (question->stage > 0)
        json_object_object_add(object, "inherited", json_object_new_boolean(question->inherited));
    if (question->verdict.entry)
        json_object_object_add(
            object, "line",
            json_entry(&question->policy->whitelist, question->verdict.entry, question->name));
    if (question->nearest)
        json_object_object_add(object, "nearest", json_nearest(question));
    if (!question->inherited && *find_line(question, line, &narrow) != '\0')
        json_add_string(object, "to_allow", line);
}

static void decide(struct question *question, const struct rules *rules)
{
    question->rules = rules;
    question->verdict =
        rules_decide(rules, seccomp_arch_native(), question->number, question->arguments);
    question->nearest = find_nearest(question);
}

/* The answer to BEFORE from the stage STAGE on. */
static struct question ask_stage(const struct question *before, unsigned stage)
{
    struct question question = *before;

    question.stage = stage;
    decide(&question, policy_rules(before->policy, stage));
    question.inherited =
        action_strictness(before->verdict.action) > action_strictness(question.verdict.action);
    if (!question.inherited)
        return question;
    question.verdict = before->verdict;
    question.rules = before->rules;
    question.nearest = NULL;
    return question;
}

static void print_json(const struct question *question)
{
    size_t stages = question->policy->whitelist.stage_count;
    struct json_object *object = json_object_new_object();
    struct json_object *arguments = json_object_new_array();
    struct json_object *array = stages > 0 ? json_object_new_array() : NULL;

    json_add_string(object, "syscall", question->name);
    json_add_number(object, "number", (uint64_t)question->number);
    for (unsigned i = 0; i < ARGUMENTS; i++)
        json_object_array_add(arguments, json_object_new_uint64(question->arguments[i]));
    json_object_object_add(object, "arguments", arguments);
    add_answer(object, question);
    for (unsigned i = 1; i <= stages; i++) {
        const struct stage *stage = &question->policy->whitelist.stages[i - 1];
        struct json_object *item = json_object_new_object();
        struct question answer = ask_stage(question, i);
        json_add_string(item, "name", stage->name);
        json_object_object_add(item, "when", json_functions(stage));
        add_answer(item, &answer);
        json_object_array_add(array, item);
    }
    if (array)
        json_object_object_add(object, "stages", array);
    json_print(object);
}

static void print_answers(const struct question *question)
{
    print_answer(question);
    for (unsigned i = 1; i <= question->policy->whitelist.stage_count; i++) {
        struct question answer = ask_stage(question, i);
        print_answer(&answer);
    }
}

int explain_call(const struct policy *policy, char **words, int count, bool json, const char *where)
{
    struct question question = {.policy = policy, .words = words, .count = count};
    int status = parse(&question, where);

    if (status != STATUS_OK)
        return status;
    decide(&question, &policy->rules);
    if (json)
        print_json(&question);
    else
        print_answers(&question);
    return STATUS_OK;
}

int explain_calls(const struct policy *policy, bool json)
{
    char line[LINE_MAX_BYTES], where[64];
    int status = STATUS_OK;

    for (unsigned number = 1; fgets(line, sizeof(line), stdin); number++) {
        char *words[WORDS_MAX + 1];
        int count = 0;
        char *rest = NULL;
        for (char *word = strtok_r(line, " \t\n", &rest); word && count < WORDS_MAX;
             word = strtok_r(NULL, " \t\n", &rest))
            words[count++] = word;
        if (count == 0 || words[0][0] == '#' || words[0][0] == ';')
            continue;
        snprintf(where, sizeof(where), "line %u of standard input: ", number);
        int one = explain_call(policy, words, count, json, where);
        status = one != STATUS_OK ? one : status;
    }
    return status;
}
