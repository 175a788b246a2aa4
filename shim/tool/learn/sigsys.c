#include "sigsys.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "../hold.h"

int sigsys_expect(struct sigsys *sigsys, pid_t process, pid_t thread, bool deadly,
                  const struct seccomp_data *call)
{
    struct sigsys_wait *wait = malloc(sizeof(*wait));

    if (!wait)
        return -ENOMEM;
    *wait = (struct sigsys_wait){process, thread, deadly, false, *call, sigsys->waits};
    sigsys->waits = wait;
    return 0;
}

static void drop(struct sigsys_wait **place)
{
    struct sigsys_wait *wait = *place;

    *place = wait->next;
    free(wait);
}

int sigsys_stop(struct sigsys *sigsys, pid_t thread, int signal)
{
    struct sigsys_wait **place = &sigsys->waits;

    while (*place && (*place)->thread != thread)
        place = &(*place)->next;
    struct sigsys_wait *wait = *place;
    if (!wait)
        return signal;
    if (wait->raised) {
        if (signal == SIGSYS) {
            hold_dress(thread, &wait->call);
            drop(place);
        }
    } else if (wait->deadly || !hold_is_caught(thread)) {
        hold_make_die(thread);
        drop(place);
        signal = 0;
    } else {
        hold_raise(wait->process, thread, &wait->call);
        wait->raised = true;
    }
    return signal;
}

void sigsys_release(struct sigsys *sigsys)
{
    while (sigsys->waits)
        drop(&sigsys->waits);
}
