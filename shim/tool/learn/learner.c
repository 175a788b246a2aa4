#include "learner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../../../config/triggers.h"
#include "../hold.h"
#include "../inject.h"
#include "../look.h"
#include "../site.h"
#include "../tool.h"
#include "filters.h"
#include "obstacles.h"
#include "outcome.h"

enum {
    SITE_MAX = 1024,
    PROGRAM_MAX = 4096,
    GRACE = 5,     /* seconds between SIGTERM and SIGKILL */
    TICK = 100000, /* microseconds */
    IN_STAGE = 1,  /* a mark: the process has begun it */
    ASIDE = 2,     /* a mark: nothing of the process is recorded */
    BILLION = 1000000000,
};

static const char NAME[] = "learn";

/* A program that was told of. */
struct told_program {
    struct told_program *next; /* owned */
    char path[];
};

struct learner {
    struct learner_settings settings;
    const struct gate *gate;
    struct gate_hooks hooks;
    struct filter filter;   /* owned */
    struct filter fallback; /* owned; for what has passed, or empty: FILTER has that in it */
    struct channel channel;
    struct record *record;       /* owned */
    struct record *stage;        /* owned: from its beginning on; or NULL */
    bool triggers[CALL_NUMBERS]; /* by these it begins */
    struct outcome outcome;
    struct progress progress;
    struct sites sites;
    struct told_program *programs; /* owned */
    struct timespec deadline;
    enum { WAITING, TERMINATED, KILLED } late;
    pid_t process;  /* the caller's */
    uint64_t fresh; /* kinds of calls that were new */
    uint64_t kept;  /* of them, those that the file has */
    unsigned children;
    unsigned filters; /* that a process has which has loaded none */
    struct obstacles obstacles;
    bool passed;
    bool foreign; /* one was told of */
};

/* --- in the program's own process ------------------------------------------------------------ */

/* A listener's filter has to be loaded here. Another one is put in when the loader has done its
 * work, which would only be stopped by it. */
static int prepare(void *context)
{
    const struct learner *learner = context;

    if (!learner->settings.backend->listens)
        return supervise_prepare(learner->gate->settings->no_new_privileges, NAME);
    return supervise_load(&learner->filter, learner->settings.backend->flags(&learner->channel),
                          learner->gate->settings->no_new_privileges, NAME);
}

/* --- in the watcher -------------------------------------------------------------------------- */

static void on_alarm(int signal)
{
    (void)signal;
}

/* Lets the timer interrupt, or not. Nothing is interrupted but waiting. */
static void let_tick(bool tick)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(tick ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

static void begin(void *context, int listener)
{
    struct learner *learner = context;
    const struct learner_settings *settings = &learner->settings;
    const struct itimerval often = {{.tv_usec = TICK}, {.tv_usec = TICK}};
    const struct sigaction action = {.sa_handler = on_alarm};

    if (listener >= 0)
        notifier_listen(&learner->channel.notifier, listener);
    outcome_begin(&learner->outcome);
    if (!settings->quiet)
        progress_begin(&learner->progress);
    clock_gettime(CLOCK_MONOTONIC, &learner->deadline);
    double whole = (double)(time_t)settings->timeout;
    learner->deadline.tv_sec += (time_t)whole;
    learner->deadline.tv_nsec += (long)((settings->timeout - whole) * BILLION);
    if (settings->timeout > 0 || learner->progress.live) {
        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &often, NULL);
        let_tick(true);
    }
}

static void check_time(struct learner *learner)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec < learner->deadline.tv_sec ||
        (now.tv_sec == learner->deadline.tv_sec && now.tv_nsec < learner->deadline.tv_nsec))
        return;
    switch (learner->late) {
    case WAITING:
        progress_clear(&learner->progress);
        tool_note("--timeout %g is over: the program gets SIGTERM", learner->settings.timeout);
        gate_signal(learner->gate, SIGTERM, false);
        gate_signal(learner->gate, SIGCONT, false);
        learner->late = TERMINATED;
        learner->deadline.tv_sec += GRACE;
        break;
    case TERMINATED:
        progress_clear(&learner->progress);
        tool_note("it went on for %d seconds: the program is killed", GRACE);
        learner->late = KILLED;
        gate_signal(learner->gate, SIGKILL, true);
        break;
    case KILLED: /* what was being born meanwhile */
        gate_signal(learner->gate, SIGKILL, true);
        break;
    }
}

static void tick(void *context)
{
    struct learner *learner = context;

    if (learner->settings.timeout > 0)
        check_time(learner);
    progress_update(&learner->progress, learner->record);
}

static int enter(void *context, pid_t process)
{
    const struct learner *learner = context;

    return inject_filter(process, &learner->filter);
}

/* What was executed before, or a constructor, may have loaded filters. */
static void see_filters(struct learner *learner, pid_t process)
{
    struct thread_status status;

    if (look_thread(process, &status) == 0 && status.filters > learner->filters)
        gate_see_all(learner->gate, process);
}

static void passed(void *context, pid_t process)
{
    struct learner *learner = context;

    learner->passed = true;
    see_filters(learner, process);
    if (learner->settings.stage.triggers & (UINT32_C(1) << trigger_find("main")))
        gate_mark(learner->gate, process, IN_STAGE);
    /* where it can't be put in, the watcher refuses these calls one by one */
    if (learner->fallback.count > 0)
        (void)!inject_filter(process, &learner->fallback);
}

static void record(struct learner *learner, struct record *into, const struct event *event,
                   bool stopped)
{
    const struct seccomp_data *call = &event->call;
    bool fresh = false;
    char site[SITE_MAX];

    int error = record_call(into, call->nr, (const uint64_t *)call->args, &fresh);
    if (!error && fresh && learner->settings.annotate) {
        site_look_at_thread(&learner->sites, event->process, event->thread, stopped,
                            call->instruction_pointer);
        error = record_site(into, site_text(&learner->sites, site, sizeof(site)));
    }
    if (error) {
        tool_error("out of memory: the program was killed");
        _exit(STATUS_CANNOT);
    }
    learner->fresh += fresh;
    progress_update(&learner->progress, learner->record);
}

/* The same for the stage, which begins with the first call that its functions make, this one
 * included. Other calls of the same kind begin it as well: rather too early, so that it allows too
 * much. */
static void record_stage(struct learner *learner, const struct event *event, bool stopped)
{
    const struct learner_settings *settings = &learner->settings;
    const struct seccomp_data *call = &event->call;

    if (call->nr >= 0 && call->nr < CALL_NUMBERS && learner->triggers[call->nr])
        gate_mark(learner->gate, event->thread, IN_STAGE);
    if ((gate_marks(learner->gate, event->thread) & IN_STAGE) == 0)
        return;
    const uint64_t *arguments = (const uint64_t *)call->args;
    const struct rules *rules =
        settings->stage.number > 0 ? policy_rules(settings->policy, settings->stage.number) : NULL;
    if (rules && rules_decide(rules, call->arch, call->nr, arguments).reason == REASON_ALLOWED)
        return;
    record(learner, learner->stage, event, stopped);
}

/* What a call of another architecture gets: lines of [deny] can't be held against it, so where
 * there are some, it must not be a way around them. */
static struct action meet_foreign(struct learner *learner, const struct event *event)
{
    bool denies = whitelist_denies(&learner->settings.policy->whitelist);
    char path[PROGRAM_MAX];

    if (!learner->foreign) {
        progress_clear(&learner->progress);
        tool_note("warning: '%s' (pid %d) makes calls of another architecture, which no whitelist "
                  "can list: it %s",
                  look_program(event->process, path, sizeof(path)), event->process,
                  denies ? "is killed, as [deny] could not hold" : "will be killed for them");
    }
    learner->foreign = true;
    return (struct action){.kind = denies ? ACTION_KILL : ACTION_ALLOW};
}

/* Whether the call gets while learning what it would get in force. */
static bool is_answered(enum reason reason)
{
    return reason == REASON_DENIED || reason == REASON_FALLBACK || reason == REASON_NEWER;
}

/* What the call is to get, after recording it where that is due. */
static struct action decide(struct learner *learner, const struct event *event, bool stopped)
{
    const struct action allow = {.kind = ACTION_ALLOW};
    const struct seccomp_data *call = &event->call;
    struct verdict verdict = rules_decide(&learner->settings.policy->rules, call->arch, call->nr,
                                          (const uint64_t *)call->args);

    if (is_answered(verdict.reason))
        return verdict.action;
    if (verdict.reason == REASON_FOREIGN)
        return meet_foreign(learner, event);
    if (event->seen || (gate_marks(learner->gate, event->thread) & ASIDE))
        return allow;
    if (verdict.reason != REASON_ALLOWED)
        record(learner, learner->record, event, stopped);
    if (learner->stage)
        record_stage(learner, event, stopped);
    return allow;
}

static int store(struct learner *learner)
{
    let_tick(false);
    progress_clear(&learner->progress);
    learner->kept = learner->fresh;
    int status =
        outcome_store(&learner->outcome, learner->record, learner->stage, learner->fresh > 0);
    if (learner->settings.timeout > 0 || learner->progress.live)
        let_tick(true);
    return status;
}

/* If the list cannot be kept, nobody shall think that it was. */
static void before_exit(struct learner *learner, const struct event *event)
{
    int status = store(learner);

    if (status != STATUS_OK)
        trace_set_argument(event->thread, (unsigned long)status);
}

/* The call of EVENT is going to be made. */
static void follow(struct learner *learner, const struct event *event)
{
    gate_follow(learner->gate, event->thread, &event->call);
    obstacles_tell(&learner->obstacles, learner->gate, learner->settings.backend, event);
}

/* The thread is stopped by SECCOMP_RET_TRACE. That is how calls come that end something or go back
 * to somewhere, whatever the backend: they must not fail. */
static bool call(void *context, pid_t process, pid_t thread, bool held)
{
    struct learner *learner = context;
    struct event event = {.process = process, .thread = thread};
    struct action action = {.kind = ACTION_ALLOW};

    if (!backend_trace.next(&learner->channel, &event)) {
        if (!held)
            kill(process, SIGKILL); /* a call that nobody can look at must not be made */
        return true;
    }
    event.seen = gate_saw(learner->gate, thread);
    if (!held)
        action = decide(learner, &event, true);
    if (action.kind != ACTION_ALLOW) {
        backend_trace.answer(&learner->channel, &event, action);
        return true;
    }
    if (held || event.call.nr != SYS_exit_group) {
        follow(learner, &event);
        return true;
    }
    if (process == learner->process)
        before_exit(learner, &event);
    return false;
}

/* It has a filter of its own, or is to get one: that may answer the call by itself. If it does not,
 * the same call comes again, by the backend, and gets there what it is to get. */
static void enters(void *context, pid_t process, pid_t thread, bool held)
{
    struct learner *learner = context;
    struct event event = {.process = process, .thread = thread};

    if (!trace_entered(&event) || event.call.nr == HOLD_FATAL_CALL)
        return;
    if (!held)
        (void)decide(learner, &event, true);
    follow(learner, &event);
}

/* Somebody waits at the listener. */
static void readable(void *context)
{
    struct learner *learner = context;
    const struct backend *backend = learner->settings.backend;
    struct action action = {.kind = ACTION_ALLOW};
    struct event event;

    if (!backend->next(&learner->channel, &event))
        return;
    event.process = gate_process(learner->gate, event.thread);
    event.seen = gate_saw(learner->gate, event.thread);
    if (!gate_holds(learner->gate, event.thread))
        action = decide(learner, &event, false);
    backend->answer(&learner->channel, &event, action);
}

static int stop(void *context, pid_t thread, int signal)
{
    struct learner *learner = context;

    sigsys_stop(&learner->channel.sigsys, thread, signal);
    return signal;
}

static void born(void *context, pid_t process)
{
    struct learner *learner = context;

    (void)process;
    learner->children++;
}

static void tell_program(struct learner *learner, const char *path)
{
    const struct told_program *told = learner->programs;

    while (told && strcmp(told->path, path) != 0)
        told = told->next;
    size_t size = strlen(path) + 1;
    struct told_program *added = told ? NULL : malloc(sizeof(*added) + size);
    if (!added)
        return;
    added->next = learner->programs;
    memcpy(added->path, path, size);
    learner->programs = added;
    progress_clear(&learner->progress);
    tool_note("a child runs '%s', of which nothing is recorded", path);
}

static void executed(void *context, pid_t process)
{
    struct learner *learner = context;
    char path[PROGRAM_MAX];

    if (!learner->settings.no_children || process == learner->process)
        return;
    tell_program(learner, look_program(process, path, sizeof(path)));
    gate_mark(learner->gate, process, ASIDE);
}

static void ending(void *context, bool alone)
{
    struct learner *learner = context;

    if (!learner->passed)
        return;
    if (!learner->outcome.stored || learner->kept != learner->fresh)
        (void)store(learner);
    if (!alone)
        return;
    progress_clear(&learner->progress);
    outcome_tell(&learner->outcome, learner->record, learner->stage, learner->children);
}

static void end(void *context)
{
    struct learner *learner = context;

    ending(context, true);
    sites_release(&learner->sites);
}

/* --- before both ----------------------------------------------------------------------------- */

/* What --stage needs. Returns false if there is no memory. */
static bool prepare_stage(struct learner *learner, const struct learner_settings *settings)
{
    const struct learner_stage *stage = &settings->stage;

    if (!stage->name)
        return true;
    for (size_t i = 0; i < trigger_count(); i++) {
        const char *calls = stage->triggers & (UINT32_C(1) << i) ? trigger_calls(i) : "";
        char name[CALL_NAME_MAX];
        while ((calls = call_next(calls, name))) {
            int number = call_number(name);
            if (number >= 0 && number < CALL_NUMBERS)
                learner->triggers[number] = true;
        }
    }
    learner->stage =
        record_open(stage->number > 0 ? policy_rules(settings->policy, stage->number) : NULL,
                    settings->arguments);
    return learner->stage != NULL;
}

static void set_hooks(struct learner *learner)
{
    learner->hooks = (struct gate_hooks){.context = learner,
                                         .name = NAME,
                                         .listens = learner->settings.backend->listens,
                                         .stays = true,
                                         .prepare = prepare,
                                         .begin = begin,
                                         .readable = readable,
                                         .enter = learner->settings.backend->listens ? NULL : enter,
                                         .passed = passed,
                                         .end = end,
                                         .call = call,
                                         .enters = enters,
                                         .stop = stop,
                                         .born = born,
                                         .executed = executed,
                                         .ending = ending,
                                         .tick = tick};
}

int learner_join(const struct learner_settings *settings, struct gate *gate)
{
    struct learner *learner = calloc(1, sizeof(*learner)); /* as long as this process */
    const struct rules *rules = &settings->policy->rules;

    if (learner) {
        learner->record = record_open(settings->listed ? rules : NULL, settings->arguments);
        if (!learner->record || !prepare_stage(learner, settings) ||
            filters_make(settings, &learner->filter, &learner->fallback) != 0) {
            free(learner);
            learner = NULL;
        }
    }
    if (!learner) {
        tool_error("out of memory");
        return STATUS_CANNOT;
    }
    learner->settings = *settings;
    learner->gate = gate;
    learner->process = getpid();
    learner->outcome.settings = &learner->settings;
    learner->obstacles.path = settings->shown;
    struct thread_status status;
    learner->filters = 1 + (look_thread(learner->process, &status) == 0 ? status.filters : 0);
    set_hooks(learner);
    gate->hooks = &learner->hooks;
    gate->shim = NULL;
    return settings->backend->open(&learner->channel);
}
