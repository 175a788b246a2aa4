/* portcullis verify: is a running process filtered, and by this whitelist? */
#include <errno.h>
#include <getopt.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "examine.h"
#include "halt.h"
#include "json.h"
#include "look.h"
#include "tool.h"

enum {
    POLL_MILLISECONDS = 20,
    REST_MILLISECONDS = HALT_MILLISECONDS, /* for a process that was stopped in vain */
    PATIENCE_SECONDS = 2,                  /* with such a one, whatever --wait says */
};

struct options {
    double wait;
    bool json;
    bool accept;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool is_accepted(const struct finding *finding, const struct options *options)
{
    return options->accept && finding->answer == ANSWER_UNPROVEN && finding->acceptable;
}

/* Keeps in BEST the last finding of those that explain most. */
static void keep(struct finding *best, const struct finding *latest)
{
    size_t used = strlen(best->text);

    if (latest->weight >= best->weight) {
        *best = *latest;
    } else if (latest->weight == WEIGHT_GONE && best->weight == WEIGHT_SETTLED) {
        snprintf(best->text + used, sizeof(best->text) - used, "; it has ended since");
        best->answer = ANSWER_NO;
        best->acceptable = false;
    }
}

/* Examines again until the answer is yes, can't become yes, or the time is over. */
static void wait_for(const struct question *question, const struct options *options,
                     struct finding *best)
{
    double start = now();

    *best = (struct finding){0};
    for (;;) {
        struct finding latest;
        examine(question, &latest);
        keep(best, &latest);
        bool unsettled = latest.weight == WEIGHT_UNSETTLED;
        double seconds = options->wait;
        if (unsettled && seconds < PATIENCE_SECONDS)
            seconds = PATIENCE_SECONDS;
        if (latest.answer == ANSWER_YES || latest.final || is_accepted(&latest, options) ||
            now() - start >= seconds)
            return;
        usleep(1000 * (unsettled ? REST_MILLISECONDS : POLL_MILLISECONDS));
    }
}

static struct json_object *json_stages(const struct question *question,
                                       const struct finding *finding)
{
    const struct whitelist *whitelist = &question->policy->whitelist;
    struct json_object *array = json_object_new_array();

    for (unsigned i = 0; i < whitelist->stage_count; i++) {
        struct json_object *stage = json_object_new_object();
        bool begun = (finding->stages & (UINT32_C(2) << i)) != 0;
        json_add_string(stage, "name", whitelist->stages[i].name);
        json_object_object_add(stage, "when", json_functions(&whitelist->stages[i]));
        json_object_object_add(stage, "begun", json_object_new_boolean(begun));
        json_object_array_add(array, stage);
    }
    return array;
}

static void tell(const struct question *question, const struct finding *finding,
                 const struct options *options)
{
    static const char *const WORDS[] = {"yes", "no", "cannot prove"};
    bool accepted = is_accepted(finding, options);

    if (!options->json) {
        printf("%s: %s%s\n", WORDS[finding->answer], finding->text,
               accepted ? "; accepted unproven" : "");
        return;
    }
    struct json_object *object = json_object_new_object();
    json_add_string(object, "verdict", WORDS[finding->answer]);
    json_add_number(object, "pid", (uint64_t)question->pid);
    json_add_number(object, "threads", finding->threads);
    json_add_string(object, "reason", finding->text);
    if (options->accept)
        json_object_object_add(object, "accepted", json_object_new_boolean(accepted));
    if (finding->answer == ANSWER_YES && question->policy->whitelist.stage_count > 0)
        json_object_object_add(object, "stages", json_stages(question, finding));
    json_print(object);
}

static int help(void)
{
    puts("usage: portcullis verify [--wait SECONDS] [--accept-unproven] [--json] PID [FILE]\n\n"
         "Says in one line whether every thread of process PID is filtered by the whitelist FILE:\n"
         "'yes' (status 0), 'no' (status 1) or 'cannot prove' (status 3) with the reason. FILE is\n"
         "by default the one that PORTCULLIS_WHITELIST names, as in a systemd unit's\n"
         "ExecStartPost=. A text and what it was compiled to are as good as each other. For a\n"
         "'yes' all threads are stopped by ptrace for some milliseconds, without a signal.\n\n"
         "Where FILE has stages, a 'yes' says which of them have begun. Each has, or has not, "
         "begun\n"
         "in all threads of a process: else the answer is 'no'.\n\n"
         "  --wait SECONDS     ask again until the answer is yes, so long at the most; less long\n"
         "                     where the program that FILE names by 'program' runs without a shim\n"
         "  --accept-unproven  status 0 as well where filters can't be read, if every thread has\n"
         "                     more filters than verify itself: whose they are is not proved\n"
         "  --json             print an object\n\n"
         "Reading a filter takes CAP_SYS_ADMIN, and verify itself must not be filtered: in some\n"
         "containers, and under SystemCallArchitectures= in system.conf, it can't be done.");
    return STATUS_OK;
}

/* What FILE was compiled from may have changed: the answer is about FILE. */
static void warn_of_sources(const char *file, const struct artifact *artifact)
{
    for (uint32_t i = 0; i < artifact->compiled.header->source_count; i++) {
        const char *complaint = artifact_complaint(artifact, i);
        if (complaint)
            fprintf(stderr, "%s: warning: its source '%s' %s\n", file,
                    artifact_text(artifact, artifact->compiled.sources[i].path), complaint);
    }
}

/* Reads the whitelist of QUESTION. */
static int open_whitelist(struct question *question, struct policy *policy)
{
    int status = policy_open(question->file, policy);
    int error = 0;

    if (status != STATUS_OK)
        return status;
    likeness_want(policy, &question->wanted);
    question->other =
        (struct wanted){.count = question->wanted.count, .flags = question->wanted.flags};
    if (policy->artifact.bytes) {
        warn_of_sources(question->file, &policy->artifact);
        question->other.count = 0;
        return STATUS_OK;
    }
    for (unsigned i = 0; !error && i < question->other.count; i++)
        error = filter_build_once(policy_rules(policy, i), (struct place){question->file, 0},
                                  &policy->diagnostics, &question->other.programs[i]);
    if (error)
        question->other.count = 0;
    if (!error || error == -EINVAL) /* it would be too long: no process can have it */
        return STATUS_OK;
    tool_error("%s: %s", question->file, strerror(-error));
    return STATUS_OS;
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;

    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && *seconds >= 0 && *seconds <= 86400;
}

static bool parse_pid(const char *text, pid_t *pid)
{
    char *end;
    long value = strtol(text, &end, 10);

    *pid = (pid_t)value;
    return end != text && *end == '\0' && value > 0 && value <= INT32_MAX;
}

/* Reads OPTIONS and QUESTION. Returns STATUS_OK; another status after saying why; or -1: help was
 * wanted. */
static int parse(int count, char **arguments, struct options *options, struct question *question)
{
    static const struct option OPTIONS[] = {{"wait", required_argument, NULL, 'w'},
                                            {"accept-unproven", no_argument, NULL, 'a'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};

    opterr = 0;
    for (int option; (option = getopt_long(count, arguments, "+:hw:j", OPTIONS, NULL)) != -1;) {
        if (option == 'h')
            return -1;
        if (option == 'j')
            options->json = true;
        else if (option == 'a')
            options->accept = true;
        else if (option != 'w')
            return tool_option("verify", option, arguments);
        else if (!parse_seconds(optarg, &options->wait))
            return tool_usage("verify", "'%s' is not a number of seconds", optarg);
    }
    if (optind == count || optind + 2 < count)
        return tool_usage("verify", "a PID and at most one whitelist are wanted");
    if (!parse_pid(arguments[optind], &question->pid))
        return tool_usage("verify", "'%s' is not a process's id", arguments[optind]);
    question->file = optind + 1 < count ? arguments[optind + 1] : getenv("PORTCULLIS_WHITELIST");
    if (question->file && *question->file == '\0')
        question->file = NULL;
    return STATUS_OK;
}

static int exit_status(const struct finding *finding, const struct options *options)
{
    if (finding->answer == ANSWER_YES || is_accepted(finding, options))
        return STATUS_OK;
    return finding->answer == ANSWER_NO ? STATUS_NO : STATUS_UNPROVEN;
}

static int is_shim(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    (void)context;
    return strstr(object->dlpi_name, "libportcullis.so") != NULL;
}

/* A command that is linked dynamically takes preloads as any other program. */
static void warn_of_preload(const struct question *question)
{
    if (question->own > 0 && dl_iterate_phdr(is_shim, NULL) != 0)
        fputs("portcullis: warning: PORTCULLIS_WHITELIST filters verify itself, which can read no "
              "filters then; 'program' in the whitelist says which program it is for\n",
              stderr);
}

int verb_verify(int count, char **arguments)
{
    struct options options = {0};
    struct question question = {0};
    struct policy policy = {.whitelist.settings.no_new_privileges = true};
    struct thread_status self;
    struct finding finding;

    int status = parse(count, arguments, &options, &question);
    if (status != STATUS_OK)
        return status < 0 ? help() : status;
    if (question.file)
        status = open_whitelist(&question, &policy);
    if (status == STATUS_OK) {
        question.policy = &policy;
        question.own = look_thread(getpid(), &self) == 0 ? self.filters : 0;
        warn_of_preload(&question);
        wait_for(&question, &options, &finding);
        tell(&question, &finding, &options);
        status = exit_status(&finding, &options);
    }
    for (size_t i = 0; i < sizeof(question.other.programs) / sizeof(question.other.programs[0]);
         i++)
        filter_release(&question.other.programs[i]);
    policy_release(&policy);
    return status;
}
