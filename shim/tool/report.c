#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "hold.h"
#include "look.h"
#include "site.h"
#include "tell.h"
#include "tool.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP /* Linux 6.6 */
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, __u64)
#endif

enum { SITE_MAX = 1024 };

struct report {
    struct report_settings settings;
    const struct gate *gate;
    struct gate_hooks hooks;
    struct filter filter; /* owned */
    bool killable;        /* a call that the watcher has seen is not interrupted by signals */
    int listener;
    struct seccomp_notif *request;       /* owned; as long as the kernel's */
    struct seccomp_notif_resp *response; /* owned; likewise */
    struct seccomp_notif_sizes sizes;
    struct teller teller;
    struct sites sites;
};

static long seccomp(unsigned operation, unsigned flags, void *arguments)
{
    return syscall(SYS_seccomp, operation, flags, arguments);
}

/* --- in the program's own process ---------------------------------------------------------------
 */

/* The same program, in which every refusal is a notification; and in front of it, the end for
 * whom hold_kill() makes call what is no call. */
static int make_notifying(const struct filter *filter, struct filter *notifying)
{
    const struct sock_filter fatal[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HOLD_FATAL_CALL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const size_t front = sizeof(fatal) / sizeof(fatal[0]);
    size_t count = filter->count + front;

    *notifying = (struct filter){calloc(count, sizeof(*filter->instructions)), count};
    if (!notifying->instructions)
        return -ENOMEM;
    memcpy(notifying->instructions, fatal, sizeof(fatal));
    for (size_t i = 0; i < filter->count; i++) {
        struct sock_filter instruction = filter->instructions[i];
        unsigned action = instruction.k & SECCOMP_RET_ACTION_FULL;
        if (instruction.code == (BPF_RET | BPF_K) && action != SECCOMP_RET_ALLOW &&
            action != SECCOMP_RET_LOG)
            instruction.k = SECCOMP_RET_USER_NOTIF;
        notifying->instructions[front + i] = instruction;
    }
    return 0;
}

/* Gives this process the filter; returns its listener. */
static int load(void *context)
{
    const struct report *report = context;
    unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    struct sock_fprog program = {(unsigned short)report->filter.count, report->filter.instructions};

    if (report->killable)
        flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    if (report->gate->settings->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        tool_error("cannot set no_new_privs: %s", strerror(errno));
        return -errno;
    }
    long listener = seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener >= 0)
        return (int)listener;
    int error = errno;
    tool_error(error == EBUSY ? "--report cannot run under another listener to system calls: %s"
                              : "cannot load the filter for --report: %s",
               strerror(error));
    return -error;
}

/* --- in the watcher -----------------------------------------------------------------------------
 */

static void begin(void *context, int listener)
{
    struct report *report = context;
    struct rlimit limit;

    report->listener = listener;
    /* libdw keeps a descriptor for each library that it knows */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    /* both sides take turns: quicker on one processor; Linux 6.6 */
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

/* Answers the request. Returns whether there still was somebody to answer. */
static bool answer(struct report *report, int error, unsigned flags)
{
    memset(report->response, 0, report->sizes.seccomp_notif_resp);
    report->response->id = report->request->id;
    report->response->error = error;
    report->response->flags = flags;
    return ioctl(report->listener, SECCOMP_IOCTL_NOTIF_SEND, report->response) == 0;
}

/* Without a hold: what comes nearest to the kernel's own SIGSYS. Before the answer. */
static void kill_unheld(pid_t process, pid_t thread)
{
    struct thread_status status;
    const uint64_t bit = UINT64_C(1) << (SIGSYS - 1);

    bool deadly = look_thread(thread, &status) == 0 &&
                  !((status.caught | status.ignored | status.blocked) & bit);
    syscall(SYS_tgkill, process, thread, deadly ? SIGSYS : SIGKILL);
}

/* Refuses the call as the shim's filter would, and tells of it. */
static void refuse(struct report *report, const struct verdict *verdict)
{
    const struct seccomp_notif *request = report->request;
    pid_t thread = (pid_t)request->pid;
    struct thread_status status = {.process = thread};
    bool by_errno = verdict->action.kind == ACTION_ERRNO;
    struct hold hold = {0};
    char site[SITE_MAX];

    if (look_thread(thread, &status) != 0)
        status.process = thread;
    if (report->killable)
        hold_begin(&hold, thread);
    if (!by_errno && !hold.traced)
        kill_unheld(status.process, thread);
    answer(report, by_errno ? -(int)verdict->action.error : -ENOSYS, 0);
    bool stopped = hold_wait(&hold);
    site_text(&report->sites, status.process, thread, stopped, request->data.instruction_pointer,
              site, sizeof(site));
    tell_refusal(&report->teller,
                 &(struct refusal){&request->data, verdict, status.process, thread, site});
    if (by_errno)
        hold_end(&hold);
    else if (verdict->action.kind == ACTION_TRAP)
        hold_trap(&hold, &request->data);
    else
        hold_kill(&hold);
}

static void readable(void *context)
{
    struct report *report = context;
    struct seccomp_notif *request = report->request;

    memset(request, 0, report->sizes.seccomp_notif);
    if (ioctl(report->listener, SECCOMP_IOCTL_NOTIF_RECV, request) != 0)
        return; /* it has gone meanwhile */
    struct verdict verdict = rules_decide(&report->settings.policy->rules, request->data.arch,
                                          request->data.nr, (const uint64_t *)request->data.args);
    if (gate_holds(report->gate, (pid_t)request->pid) || action_allows(verdict.action))
        answer(report, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    else if (verdict.reason == REASON_FALLBACK && !report->settings.all)
        answer(report, -(int)verdict.action.error, 0);
    else
        refuse(report, &verdict);
}

static void end(void *context)
{
    struct report *report = context;

    tell_count(&report->teller);
    tell_release(&report->teller);
    sites_release(&report->sites);
}

/* --- before both --------------------------------------------------------------------------------
 */

static bool can_notify(void)
{
    unsigned action = SECCOMP_RET_USER_NOTIF;

    return seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Flags that the kernel knows and a program that is none. */
static bool is_killable(void)
{
    unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

    return seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

static int make_buffers(struct report *report)
{
    struct seccomp_notif_sizes *sizes = &report->sizes;

    if (!can_notify() || seccomp(SECCOMP_GET_NOTIF_SIZES, 0, sizes) != 0) {
        tool_error("--report needs a kernel that notifies of system calls: %s", strerror(errno));
        return -ENOSYS;
    }
    report->request = calloc(1, larger(sizes->seccomp_notif, sizeof(*report->request)));
    report->response = calloc(1, larger(sizes->seccomp_notif_resp, sizeof(*report->response)));
    return report->request && report->response ? 0 : -ENOMEM;
}

int report_join(const struct report_settings *settings, struct gate *gate)
{
    struct report *report = calloc(1, sizeof(*report)); /* as long as this process */
    int error = report ? make_buffers(report) : -ENOMEM;

    if (!error)
        error = make_notifying(&settings->policy->filter, &report->filter);
    if (!report || error) {
        if (error == -ENOMEM)
            tool_error("out of memory");
        free(report);
        return STATUS_CANNOT;
    }
    report->settings = *settings;
    report->gate = gate;
    report->killable = is_killable();
    report->teller = (struct teller){
        .policy = settings->policy, .composition = settings->composition, .file = settings->file};
    report->hooks = (struct gate_hooks){
        .context = report, .prepare = load, .begin = begin, .readable = readable, .end = end};
    gate->hooks = &report->hooks;
    gate->shim = NULL;
    return STATUS_OK;
}
