/* The gate: a program is held at its entry point until its filter has been seen from outside.
 *
 * The process that calls gate_lower() becomes the program, by exec, with everything that it has:
 * PID, parent, terminal, descriptors. What holds it is a watcher, a detached grandchild in a
 * session of its own, which traces it. Whatever happens to the watcher before the filter has been
 * seen kills the program; after that the watcher ends, or stays as a supervisor: as one that
 * listens, and lets go of what has passed, or as one that goes on tracing it.
 *
 * In order:
 *
 *     the program's process              the watcher
 *     ---------------------              -----------
 *     gate_lower()                       traces it
 *         hooks.prepare(): a descriptor  takes a copy of it: hooks.begin(), and from now on
 *                                        hooks.readable() whenever there is something to read
 *     execve()
 *     ld.so, libraries, the shim         gate_holds() says true
 *     at the entry point                 hooks.enter(); then it looks for the filter:
 *                                        hooks.passed(), or exit_group(125)
 *     runs                               gate_holds() says false
 *     ends                               the descriptor hangs up: hooks.end(), and it exits
 *
 * With musl, whose loader runs the libraries' constructors only from the entry point on, the gate
 * is at the program's first constructor of its own.
 *
 * Where the whitelist names programs ("program ="), whatever is executed before one of those, and
 * beside it, runs on, with its children, and is followed: each process that executes one of the
 * programs has a gate of its own. */
#ifndef PORTCULLIS_TOOL_GATE_H
#define PORTCULLIS_TOOL_GATE_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../../config/whitelist.h"

/* What a supervisor adds. Each function may be NULL; all but prepare() run in the watcher, which
 * has a copy of the caller's memory, standard error, and no other descriptor (but those in
 * `keep` and `also`). */
struct gate_hooks {
    void *context;
    const char *name; /* who cannot do without a gate, for messages: "--report" */
    bool listens;     /* prepare() returns a descriptor for the watcher */
    bool stays;       /* what has passed, and what comes of it, is traced to its end */
    /* In the program's own process, when the watcher traces it: for what has to be done in that
     * process before exec, such as loading a filter with a listener. Returns the descriptor that
     * the watcher gets a copy of (it should be O_CLOEXEC), or 0 where there is none, or a negative
     * errno, after telling why: then nothing runs. From the return on the process makes no system
     * call before the watcher has the descriptor: one that waits for an answer through it does not
     * wait in vain. */
    int (*prepare)(void *context);
    /* The watcher's copy of that descriptor; without one, while the process, which is traced by
     * then, goes on to exec. */
    void (*begin)(void *context, int descriptor);
    /* There is something to read on it. It may well be asked for a process that gate_holds(). */
    void (*readable)(void *context);
    /* PROCESS is at its entry point: loads the filter that is looked for next, where prepare() has
     * loaded none. Returns 0 or a negative errno: then it does not run. */
    int (*enter)(void *context, pid_t process);
    /* The filter of PROCESS is in, over all its threads; its first instruction is next. */
    void (*passed)(void *context, pid_t process);
    /* Nobody is left to be watched, and it hung up. The watcher exits next. */
    void (*end)(void *context);

    /* Those that stay: */

    /* A filter has stopped a call of THREAD of PROCESS (SECCOMP_RET_TRACE); HELD: as gate_holds()
     * says. It goes on when this returns, which is whether the process may make another one: after
     * its last call nothing more is to be seen of it. */
    bool (*call)(void *context, pid_t process, pid_t thread, bool held);
    /* THREAD, which has passed, is stopped by SIGNAL or, if that is 0, by something else. Returns
     * the signal to let it go on with: this one, or 0. */
    int (*stop)(void *context, pid_t thread, int signal);
    /* THREAD of PROCESS, one of those that gate_see_all() or gate_follow() have to do with, is
     * about to make a call, which no filter has been asked about yet. HELD: as above. */
    void (*enters)(void *context, pid_t process, pid_t thread, bool held);
    /* A thread of PROCESS has loaded a filter by a call that gate_follow() was told of. */
    void (*filtered)(void *context, pid_t process);
    /* PROCESS is a new child of one that has passed. */
    void (*born)(void *context, pid_t process);
    /* PROCESS, which had passed, has executed something. */
    void (*executed)(void *context, pid_t process);
    /* The process that was the caller's will never run again, and nobody has been told yet. ALONE:
     * there is no other one. It is not said of one that was killed twice. */
    void (*ending)(void *context, bool alone);
    /* A signal has come, which begin() has unblocked. */
    void (*tick)(void *context);
};

struct gate {
    const struct settings *settings; /* borrowed: which programs, and whether NO_NEW_PRIVS is due */
    const char *shim; /* borrowed: its absolute path; NULL: the filter is one of the hooks' */
    const struct gate_hooks *hooks; /* borrowed, or NULL: the watcher exits after the gate */
    int keep;            /* a descriptor that the watcher keeps open as long as it lives, or -1 */
    int also;            /* another one, above standard error; 0: none */
    bool only_keep;      /* set by gate_keep() */
    pid_t watcher;       /* set by gate_lower(): the watcher's process id */
    struct watch *watch; /* the watcher's own */
};

/* Starts the watcher, which lets the next execve() of this process not further than to the entry
 * point of what is executed. Returns 0: exec now. Or a negative errno, after telling why on
 * standard error: nothing traces this process then. */
int gate_lower(struct gate *gate) __attribute__((warn_unused_result));

/* Without a gate: starts a watcher that only keeps gate->keep open, until the shim has read the
 * file or, where the whitelist names programs, until this process has ended. Returns as
 * gate_lower(). */
int gate_keep(struct gate *gate) __attribute__((warn_unused_result));

/* In the watcher: whether THREAD is one that has not been let through a gate (yet): a program that
 * is still being loaded, or what runs before or beside the programs that the whitelist names. What
 * is not held is filtered: it went through, or is a child of such. */
bool gate_holds(const struct gate *gate, pid_t thread);

/* In a watcher that stays: the process of THREAD; THREAD itself where that is not known. */
pid_t gate_process(const struct gate *gate, pid_t thread);

/* In a watcher that stays, in call() and enters(): THREAD is going to make CALL. Where that makes a
 * child that would not be traced, the child is traced all the same; where it loads a filter,
 * whatever has that filter stops at each of its calls from now on, for hooks.enters(). */
void gate_follow(const struct gate *gate, pid_t thread, const struct seccomp_data *call);

/* Likewise: all threads of the process of THREAD, which is stopped, stop at each of their calls. */
void gate_see_all(const struct gate *gate, pid_t thread);

/* Whether THREAD is one that is traced. */
bool gate_traces(const struct gate *gate, pid_t thread);

/* Whether the call that THREAD is in was told of before. */
bool gate_saw(const struct gate *gate, pid_t thread);

/* In a watcher that stays: puts MARKS, bits of the caller's choice, on the process of THREAD. A new
 * process has those that its parent had when it was made. */
void gate_mark(const struct gate *gate, pid_t thread, unsigned marks);
unsigned gate_marks(const struct gate *gate, pid_t thread);

/* In a watcher that stays: sends SIGNAL to the caller's process if that still is there, or if ALL
 * to each process, else to each that is left. Returns whether there was any. */
bool gate_signal(const struct gate *gate, int signal, bool all);

#endif
