#include "report.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "begun.h"
#include "call.h"
#include "hold.h"
#include "learn/again.h"
#include "look.h"
#include "own_filter.h"
#include "site.h"
#include "supervise.h"
#include "tell.h"
#include "tool.h"

enum { SITE_MAX = 1024, PROGRAM_MAX = 4096 };

static const char NAME[] = "--report";

struct report {
    struct report_settings settings;
    const struct gate *gate;
    struct gate_hooks hooks;
    struct filter filter; /* owned */
    struct notifier notifier;
    struct begun begun; /* with the shim */
    bool shimmed;
    bool filtered; /* something has a filter of its own, which was told of */
    struct teller teller;
    struct sites sites;
};

/* Gives this process the filter; returns its listener. */
static int load(void *context)
{
    const struct report *report = context;

    return supervise_load(&report->filter, notifier_flags(&report->notifier),
                          report->gate->settings->no_new_privileges, NAME);
}

static void begin(void *context, int listener)
{
    struct report *report = context;

    notifier_listen(&report->notifier, listener);
}

/* THREAD's process; where the thread is gone, its own id. */
static pid_t process_of(pid_t thread)
{
    struct thread_status status;

    return look_thread(thread, &status) == 0 ? status.process : thread;
}

/* Has the thread of the request stopped behind its call, which then has returned ERROR; where it
 * can't be traced and ERROR is 0, it waits for its answer on. Returns false if it is gone: its id
 * may be another's. */
static bool begin_hold(struct report *report, struct hold *hold, int error)
{
    struct notifier *notifier = &report->notifier;
    pid_t thread = (pid_t)notifier->request->pid;

    hold_begin(hold, process_of(thread), thread);
    if (notifier->killable)
        hold_trace(hold, false);
    bool waits = notifier_waits(notifier);
    if (waits && (hold->traced || error))
        notifier_answer(notifier, error ? error : -ENOSYS, 0);
    hold_wait(hold);
    return waits;
}

/* Refuses the call as the shim's filters would, and tells of it. LAYERS: those that are in force,
 * as begun_decide() has them. */
static void refuse(struct report *report, const struct verdict *verdict, uint32_t layers)
{
    const struct seccomp_notif *request = report->notifier.request;
    bool by_errno = verdict->action.kind == ACTION_ERRNO;
    struct hold hold;
    char name[TELL_NAME_MAX];
    char site[SITE_MAX];

    if (!begin_hold(report, &hold, by_errno ? -(int)verdict->action.error : 0)) {
        hold_end(&hold);
        return;
    }
    const struct refusal refusal = {.call = &request->data,
                                    .verdict = verdict,
                                    .layers = layers,
                                    .process = hold.process,
                                    .thread = hold.thread,
                                    .name = tell_name(hold.process, name),
                                    .site = site};
    site_look_at_thread(&report->sites, hold.process, hold.thread, hold.stopped,
                        request->data.instruction_pointer);
    if (verdict->action.kind == ACTION_KILL)
        hold_kill(&hold);
    site_text(&report->sites, site, sizeof(site));
    tell_refusal(&report->teller, &refusal);
    if (by_errno)
        hold_end(&hold);
    else if (verdict->action.kind == ACTION_TRAP)
        hold_trap(&hold, &request->data);
}

/* Answers calls that have to do with stages. Returns false for another one; then adds to *LAYERS
 * what is in force for its process. */
static bool answer_stage(struct report *report, pid_t thread, bool held, uint32_t *layers)
{
    const struct seccomp_notif *request = report->notifier.request;
    pid_t process = process_of(thread);
    int error = 0;

    if (!notifier_waits(&report->notifier))
        return true; /* it is gone: the process may be another one */
    switch (begun_call(&report->begun, process, thread, &request->data, held, &error)) {
    case BEGUN_PASSES:
        notifier_answer(&report->notifier, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
        return true;
    case BEGUN_ERROR:
        notifier_answer(&report->notifier, error, 0);
        return true;
    case BEGUN_NONE:
        break;
    }
    *layers |= begun_stages(&report->begun, process);
    return false;
}

/* The call is made. One that loads a filter is the last that is known for sure: what that answers,
 * nobody is asked about. */
static void let_pass(struct report *report)
{
    const struct seccomp_notif *request = report->notifier.request;
    char program[PROGRAM_MAX];

    if (own_filter_loaded_by(&request->data) && !report->filtered &&
        policy_is_fatal(report->settings.policy)) {
        report->filtered = true;
        tool_note_to(
            report->teller.output,
            "warning: '%s' (pid %d) loads a filter of its own: calls that it answers are not "
            "seen, and this whitelist may kill for them",
            look_program(process_of((pid_t)request->pid), program, sizeof(program)),
            (int)request->pid);
    }
    notifier_answer(&report->notifier, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

static void readable(void *context)
{
    struct report *report = context;
    const struct seccomp_notif *request = report->notifier.request;

    if (!notifier_receive(&report->notifier))
        return;
    pid_t thread = (pid_t)request->pid;
    bool held = gate_holds(report->gate, thread);
    uint32_t layers = 1;
    if (report->shimmed && answer_stage(report, thread, held, &layers))
        return;
    struct verdict verdict = begun_decide(report->settings.policy, layers, &request->data);
    if (held || action_allows(verdict.action))
        let_pass(report);
    else if ((verdict.reason == REASON_FALLBACK || verdict.reason == REASON_NEWER) &&
             !report->settings.all)
        notifier_answer(&report->notifier, -(int)verdict.action.error, 0);
    else
        refuse(report, &verdict, layers);
}

/* Without the shim nobody would know of a stage, and `run` would not run it. */
static void passed(void *context, pid_t process)
{
    struct report *report = context;
    char program[PROGRAM_MAX];

    if (!report->shimmed || begun_has_shim(&report->begun, process)) {
        if (report->settings.again)
            report->settings.again->ran = true;
        return;
    }
    tool_error("'%s' was killed: %s needs the shim in it, with this whitelist",
               look_program(process, program, sizeof(program)),
               report_needs_shim(report->settings.policy) ? "for stages, --report" : "--verify");
    kill(process, SIGKILL);
}

static void end(void *context)
{
    struct report *report = context;

    tell_count(&report->teller, report->filtered);
    if (report->settings.again) {
        report->settings.again->refused = report->teller.total;
        report->settings.again->unseen = report->filtered;
        report->settings.again->told = true;
    }
    tell_release(&report->teller);
    sites_release(&report->sites);
}

static int make_filter(struct report *report)
{
    static const struct supervise_case LOADING[] = {
        {SYS_seccomp, 0, 0, 0, SECCOMP_RET_USER_NOTIF},
        {SYS_prctl, 0, BPF_JEQ, PR_SET_SECCOMP, SECCOMP_RET_USER_NOTIF},
    };
    const struct policy *policy = report->settings.policy;
    struct filter all = {0};
    int error = 0;

    report->shimmed = report->settings.shim || report_needs_shim(policy);
    if (report->shimmed) {
        begun_open(&report->begun, policy);
        error = begun_filter(policy, &all);
    }
    if (!error)
        error = supervise_filter(report->shimmed ? &all : &policy->filter, SECCOMP_RET_USER_NOTIF,
                                 SECCOMP_RET_USER_NOTIF, LOADING,
                                 sizeof(LOADING) / sizeof(LOADING[0]), &report->filter);
    filter_release(&all);
    if (error == -E2BIG)
        tool_error("--report: all stages together have more instructions than the kernel takes");
    else if (error)
        tool_error("out of memory");
    return error ? STATUS_CANNOT : STATUS_OK;
}

bool report_needs_shim(const struct policy *policy)
{
    return policy->whitelist.stage_count > 0;
}

int report_join(const struct report_settings *settings, struct gate *gate)
{
    struct report *report = calloc(1, sizeof(*report)); /* as long as this process */

    if (!report) {
        tool_error("out of memory");
        return STATUS_CANNOT;
    }
    *report = (struct report){.settings = *settings, .gate = gate};
    int status = notifier_open(&report->notifier, NAME);
    if (status == STATUS_OK)
        status = make_filter(report);
    if (status != STATUS_OK) {
        notifier_close(&report->notifier);
        free(report);
        return STATUS_CANNOT;
    }
    report->teller = (struct teller){.policy = settings->policy,
                                     .composition = settings->composition,
                                     .file = settings->file,
                                     .output = settings->output ? settings->output : STDERR_FILENO};
    report->hooks = (struct gate_hooks){.context = report,
                                        .name = NAME,
                                        .listens = true,
                                        .prepare = load,
                                        .begin = begin,
                                        .readable = readable,
                                        .passed = passed,
                                        .end = end};
    gate->hooks = &report->hooks;
    gate->shim = NULL;
    return STATUS_OK;
}
