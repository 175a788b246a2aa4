#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "json.h"
#include "lint.h"
#include "printable.h"
#include "region.h"
#include "tool.h"

static const char HELP[] =
    "usage: portcullis check [--strict] [--json] [--no-warn NAME]... FILE...\n"
    "\n"
    "Finds the mistakes in whitelists, and warns of what is valid but probably not meant.\n"
    "Then says how many system calls each FILE allows, constrains (it depends on the arguments\n"
    "whether they are allowed), and refuses, and what is left of that in each of its stages. Of\n"
    "a compiled FILE: whether its sources are still what it was compiled from.\n"
    "\n"
    "  --strict        a warning makes the status 1\n"
    "  --json          print JSON instead\n"
    "  --no-warn NAME  leave out the warnings of this name, which stands behind each of them\n"
    "\n"
    "One warning is silenced by a comment on its line (for a file as a whole, on the first):\n"
    "\n"
    "    mprotect = prot in 0..7      ; no-warn: executable-memory\n"
    "\n"
    "The warnings:\n";

/* What is asked for on the command line. */
struct check {
    bool strict;
    bool json;
    bool colour;
    bool muted[LINT_COUNT];
    struct json_object *files; /* for --json */
};

/* How many system calls there are of each kind. */
struct summary {
    unsigned allowed;
    unsigned constrained;
    unsigned refused;
    size_t instructions;
};

enum { SEEN_ALLOWED = 1, SEEN_REFUSED = 2 };

static bool see(void *context, const struct region *region, const struct verdict *verdict,
                const struct verdict *stage)
{
    unsigned *seen = context;
    bool allowed = action_allows(verdict->action) && action_allows(stage->action);

    (void)region;
    *seen |= allowed ? SEEN_ALLOWED : SEEN_REFUSED;
    return *seen != (SEEN_ALLOWED | SEEN_REFUSED);
}

/* RULES and STAGE, which may be the same, both hold. */
static void count_call(const struct rules *rules, const struct rules *stage, int number,
                       struct summary *summary)
{
    struct opinion opinion, other = {0};
    unsigned seen = 0;

    bool known =
        opinion_form(rules, number, &opinion) == 0 && opinion_form(stage, number, &other) == 0;
    if (known) {
        opinion_simplify(&opinion);
        opinion_simplify(&other);
    }
    /* where it can't be told, it is for lack of time: it is a long condition */
    if (!known || !region_visit(&opinion, &other, see, &seen))
        seen = SEEN_ALLOWED | SEEN_REFUSED;
    opinion_release(&opinion);
    opinion_release(&other);
    summary->allowed += seen == SEEN_ALLOWED;
    summary->refused += seen == SEEN_REFUSED;
    summary->constrained += seen == (SEEN_ALLOWED | SEEN_REFUSED);
}

/* What is left from the beginning of STAGE on. */
static struct summary summarize(const struct policy *policy, unsigned stage)
{
    const struct rules *rules = &policy->rules, *narrow = policy_rules(policy, stage);
    struct summary summary = {.instructions = policy_instructions(policy, stage)};
    bool known[CALL_NAMED];

    call_list_known(known);
    for (int number = 0; number < CALL_NUMBERS && !policy->artifact.bytes; number++) {
        bool named = number < CALL_NAMED && known[number];
        if (named || rules_find(rules, number) || rules_find(narrow, number))
            count_call(rules, narrow, number, &summary);
    }
    return summary;
}

static const char *colour_of(enum severity severity)
{
    if (severity == SEVERITY_ERROR)
        return "\033[1;31m";
    return severity == SEVERITY_WARNING ? "\033[1;35m" : "\033[1;36m";
}

static void print_coloured(void *context, const struct diagnostic *item)
{
    char where[DIAGNOSTIC_WHERE_MAX];

    (void)context;
    fprintf(stderr, "%s: ", diagnostic_where(item, where));
    printable_colour(stderr, colour_of(item->severity));
    fputs(severity_name(item->severity), stderr);
    printable_colour(stderr, "\033[0m");
    fprintf(stderr, ": %s%s%s%s\n", item->text, item->id ? " [" : "", item->id ? item->id : "",
            item->id ? "]" : "");
}

static void tell_text(const struct check *check, const struct diagnostics *diagnostics)
{
    char rest[DIAGNOSTIC_REST_MAX];

    if (!check->colour) {
        tool_tell(diagnostics);
        return;
    }
    diagnostics_visit(diagnostics, print_coloured, NULL);
    if (diagnostics_rest(diagnostics, rest) > 0)
        fputs(rest, stderr);
}

static void append_message(void *context, const struct diagnostic *item)
{
    struct json_object *object = json_object_new_object();

    json_add_string(object, "file", item->place.file);
    json_add_number(object, "line", item->place.line);
    json_add_string(object, "severity", severity_name(item->severity));
    json_add_string(object, "message", item->text);
    if (item->id)
        json_add_string(object, "name", item->id);
    json_object_array_add(context, object);
}

static struct json_object *json_messages(const struct diagnostics *diagnostics)
{
    struct json_object *messages = json_object_new_array();
    char rest[DIAGNOSTIC_REST_MAX];
    size_t length = diagnostics_rest(diagnostics, rest);

    diagnostics_visit(diagnostics, append_message, messages);
    if (length > 0) {
        struct json_object *object = json_object_new_object();
        rest[length - 1] = '\0';
        json_add_string(object, "severity", severity_name(SEVERITY_NOTE));
        json_add_string(object, "message", rest);
        json_object_array_add(messages, object);
    }
    return messages;
}

static void add_summary(struct json_object *object, const struct policy *policy, unsigned stage)
{
    struct summary summary = summarize(policy, stage);

    if (!policy->artifact.bytes) {
        json_add_number(object, "allowed", summary.allowed);
        json_add_number(object, "constrained", summary.constrained);
        json_add_number(object, "refused", summary.refused);
    }
    json_add_number(object, "instructions", summary.instructions);
}

static void add_stages(struct json_object *object, const struct policy *policy)
{
    const struct whitelist *whitelist = &policy->whitelist;
    struct json_object *array = json_object_new_array();

    for (unsigned i = 0; i < whitelist->stage_count; i++) {
        struct json_object *stage = json_object_new_object();
        json_add_string(stage, "name", whitelist->stages[i].name);
        json_object_object_add(stage, "when", json_functions(&whitelist->stages[i]));
        add_summary(stage, policy, i + 1);
        json_object_array_add(array, stage);
    }
    json_object_object_add(object, "stages", array);
}

static void report_json(const struct check *check, const struct policy *policy, const char *file,
                        bool valid)
{
    struct json_object *object = json_object_new_object();

    json_add_string(object, "file", file);
    json_add_number(object, "errors", policy->diagnostics.errors);
    json_add_number(object, "warnings", policy->diagnostics.warnings);
    json_object_object_add(object, "messages", json_messages(&policy->diagnostics));
    if (valid && policy->artifact.bytes)
        json_object_object_add(object, "compiled", json_object_new_boolean(true));
    if (valid)
        add_summary(object, policy, 0);
    if (valid && policy->whitelist.stage_count > 0)
        add_stages(object, policy);
    json_object_array_add(check->files, object);
}

static void print_summary(const struct policy *policy, unsigned stage)
{
    struct summary summary = summarize(policy, stage);

    if (policy->artifact.bytes)
        printf("compiled; %zu BPF instructions\n", summary.instructions);
    else
        printf("%u system calls allowed, %u constrained, %u refused; %zu BPF instructions\n",
               summary.allowed, summary.constrained, summary.refused, summary.instructions);
}

static void report_text(struct check *check, const struct policy *policy, const char *file,
                        bool valid)
{
    const struct whitelist *whitelist = &policy->whitelist;
    char functions[CALL_TEXT_MAX];

    tell_text(check, &policy->diagnostics);
    if (!valid)
        return;
    printf("%s: ", file);
    print_summary(policy, 0);
    for (unsigned i = 0; i < whitelist->stage_count; i++) {
        printf("%s: from the stage '%s' (%s) on: ", file, whitelist->stages[i].name,
               stage_functions(&whitelist->stages[i], " or ", functions));
        print_summary(policy, i + 1);
    }
}

static int check_file(struct check *check, const char *file)
{
    struct policy policy;
    int status = policy_read(file, &policy);
    bool valid = status == STATUS_OK;

    if (valid) {
        struct lint lint = {.policy = &policy, .diagnostics = &policy.diagnostics};
        memcpy(lint.muted, check->muted, sizeof(lint.muted));
        lint_policy(&lint);
    }
    if (valid && check->strict && policy.diagnostics.warnings > 0)
        status = STATUS_NO;
    if (check->json)
        report_json(check, &policy, file, valid);
    else
        report_text(check, &policy, file, valid);
    policy_release(&policy);
    return status;
}

static int help(void)
{
    puts(HELP);
    for (enum linter linter = 0; linter < LINT_COUNT; linter++)
        printf("  %-18s %s\n", linter_name(linter), linter_purpose(linter));
    puts("\nStatus: 0; 1 for warnings with --strict; 78 for mistakes.");
    return STATUS_OK;
}

static int check_files(struct check *check, char **files)
{
    int status = STATUS_OK;

    check->colour = tool_colours(STDERR_FILENO);
    check->files = check->json ? json_object_new_array() : NULL;
    for (; *files; files++) {
        int one = check_file(check, *files);
        status = one > status ? one : status;
    }
    if (check->json) {
        struct json_object *object = json_object_new_object();
        json_object_object_add(object, "files", check->files);
        json_print(object);
    }
    return status;
}

int verb_check(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"strict", no_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"no-warn", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct check check = {0};
    enum linter linter;

    opterr = 0;
    for (int option; (option = getopt_long(count, arguments, "+:h", OPTIONS, NULL)) != -1;) {
        if (option == 'h')
            return help();
        if (option == ':')
            return tool_usage("check", "'%s' takes the name of a warning", arguments[optind - 1]);
        if (option == '?')
            return tool_option("check", option, arguments);
        if (option == 'n' && !linter_find(optarg, &linter))
            return tool_usage("check", "there is no warning called '%s'", optarg);
        if (option == 'n')
            check.muted[linter] = true;
        check.strict |= option == 's';
        check.json |= option == 'j';
    }
    if (optind == count)
        return tool_usage("check", "a whitelist is missing");
    return check_files(&check, arguments + optind);
}
