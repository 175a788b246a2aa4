/* The threads that the watcher traces, by id. */
#ifndef PORTCULLIS_TOOL_TRACEES_H
#define PORTCULLIS_TOOL_TRACEES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "own_filter.h"
#include "trap.h"
#include "untraced.h"

/* What is to be done at the calls of a thread. */
struct follow {
    bool all;     /* it stops at each of them */
    bool seen;    /* the call that it is in has been looked at */
    bool open;    /* so it has, and its end is waited for */
    bool born;    /* that has told of a child */
    bool shared;  /* it has its flags in memory */
    bool listens; /* its filter does */
    enum own_filter loads;
    struct untraced untraced;
};

/* A thread. What is the same for all threads of a process is in each of them. */
struct tracee {
    pid_t id;
    pid_t process;
    bool early;       /* it stopped before its parent told of it, and waits for that */
    pid_t creator;    /* if it is early: the process that is to tell; 0: not known */
    bool preparing;   /* it is about to hand over a descriptor */
    bool passed;      /* its filter is in */
    bool ending;      /* it was told to exit */
    bool exiting;     /* it has stopped for the last time */
    unsigned marks;   /* gate_mark()'s; children have their parents' */
    unsigned filters; /* that it had when it was executed */
    bool entered;     /* it has reached its entry point, and is held at its _init() as well */
    struct trap trap;
    struct follow follow;
    struct tracee *next; /* in its slot */
};

/* A zeroed structure is empty. */
struct tracees {
    struct tracee **slots; /* owned, as the chains are; a power of two of them */
    size_t capacity;
    size_t count;
};

/* The thread ID, or NULL. It stays where it is until it is forgotten. */
struct tracee *tracees_find(const struct tracees *tracees, pid_t id);

/* Adds a copy of TRACEE, whose id there must not be yet. Without memory it says so and exits, which
 * kills what is traced. */
struct tracee *tracees_add(struct tracees *tracees, const struct tracee *tracee);

void tracees_forget(struct tracees *tracees, pid_t id);

/* Calls VISIT for each thread, or for each of PROCESS; VISIT may forget the one it is called for.
 */
void tracees_visit_all(struct tracees *tracees, void (*visit)(void *context, struct tracee *tracee),
                       void *context);
void tracees_visit(struct tracees *tracees, pid_t process,
                   void (*visit)(void *context, struct tracee *tracee), void *context);

#endif
