/* By user notification. */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "../tool.h"
#include "backend.h"

static int notify_open(struct channel *channel)
{
    *channel = (struct channel){0};
    return notifier_open(&channel->notifier, "--backend notify");
}

static unsigned notify_flags(const struct channel *channel)
{
    return notifier_flags(&channel->notifier);
}

static bool notify_next(struct channel *channel, struct event *event)
{
    if (!notifier_receive(&channel->notifier))
        return false;
    event->thread = (pid_t)channel->notifier.request->pid;
    event->call = channel->notifier.request->data;
    return true;
}

static void notify_answer(struct channel *channel, const struct event *event, struct action action)
{
    struct notifier *notifier = &channel->notifier;

    switch (action.kind) {
    case ACTION_ALLOW:
    case ACTION_LOG:
        notifier_answer(notifier, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
        break;
    case ACTION_ERRNO:
        notifier_answer(notifier, -(int)action.error, 0);
        break;
    case ACTION_TRAP:
    case ACTION_KILL:
        /* it will stop before it goes back to the program; without memory nothing is let through */
        if (ptrace(PTRACE_INTERRUPT, event->thread, 0, 0) != 0 ||
            sigsys_expect(&channel->sigsys, event->process, event->thread,
                          action.kind == ACTION_KILL, &event->call) != 0)
            kill(event->process, SIGKILL);
        notifier_answer(notifier, -ENOSYS, 0);
        break;
    }
}

static void notify_close(struct channel *channel)
{
    notifier_close(&channel->notifier);
    sigsys_release(&channel->sigsys);
}

const struct backend backend_notify = {
    .name = "notify",
    .action = SECCOMP_RET_USER_NOTIF,
    .listens = true,
    .open = notify_open,
    .flags = notify_flags,
    .next = notify_next,
    .answer = notify_answer,
    .close = notify_close,
};
