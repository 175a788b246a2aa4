#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "call.h"
#include "decode.h"
#include "explain.h"
#include "json.h"
#include "propose.h"
#include "region.h"
#include "tool.h"

/* What the log says, each thing once. */
struct report {
    struct finding {
        struct audit audit;
        unsigned long count;
    } * findings; /* owned */
    size_t count;
    size_t capacity;
    unsigned long passed_over;
};

static bool is_same(const struct audit *one, const struct audit *other)
{
    return one->number == other->number && one->foreign == other->foreign &&
           one->fate == other->fate && strcmp(one->program, other->program) == 0 &&
           one->argument_count == other->argument_count &&
           memcmp(one->arguments, other->arguments, sizeof(one->arguments)) == 0;
}

static bool add(struct report *report, const struct audit *audit)
{
    for (size_t i = 0; i < report->count; i++) {
        if (is_same(&report->findings[i].audit, audit)) {
            report->findings[i].count++;
            return true;
        }
    }
    if (report->count == report->capacity) {
        size_t capacity = report->capacity ? 2 * report->capacity : 16;
        struct finding *grown = realloc(report->findings, capacity * sizeof(*grown));
        if (!grown)
            return false;
        report->findings = grown;
        report->capacity = capacity;
    }
    report->findings[report->count++] = (struct finding){*audit, 1};
    return true;
}

static bool read_log(struct report *report)
{
    char *line = NULL;
    size_t size = 0;
    bool good = true;

    while (good && getline(&line, &size, stdin) >= 0) {
        struct audit audit;
        if (audit_parse(line, &audit))
            good = add(report, &audit);
        else
            report->passed_over++;
    }
    free(line);
    return good;
}

/* What POLICY says of the call in STAGE. Returns false where that depends on arguments that are
 * unknown. */
static bool decide(const struct policy *policy, unsigned stage, const struct audit *audit,
                   struct verdict *verdict)
{
    const struct rules *rules = policy_rules(policy, stage);
    struct region region = {0};
    struct opinion opinion;

    if (audit->foreign) {
        *verdict = rules_decide(rules, 0, audit->number, audit->arguments);
        return true;
    }
    for (unsigned i = 0; i < audit->argument_count; i++)
        region.arguments[i] = (struct block){UINT64_MAX, audit->arguments[i]};
    bool known = opinion_form(rules, audit->number, &opinion) == 0 &&
                 region_decide(&opinion, &region, verdict);
    opinion_release(&opinion);
    return known;
}

/* The line to add; *NARROW says whether it takes the arguments into account. "" if there is none.
 */
static const char *find_line(const struct policy *policy, unsigned stage, const struct audit *audit,
                             char line[PROPOSE_LINE_MAX], bool *narrow)
{
    const struct prototype *prototype = decode_prototype(audit->number);
    char name[CALL_NAME_MAX];

    *narrow = policy && prototype && audit->argument_count > 0 &&
              audit->argument_count >= prototype->count;
    if (*narrow)
        return propose_line(policy_rules(policy, stage), audit->number, audit->arguments, line);
    snprintf(line, PROPOSE_LINE_MAX, "syscalls = %s", call_name(audit->number, name));
    return line;
}

static void print_line(const struct policy *policy, unsigned stage, const struct audit *audit)
{
    char line[PROPOSE_LINE_MAX];
    bool narrow;

    find_line(policy, stage, audit, line, &narrow);
    explain_line(policy, stage, line, narrow);
}

/* The log does not tell which of the filters refused it. */
static void print_stages(const struct policy *policy, const struct audit *audit)
{
    const struct whitelist *whitelist = &policy->whitelist;
    struct verdict verdict;
    char action[CALL_ACTION_MAX];

    for (unsigned i = 1; i <= whitelist->stage_count; i++) {
        if (decide(policy, i, audit, &verdict) &&
            (action_allows(verdict.action) || verdict.reason == REASON_DENIED))
            continue;
        printf("  in its stage '%s': %s\n", whitelist->stages[i - 1].name,
               decide(policy, i, audit, &verdict) ? action_text(verdict.action, action)
                                                  : "it depends on the arguments");
        print_line(policy, i, audit);
    }
}

static void print_advice(const struct policy *policy, const struct audit *audit, const char *name)
{
    struct verdict verdict;
    char action[CALL_ACTION_MAX], text[CALL_TEXT_MAX];

    if (audit->foreign) {
        puts("  no line allows it: calls of another architecture are always refused");
    } else if (!policy) {
        print_line(policy, 0, audit);
    } else if (!decide(policy, 0, audit, &verdict)) {
        printf("  %s: it depends on the arguments, see 'portcullis explain %s %s'\n",
               policy->whitelist.name, policy->whitelist.name, name);
        print_line(policy, 0, audit);
    } else if (action_allows(verdict.action)) {
        printf("  %s allows it\n", policy->whitelist.name);
    } else if (verdict.reason == REASON_DENIED) {
        printf("  to allow it, take away or narrow %s:%u [deny]:  %s\n", verdict.entry->place.file,
               verdict.entry->place.line, entry_text(verdict.entry, name, text));
    } else {
        printf("  %s says: %s\n", policy->whitelist.name, action_text(verdict.action, action));
        print_line(policy, 0, audit);
    }
    if (policy && !audit->foreign)
        print_stages(policy, audit);
}

static const char *name_of(const struct audit *audit, char name[CALL_NAME_MAX])
{
    if (audit->foreign)
        snprintf(name, CALL_NAME_MAX, "call %d of another architecture", audit->number);
    else
        call_name(audit->number, name);
    return name;
}

/* Those that the log knows and the call has. */
static void print_arguments(const struct audit *audit)
{
    const struct prototype *prototype = audit->foreign ? NULL : decode_prototype(audit->number);
    char name[CALL_NAME_MAX], value[DECODE_VALUE_MAX];
    unsigned count = audit->argument_count;

    if (!prototype || count == 0 || prototype->count == 0)
        return;
    call_name(audit->number, name);
    for (unsigned i = 0; i < count && i < prototype->count; i++) {
        const struct argument *argument = &prototype->arguments[i];
        printf("%s%s = %s", i ? ", " : "  with ", prototype_text(argument->name),
               decode_value(name, argument, audit->arguments[i], value));
    }
    putchar('\n');
}

static void print_finding(const struct policy *policy, const struct finding *finding)
{
    const struct audit *audit = &finding->audit;
    char name[CALL_NAME_MAX];

    printf("%s in %s (pid %d, %s) was %s", name_of(audit, name), audit->program, audit->pid,
           audit->executable, audit->fate);
    if (finding->count > 1)
        printf(", %lu times", finding->count);
    putchar('\n');
    print_arguments(audit);
    print_advice(policy, audit, name);
}

static struct json_object *json_finding(const struct policy *policy, const struct finding *finding)
{
    const struct audit *audit = &finding->audit;
    struct json_object *object = json_object_new_object();
    size_t stages = policy ? policy->whitelist.stage_count : 0;
    char name[CALL_NAME_MAX], text[CALL_ACTION_MAX], line[PROPOSE_LINE_MAX];
    struct verdict verdict;
    bool narrow;

    json_add_string(object, "syscall", name_of(audit, name));
    json_add_number(object, "number", (uint64_t)audit->number);
    json_object_object_add(object, "foreign", json_object_new_boolean(audit->foreign));
    json_add_string(object, "program", audit->program);
    json_add_number(object, "pid", (uint64_t)audit->pid);
    json_add_string(object, "executable", audit->executable);
    json_add_string(object, "fate", audit->fate);
    json_add_number(object, "count", finding->count);
    find_line(policy, 0, audit, line, &narrow);
    json_add_string(object, "to_allow", audit->foreign || *line == '\0' ? NULL : line);
    if (policy)
        json_add_string(object, "verdict",
                        decide(policy, 0, audit, &verdict) ? action_text(verdict.action, text)
                                                           : NULL);
    for (unsigned i = 1; i <= stages; i++) {
        if (i == 1)
            json_object_object_add(object, "stages", json_object_new_object());
        json_add_string(
            json_object_object_get(object, "stages"), policy->whitelist.stages[i - 1].name,
            decide(policy, i, audit, &verdict) ? action_text(verdict.action, text) : NULL);
    }
    return object;
}

static void print_json(const struct policy *policy, const struct report *report)
{
    struct json_object *object = json_object_new_object();
    struct json_object *calls = json_object_new_array();

    for (size_t i = 0; i < report->count; i++)
        json_object_array_add(calls, json_finding(policy, &report->findings[i]));
    json_object_object_add(object, "calls", calls);
    json_add_number(object, "passed_over", report->passed_over);
    json_print(object);
}

int explain_audit(const struct policy *policy, bool json)
{
    struct report report = {0};
    bool good = read_log(&report);

    if (!good) {
        tool_error("out of memory");
    } else if (json) {
        print_json(policy, &report);
    } else {
        for (size_t i = 0; i < report.count; i++)
            print_finding(policy, &report.findings[i]);
        if (report.count == 0)
            puts("the log tells of no system call that a filter refused");
        if (report.passed_over > 0)
            printf("%lu other line%s passed over\n", report.passed_over,
                   report.passed_over == 1 ? "" : "s");
    }
    free(report.findings);
    return good ? STATUS_OK : STATUS_OS;
}
