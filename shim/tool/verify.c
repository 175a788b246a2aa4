/* portcullis verify: is a running process filtered, and by this whitelist? */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy.h"
#include "threads.h"
#include "tool.h"

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_CANNOT_PROVE };

enum { POLL_MILLISECONDS = 20 };

struct question {
    pid_t pid;
    const char *file;
    const struct policy *policy;
    struct filter other; /* owned: the program that a compiled form of the same text would have */
};

struct finding {
    enum answer answer;
    bool final; /* waiting won't change it */
    size_t threads;
    char text[512];
};

__attribute__((format(printf, 3, 4))) static void find(struct finding *finding, enum answer answer,
                                                       const char *format, ...)
{
    va_list arguments;

    finding->answer = answer;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
}

/* Whether every thread has some filter; says which has not. */
static bool all_filtered(const struct question *question, const struct threads *threads,
                         struct finding *finding)
{
    bool demands = question->policy->whitelist.settings.no_new_privileges;

    for (size_t i = 0; i < threads->count; i++) {
        const struct thread *thread = &threads->items[i];
        if (thread->ended && threads->count == 1) {
            find(finding, ANSWER_NO, "%s has ended", threads->name);
            finding->final = true;
            return false;
        }
        if (thread->ended || (thread->filtered && (thread->no_new_privileges || !demands)))
            continue;
        find(finding, ANSWER_NO, "thread %d of %s has no %s", (int)thread->id, threads->name,
             thread->filtered ? "no_new_privs" : "filter");
        return false;
    }
    return true;
}

static void find_unreadable(struct finding *finding, const struct threads *threads, int error)
{
    if (error == -EPERM)
        find(finding, ANSWER_CANNOT_PROVE,
             "%s has a filter, but this user may not trace it to read it; run verify as root",
             threads->name);
    else if (error == -EACCES)
        find(finding, ANSWER_CANNOT_PROVE,
             "%s has a filter, but reading it takes CAP_SYS_ADMIN and an unfiltered verify; run it "
             "as root, outside",
             threads->name);
    else
        find(finding, ANSWER_CANNOT_PROVE, "%s has a filter that can't be read: %s", threads->name,
             strerror(-error));
}

/* Compares with what the shim makes of FILE; of a text, also with what `compile` does. */
static int compare(const struct question *question, pid_t id, struct likeness *likeness)
{
    struct likeness other = {0};
    int error = threads_compare(id, &question->policy->filter, likeness);

    if (!error && !likeness->equal && question->other.count > 0)
        error = threads_compare(id, &question->other, &other);
    likeness->equal |= other.equal;
    return error;
}

/* Whether every thread has the whitelist's own program. */
static bool all_alike(const struct question *question, const struct threads *threads,
                      struct finding *finding)
{
    const struct filter *filter = &question->policy->filter;

    for (size_t i = 0; i < threads->count; i++) {
        struct likeness likeness;
        pid_t id = threads->items[i].id;
        if (threads->items[i].ended)
            continue;
        int error = compare(question, id, &likeness);
        if (error == -ESRCH && id != question->pid)
            continue; /* it ended meanwhile */
        if (error) {
            find_unreadable(finding, threads, error);
            return false;
        }
        if (likeness.equal)
            continue;
        find(finding, ANSWER_NO,
             "thread %d of %s is filtered, but not by %s: of its %zu filter%s the nearest differs "
             "from instruction %zu of %zu on",
             (int)id, threads->name, question->file, likeness.programs,
             likeness.programs == 1 ? "" : "s", likeness.longest_equal + 1, filter->count);
        return false;
    }
    return true;
}

static void examine(const struct question *question, struct finding *finding)
{
    struct threads threads;

    *finding = (struct finding){0};
    int error = threads_read(question->pid, &threads);
    if (error == -ESRCH) {
        find(finding, ANSWER_NO, "there is no process %d", (int)question->pid);
        finding->final = true;
    } else if (error) {
        find(finding, ANSWER_CANNOT_PROVE, "process %d can't be looked at: %s", (int)question->pid,
             strerror(-error));
        return;
    }
    if (error || !all_filtered(question, &threads, finding)) {
        threads_release(&threads);
        return;
    }
    finding->threads = threads.count;
    if (!question->file)
        find(finding, ANSWER_CANNOT_PROVE,
             "%s has a filter, but whose? Name the whitelist: verify PID FILE", threads.name);
    else if (all_alike(question, &threads, finding))
        find(finding, ANSWER_YES, "%s, %zu thread%s, is filtered by %s", threads.name,
             threads.count, threads.count == 1 ? "" : "s", question->file);
    threads_release(&threads);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Examines again until the answer is yes, can't become yes, or SECONDS are over. */
static void wait_for(const struct question *question, double seconds, struct finding *finding)
{
    double end = now() + seconds;

    for (;;) {
        examine(question, finding);
        if (finding->answer == ANSWER_YES || finding->final || now() >= end)
            return;
        usleep(POLL_MILLISECONDS * 1000);
    }
}

static void tell(const struct question *question, const struct finding *finding, bool json)
{
    static const char *const WORDS[] = {"yes", "no", "cannot prove"};

    if (!json) {
        printf("%s: %s\n", WORDS[finding->answer], finding->text);
        return;
    }
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "verdict", json_object_new_string(WORDS[finding->answer]));
    json_object_object_add(object, "pid", json_object_new_int(question->pid));
    json_object_object_add(object, "threads", json_object_new_int64((int64_t)finding->threads));
    json_object_object_add(object, "reason", json_object_new_string(finding->text));
    puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_SPACED));
    json_object_put(object);
}

static int help(void)
{
    puts("usage: portcullis verify [--wait SECONDS] [--json] PID [FILE]\n\n"
         "Says in one line whether every thread of process PID is filtered by the whitelist FILE:\n"
         "'yes' (status 0), 'no' or 'cannot prove' (status 1) with the reason. FILE is by default\n"
         "the one that PORTCULLIS_WHITELIST names, as in a systemd unit's ExecStartPost=.\n\n"
         "  --wait SECONDS  ask again until the answer is yes, so long at the most\n"
         "  --json          print an object\n\n"
         "Reading a filter takes CAP_SYS_ADMIN, and verify itself must not be filtered.");
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

    if (status != STATUS_OK)
        return status;
    if (policy->artifact.bytes) {
        warn_of_sources(question->file, &policy->artifact);
        return STATUS_OK;
    }
    int error = filter_build_once(&policy->rules, (struct place){question->file, 0},
                                  &policy->diagnostics, &question->other);
    if (error)
        tool_error("%s: %s", question->file, strerror(-error));
    return error ? STATUS_OS : STATUS_OK;
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

int verb_verify(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"wait", required_argument, NULL, 'w'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct question question = {.file = getenv("PORTCULLIS_WHITELIST")};
    struct policy policy = {.whitelist.settings.no_new_privileges = true};
    struct finding finding;
    double seconds = 0;
    bool json = false;

    opterr = 0;
    for (int option; (option = getopt_long(count, arguments, "+hw:j", OPTIONS, NULL)) != -1;) {
        if (option == 'h')
            return help();
        if (option == 'j')
            json = true;
        else if (option != 'w')
            return tool_usage("verify", "wrong option '%s'", arguments[optind - 1]);
        else if (!parse_seconds(optarg, &seconds))
            return tool_usage("verify", "'%s' is not a number of seconds", optarg);
    }
    if (optind == count || optind + 2 < count)
        return tool_usage("verify", "a PID and at most one whitelist are wanted");
    if (!parse_pid(arguments[optind], &question.pid))
        return tool_usage("verify", "'%s' is not a process's id", arguments[optind]);
    if (optind + 1 < count)
        question.file = arguments[optind + 1];
    if (question.file && *question.file == '\0')
        question.file = NULL;
    int status = question.file ? open_whitelist(&question, &policy) : STATUS_OK;
    if (status == STATUS_OK) {
        question.policy = &policy;
        wait_for(&question, seconds, &finding);
        tell(&question, &finding, json);
        status = finding.answer == ANSWER_YES ? STATUS_OK : STATUS_NO;
    }
    filter_release(&question.other);
    policy_release(&policy);
    return status;
}
