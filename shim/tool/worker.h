/* A child process that works for this one, and may die or hang without harm. Nobody else is told of
 * its death: it sends no SIGCHLD, and wait(2) without __WALL or __WCLONE does not see it. */
#ifndef PORTCULLIS_TOOL_WORKER_H
#define PORTCULLIS_TOOL_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A zeroed structure is none. */
struct worker {
    pid_t process; /* or 0 */
    int channel;
};

/* What goes over the channel, either way, with a descriptor or without. */
struct worker_message {
    uint32_t word;
    uint32_t number;
    pid_t process;
    uint64_t address;
};

/* Starts one. It runs SERVE with its end of the channel, which is its only descriptor, and ends
 * when that returns; it is killed when this process ends. Returns 0 or a negative errno. */
int worker_start(struct worker *worker, void (*serve)(int channel, void *context), void *context)
    __attribute__((warn_unused_result));

/* Kills it, if there is one. */
void worker_stop(struct worker *worker);

/* Sends MESSAGE, with DESCRIPTOR or -1. Does not wait. Returns whether it was sent. */
bool worker_send(int channel, const struct worker_message *message, int descriptor);

/* Waits for a message, MILLISECONDS at most, or for ever where that is negative. *DESCRIPTOR: what
 * came with it, or -1; where DESCRIPTOR is NULL, none is taken. Returns whether one came. */
bool worker_receive(int channel, struct worker_message *message, int *descriptor, int milliseconds);

#endif
