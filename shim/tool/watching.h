/* What the parts of the watcher share. */
#ifndef PORTCULLIS_TOOL_WATCHING_H
#define PORTCULLIS_TOOL_WATCHING_H

#include <stdbool.h>
#include <sys/types.h>

#include "gate.h"
#include "tracees.h"

struct watch {
    struct tracees tracees;
    pid_t process; /* the gate's own */
    size_t early;  /* how many threads are */
    bool executed; /* anything was executed */
    bool named;    /* so was a program that is to be filtered */
    bool begun;    /* hooks.begin() was called */
    bool ended;    /* so was hooks.ending() */
    bool filtered; /* anything has a filter of its own */
    int listener;  /* what hooks.prepare() returned, or -1 */
    int signals;   /* SIGCHLD's, or -1 */
};

bool watch_stays(const struct gate *gate);

/* Lets THREAD go on, with SIGNAL or 0; one that is gone meanwhile is told of by wait(2). */
void watch_go_on(const struct tracee *thread, int signal);

/* The same, and it is traced no more. */
void watch_let_go(struct watch *watch, pid_t id, int signal);

/* PROCESS must not run on. */
void watch_kill(pid_t process);

#endif
