/* portcullis verify: is a running process filtered, and by this whitelist? */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "json.h"
#include "policy.h"
#include "sealed.h"
#include "threads.h"
#include "tool.h"

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_CANNOT_PROVE };

enum { POLL_MILLISECONDS = 20 };

struct question {
    pid_t pid;
    const char *file;
    const struct policy *policy;
    struct wanted wanted;
    struct wanted other; /* owned: the programs that a compiled form of the same text would have */
};

struct finding {
    enum answer answer;
    bool final; /* waiting won't change it */
    size_t threads;
    bool over;       /* no stage can begin any more */
    uint32_t stages; /* that have begun: bit N for the number N */
    bool changing;   /* a stage may have begun while the threads were looked at */
    char text[1024];
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
static int compare(const struct question *question, pid_t id, struct likeness *likeness,
                   const struct wanted **wanted)
{
    struct likeness other = {0};
    int error = threads_compare(id, &question->wanted, likeness);

    *wanted = &question->wanted;
    if (!error && (likeness->loaded & 1) == 0 && question->other.count > 0) {
        error = threads_compare(id, &question->other, &other);
        *wanted = &question->other;
        likeness->loaded = other.loaded & 1 ? other.loaded : 0;
        likeness->address = other.address;
    }
    return error;
}

/* Whether the stages that are to come are the whitelist's. */
static bool is_sealed(const struct question *question, pid_t id, const struct likeness *likeness,
                      const struct wanted *wanted, struct finding *finding)
{
    const struct whitelist *whitelist = &question->policy->whitelist;
    size_t index;

    if (wanted->count == 1)
        return true;
    int result = sealed_compare(id, likeness->address, wanted, &index);
    if (result < 0)
        find(finding, ANSWER_CANNOT_PROVE, "the stages of process %d cannot be read: %s",
             (int)question->pid, strerror(-result));
    else if (result == SEALED_WRITABLE)
        find(finding, ANSWER_NO, "process %d can change the filters of its stages",
             (int)question->pid);
    else if (result == SEALED_OTHER)
        find(finding, ANSWER_NO, "the stage '%s' of process %d is not that of %s",
             index > 0 ? whitelist->stages[index - 1].name : "", (int)question->pid,
             question->file);
    finding->over = result == SEALED_GONE;
    return result == SEALED_SAME || result == SEALED_GONE;
}

/* What one thread has and another has not: all were loaded over all threads. */
static bool are_alike(const struct question *question, const struct threads *threads,
                      const uint32_t *loaded, struct finding *finding)
{
    const struct whitelist *whitelist = &question->policy->whitelist;

    for (size_t i = 0; i < threads->count; i++)
        finding->stages |= loaded[i];
    for (size_t i = 0; i < threads->count; i++) {
        uint32_t missing = loaded[i] != 0 ? finding->stages & ~loaded[i] : 0;
        if (missing == 0)
            continue;
        find(finding, ANSWER_NO, "thread %d of %s has not begun the stage '%s', and others have",
             (int)threads->items[i].id, threads->name,
             whitelist->stages[__builtin_ctz(missing) - 1].name);
        finding->changing = true;
        return false;
    }
    return true;
}

/* Whether every thread has the whitelist's own programs. LOADED: which, for each thread. */
static bool all_alike(const struct question *question, const struct threads *threads,
                      uint32_t *loaded, struct finding *finding)
{
    const struct wanted *wanted;
    bool sealed = false;

    for (size_t i = 0; i < threads->count; i++) {
        struct likeness likeness;
        pid_t id = threads->items[i].id;
        if (threads->items[i].ended)
            continue;
        int error = compare(question, id, &likeness, &wanted);
        if (error == -ESRCH && id != question->pid)
            continue; /* it ended meanwhile */
        if (error) {
            find_unreadable(finding, threads, error);
            return false;
        }
        loaded[i] = likeness.loaded;
        if ((likeness.loaded & 1) && !sealed &&
            !is_sealed(question, id, &likeness, wanted, finding))
            return false;
        sealed = true;
        if (likeness.loaded & 1)
            continue;
        find(finding, ANSWER_NO,
             "thread %d of %s is filtered, but not by %s: of its %zu filter%s the nearest differs "
             "from instruction %zu of %zu on",
             (int)id, threads->name, question->file, likeness.programs,
             likeness.programs == 1 ? "" : "s", likeness.longest_equal + 1,
             policy_instructions(question->policy, 0));
        return false;
    }
    return are_alike(question, threads, loaded, finding);
}

/* "; the stage 'serving' has begun" */
static void add_stages(const struct question *question, struct finding *finding)
{
    const struct whitelist *whitelist = &question->policy->whitelist;
    size_t used = strlen(finding->text);
    char functions[CALL_TEXT_MAX];

    for (unsigned i = 0; i < whitelist->stage_count && used < sizeof(finding->text); i++) {
        bool begun = (finding->stages & (UINT32_C(2) << i)) != 0;
        used += (size_t)snprintf(
            finding->text + used, sizeof(finding->text) - used,
            begun           ? "; the stage '%s' has begun"
            : finding->over ? "; the stage '%s' does not begin in what it executed"
                            : "; the stage '%s' (%s) has not begun yet",
            whitelist->stages[i].name, stage_functions(&whitelist->stages[i], " or ", functions));
    }
}

static void examine_filters(const struct question *question, const struct threads *threads,
                            struct finding *finding)
{
    uint32_t *loaded = calloc(threads->count + 1, sizeof(*loaded));

    if (!loaded)
        find(finding, ANSWER_CANNOT_PROVE, "there is no memory");
    else if (all_alike(question, threads, loaded, finding)) {
        find(finding, ANSWER_YES, "%s, %zu thread%s, is filtered by %s", threads->name,
             threads->count, threads->count == 1 ? "" : "s", question->file);
        add_stages(question, finding);
    }
    free(loaded);
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
    else
        examine_filters(question, &threads, finding);
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
    enum { TRIES = 3 };
    double end = now() + seconds;

    for (;;) {
        examine(question, finding);
        for (unsigned i = 0; finding->changing && i < TRIES; i++)
            examine(question, finding);
        if (finding->answer == ANSWER_YES || finding->final || now() >= end)
            return;
        usleep(POLL_MILLISECONDS * 1000);
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

static void tell(const struct question *question, const struct finding *finding, bool json)
{
    static const char *const WORDS[] = {"yes", "no", "cannot prove"};

    if (!json) {
        printf("%s: %s\n", WORDS[finding->answer], finding->text);
        return;
    }
    struct json_object *object = json_object_new_object();
    json_add_string(object, "verdict", WORDS[finding->answer]);
    json_add_number(object, "pid", (uint64_t)question->pid);
    json_add_number(object, "threads", finding->threads);
    json_add_string(object, "reason", finding->text);
    if (finding->answer == ANSWER_YES && question->policy->whitelist.stage_count > 0)
        json_object_object_add(object, "stages", json_stages(question, finding));
    json_print(object);
}

static int help(void)
{
    puts("usage: portcullis verify [--wait SECONDS] [--json] PID [FILE]\n\n"
         "Says in one line whether every thread of process PID is filtered by the whitelist FILE:\n"
         "'yes' (status 0), 'no' or 'cannot prove' (status 1) with the reason. FILE is by default\n"
         "the one that PORTCULLIS_WHITELIST names, as in a systemd unit's ExecStartPost=. A text\n"
         "and what it was compiled to are as good as each other.\n\n"
         "Where FILE has stages, a 'yes' tells which of them have begun. Each has, or has not, "
         "begun\n"
         "in all threads of a process: else the answer is 'no'.\n\n"
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
    int error = 0;

    if (status != STATUS_OK)
        return status;
    threads_want(policy, &question->wanted);
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
    for (int option; (option = getopt_long(count, arguments, "+:hw:j", OPTIONS, NULL)) != -1;) {
        if (option == 'h')
            return help();
        if (option == 'j')
            json = true;
        else if (option != 'w')
            return tool_option("verify", option, arguments);
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
    for (size_t i = 0; i < sizeof(question.other.programs) / sizeof(question.other.programs[0]);
         i++)
        filter_release(&question.other.programs[i]);
    policy_release(&policy);
    return status;
}
