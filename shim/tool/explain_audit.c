#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "decode.h"
#include "explain.h"
#include "formats/audit_record.h"
#include "json.h"
#include "propose.h"
#include "region.h"
#include "tool.h"
#include "tree.h"

/* A thing that the log says. */
struct finding {
    struct audit_record record; /* as it was said first */
    unsigned long count;
};

/* What the log says, each thing once. */
struct report {
    struct finding **findings; /* owned, with what they point to; in the order of the log */
    size_t count;
    size_t capacity;
    struct tree tree; /* of the same */
    unsigned long passed_over;
};

/* An order of findings in which those are equal that are the same thing. */
static int compare(const void *one, const void *other)
{
    const struct audit_record *a = &((const struct finding *)one)->record;
    const struct audit_record *b = &((const struct finding *)other)->record;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    if (a->architecture != b->architecture)
        return a->architecture < b->architecture ? -1 : 1;
    if (a->argument_count != b->argument_count)
        return a->argument_count < b->argument_count ? -1 : 1;
    int order = memcmp(a->arguments, b->arguments, sizeof(a->arguments));
    if (order == 0)
        order = strcmp(a->fate, b->fate);
    return order ? order : strcmp(a->program, b->program);
}

static int add(struct report *report, const struct audit_record *record)
{
    struct finding wanted = {*record, 1};
    struct finding *known = tree_find(&report->tree, &wanted, compare);

    if (known) {
        known->count++;
        return 0;
    }
    if (report->count == report->capacity) {
        size_t capacity = report->capacity ? 2 * report->capacity : 16;
        struct finding **grown = realloc(report->findings, capacity * sizeof(struct finding *));
        if (!grown)
            return -ENOMEM;
        report->findings = grown;
        report->capacity = capacity;
    }
    struct finding *finding = malloc(sizeof(*finding));
    if (!finding)
        return -ENOMEM;
    *finding = wanted;
    report->findings[report->count++] = finding;
    return tree_add(&report->tree, finding, compare);
}

static void release(struct report *report)
{
    tree_release(&report->tree);
    for (size_t i = 0; i < report->count; i++)
        free(report->findings[i]);
    free(report->findings);
}

/* Returns 0 or a negative errno. */
static int read_log(struct report *report, FILE *stream)
{
    char *line = NULL;
    size_t size = 0;
    int error = 0;

    while (!error && (errno = 0, getline(&line, &size, stream)) >= 0) {
        struct audit_record record;
        if (audit_record_parse(line, &record))
            error = add(report, &record);
        else
            report->passed_over++;
    }
    if (!error && (ferror(stream) || errno == ENOMEM))
        error = errno ? -errno : -EIO;
    free(line);
    return error;
}

/* What POLICY says of the call in STAGE. Returns false where that depends on arguments that are
 * unknown. */
static bool decide(const struct policy *policy, unsigned stage, const struct audit_record *record,
                   struct verdict *verdict)
{
    const struct rules *rules = policy_rules(policy, stage);
    struct region region = {0};
    struct opinion opinion;

    if (record->foreign) {
        *verdict = rules_decide(rules, 0, record->number, record->arguments);
        return true;
    }
    for (unsigned i = 0; i < record->argument_count; i++)
        region.arguments[i] = (struct block){UINT64_MAX, record->arguments[i]};
    bool known = opinion_form(rules, record->number, &opinion) == 0 &&
                 region_decide(&opinion, &region, verdict);
    opinion_release(&opinion);
    return known;
}

/* The line to add; *NARROW says whether it takes the arguments into account. "" if there is none.
 */
static const char *find_line(const struct policy *policy, unsigned stage,
                             const struct audit_record *record, char line[PROPOSE_LINE_MAX],
                             bool *narrow)
{
    const struct prototype *prototype = decode_prototype(record->number);
    char name[CALL_NAME_MAX];

    *narrow = policy && prototype && record->argument_count > 0 &&
              record->argument_count >= prototype->count;
    if (*narrow)
        return propose_line(policy_rules(policy, stage), record->number, record->arguments, line);
    snprintf(line, PROPOSE_LINE_MAX, "syscalls = %s", call_name(record->number, name));
    return line;
}

static void print_line(const struct policy *policy, unsigned stage,
                       const struct audit_record *record)
{
    char line[PROPOSE_LINE_MAX];
    bool narrow;

    find_line(policy, stage, record, line, &narrow);
    explain_line(policy, stage, line, narrow);
}

/* The log does not tell which of the filters refused it. */
static void print_stages(const struct policy *policy, const struct audit_record *record)
{
    const struct whitelist *whitelist = &policy->whitelist;
    struct verdict verdict;
    char action[CALL_ACTION_MAX];

    for (unsigned i = 1; i <= whitelist->stage_count; i++) {
        if (decide(policy, i, record, &verdict) &&
            (action_allows(verdict.action) || verdict.reason == REASON_DENIED))
            continue;
        printf("  in its stage '%s': %s\n", whitelist->stages[i - 1].name,
               decide(policy, i, record, &verdict) ? action_text(verdict.action, action)
                                                   : "it depends on the arguments");
        print_line(policy, i, record);
    }
}

static void print_advice(const struct policy *policy, const struct audit_record *record,
                         const char *name)
{
    struct verdict verdict;
    char action[CALL_ACTION_MAX], text[CALL_TEXT_MAX];

    if (record->foreign) {
        puts("  no line allows it: calls of another architecture are always refused");
    } else if (!policy) {
        print_line(policy, 0, record);
    } else if (!decide(policy, 0, record, &verdict)) {
        printf("  %s: it depends on the arguments, see 'portcullis explain %s %s'\n",
               policy->whitelist.name, policy->whitelist.name, name);
        print_line(policy, 0, record);
    } else if (action_allows(verdict.action)) {
        printf("  %s allows it\n", policy->whitelist.name);
    } else if (verdict.reason == REASON_DENIED) {
        printf("  to allow it, take away or narrow %s:%u [deny]:  %s\n", verdict.entry->place.file,
               verdict.entry->place.line, entry_text(verdict.entry, name, text));
    } else {
        printf("  %s says: %s\n", policy->whitelist.name, action_text(verdict.action, action));
        print_line(policy, 0, record);
    }
    if (policy && !record->foreign)
        print_stages(policy, record);
}

/* Those that the log knows and the call has. */
static void print_arguments(const struct audit_record *record)
{
    const struct prototype *prototype = record->foreign ? NULL : decode_prototype(record->number);
    char name[CALL_NAME_MAX], value[DECODE_VALUE_MAX];
    unsigned count = record->argument_count;

    if (!prototype || count == 0 || prototype->count == 0)
        return;
    call_name(record->number, name);
    for (unsigned i = 0; i < count && i < prototype->count; i++) {
        const struct argument *argument = &prototype->arguments[i];
        printf("%s%s = %s", i ? ", " : "  with ", prototype_text(argument->name),
               decode_value(name, argument, record->arguments[i], value));
    }
    putchar('\n');
}

static void print_finding(const struct policy *policy, const struct finding *finding)
{
    const struct audit_record *record = &finding->record;
    char name[AUDIT_NAME_MAX];

    printf("%s in %s (pid %d, %s) was %s", audit_record_call(record, name), record->program,
           record->pid, record->executable, record->fate);
    if (finding->count > 1)
        printf(", %lu times", finding->count);
    putchar('\n');
    print_arguments(record);
    print_advice(policy, record, name);
}

static struct json_object *json_finding(const struct policy *policy, const struct finding *finding)
{
    const struct audit_record *record = &finding->record;
    struct json_object *object = json_object_new_object();
    size_t stages = policy ? policy->whitelist.stage_count : 0;
    char name[AUDIT_NAME_MAX], text[CALL_ACTION_MAX], line[PROPOSE_LINE_MAX];
    struct verdict verdict;
    bool narrow;

    json_add_string(object, "syscall", audit_record_call(record, name));
    json_add_number(object, "number", (uint64_t)record->number);
    json_object_object_add(object, "foreign", json_object_new_boolean(record->foreign));
    json_add_string(object, "program", record->program);
    json_add_number(object, "pid", (uint64_t)record->pid);
    json_add_string(object, "executable", record->executable);
    json_add_string(object, "fate", record->fate);
    json_add_number(object, "count", finding->count);
    find_line(policy, 0, record, line, &narrow);
    json_add_string(object, "to_allow", record->foreign || *line == '\0' ? NULL : line);
    if (policy)
        json_add_string(object, "verdict",
                        decide(policy, 0, record, &verdict) ? action_text(verdict.action, text)
                                                            : NULL);
    for (unsigned i = 1; i <= stages; i++) {
        if (i == 1)
            json_object_object_add(object, "stages", json_object_new_object());
        json_add_string(
            json_object_object_get(object, "stages"), policy->whitelist.stages[i - 1].name,
            decide(policy, i, record, &verdict) ? action_text(verdict.action, text) : NULL);
    }
    return object;
}

static void print_json(const struct policy *policy, const struct report *report)
{
    struct json_object *object = json_object_new_object();
    struct json_object *calls = json_object_new_array();

    for (size_t i = 0; i < report->count; i++)
        json_object_array_add(calls, json_finding(policy, report->findings[i]));
    json_object_object_add(object, "calls", calls);
    json_add_number(object, "passed_over", report->passed_over);
    json_print(object);
}

int explain_audit(const struct policy *policy, bool json)
{
    struct report report = {0};
    int error = read_log(&report, stdin);

    if (error) {
        tool_error("cannot read standard input: %s", strerror(-error));
    } else if (json) {
        print_json(policy, &report);
    } else {
        for (size_t i = 0; i < report.count; i++)
            print_finding(policy, report.findings[i]);
        if (report.count == 0)
            puts("the log tells of no system call that a filter refused");
        if (report.passed_over > 0)
            printf("%lu other line%s passed over\n", report.passed_over,
                   report.passed_over == 1 ? "" : "s");
    }
    release(&report);
    return error ? STATUS_OS : STATUS_OK;
}
