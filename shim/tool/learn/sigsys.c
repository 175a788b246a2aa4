#include "sigsys.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "../hold.h"

static void drop(struct sigsys_wait **place)
{
    struct sigsys_wait *wait = *place;

    *place = wait->next;
    free(wait);
}

static struct sigsys_wait **find(struct sigsys *sigsys, pid_t thread)
{
    struct sigsys_wait **place = &sigsys->waits;

    while (*place && (*place)->thread != thread)
        place = &(*place)->next;
    return place;
}

int sigsys_raise(struct sigsys *sigsys, pid_t process, pid_t thread,
                 const struct seccomp_data *call)
{
    struct sigsys_wait **former = find(sigsys, thread);
    struct sigsys_wait *wait = malloc(sizeof(*wait));

    if (!wait)
        return -ENOMEM;
    if (*former) /* it was killed before it got the signal, and its id is another's now */
        drop(former);
    *wait = (struct sigsys_wait){thread, 0, *call, sigsys->waits};
    wait->mask = hold_raise(process, thread, call);
    sigsys->waits = wait;
    return 0;
}

void sigsys_stop(struct sigsys *sigsys, pid_t thread, int signal)
{
    struct sigsys_wait **place = find(sigsys, thread);

    if (!*place || signal != SIGSYS)
        return;
    hold_dress(thread, &(*place)->call, (*place)->mask);
    drop(place);
}

void sigsys_release(struct sigsys *sigsys)
{
    while (sigsys->waits)
        drop(&sigsys->waits);
}
