/* By user notification. */
#include <errno.h>

#include "../hold.h"
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

/* The thread is stopped before it goes back to the program, and gets its SIGSYS there. */
static void refuse(struct notifier *notifier, const struct event *event, bool trap)
{
    struct hold hold;

    hold_begin(&hold, event->process, event->thread);
    hold_trace(&hold, true);
    notifier_answer(notifier, -ENOSYS, 0);
    hold_wait(&hold);
    if (trap)
        hold_trap(&hold, &event->call);
    else
        hold_kill(&hold);
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
        refuse(notifier, event, action.kind == ACTION_TRAP);
        break;
    }
}

static void notify_close(struct channel *channel)
{
    notifier_close(&channel->notifier);
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
