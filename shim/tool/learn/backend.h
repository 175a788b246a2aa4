/* How `learn` comes to know of calls: two ways behind one interface. The program's calls wait until
 * they are answered. */
#ifndef PORTCULLIS_TOOL_LEARN_BACKEND_H
#define PORTCULLIS_TOOL_LEARN_BACKEND_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../../../config/whitelist.h"
#include "../supervise.h"
#include "sigsys.h"

/* A call that waits. */
struct event {
    pid_t process;
    pid_t thread;
    struct seccomp_data call;
    bool seen; /* it was recorded before */
};

/* What a backend keeps. */
struct channel {
    struct notifier notifier; /* of the one that needs it */
    struct sigsys sigsys;     /* threads that get that signal for a refused call */
};

struct backend {
    const char *name;
    unsigned action; /* what a filter has to answer: SECCOMP_RET_... */
    bool listens;    /* the filter gets a listener */
    /* Before the program is started. Returns STATUS_OK or, after telling why, STATUS_CANNOT. */
    int (*open)(struct channel *channel);
    /* What to load the filter with: seccomp(2)'s flags. */
    unsigned (*flags)(const struct channel *channel);
    /* In the watcher: the next call; EVENT's process and thread are set already where the watcher
     * knows who it is. Returns false if it is gone. */
    bool (*next)(struct channel *channel, struct event *event);
    /* Lets the call be made, or gives it what [deny] and @fallback have for it. */
    void (*answer)(struct channel *channel, const struct event *event, struct action action);
    void (*close)(struct channel *channel);
};

/* By ptrace and SECCOMP_RET_TRACE: nothing that the program sees is changed. */
extern const struct backend backend_trace;

/* By user notification: quicker; a signal that arrives at the wrong time makes a call fail with
 * EINTR that would not have. */
extern const struct backend backend_notify;

/* The call that EVENT's thread, stopped by PTRACE_SYSCALL, is about to make. Returns false if there
 * is none. */
bool trace_entered(struct event *event);

/* For a call of THREAD that trace's next() gave, and that was answered so that it is made: its
 * first argument becomes VALUE. */
void trace_set_argument(pid_t thread, unsigned long value);

#endif
