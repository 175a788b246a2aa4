#include "births.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "follow.h"
#include "look.h"

/* Lets a child go on of which nobody will tell: as one that has passed, since the watcher stays for
 * the sake of those, and records of it rather too much. */
static void adopt(struct gate *gate, struct tracee *tracee)
{
    gate->watch->early--;
    tracee->early = false;
    tracee->passed = true;
    tracee->follow.all = gate->watch->filtered;
    if (gate->hooks->born)
        gate->hooks->born(gate->hooks->context, tracee->id);
    watch_go_on(tracee, 0);
}

void births_early(struct gate *gate, pid_t id)
{
    struct watch *watch = gate->watch;
    struct tracee early = {.id = id, .process = id, .early = true};
    struct thread_status status;

    if (watch_stays(gate) && look_thread(id, &status) == 0) {
        early.process = status.process;
        early.creator = status.process != id ? status.process : status.parent;
    }
    watch->early++;
    struct tracee *added = tracees_add(&watch->tracees, &early);
    if (watch_stays(gate) && !tracees_find(&watch->tracees, early.creator))
        adopt(gate, added);
}

void births_told(struct gate *gate, struct tracee *parent)
{
    struct watch *watch = gate->watch;
    unsigned long message = 0;

    if (ptrace(PTRACE_GETEVENTMSG, parent->id, 0, &message) != 0)
        return;
    pid_t id = (pid_t)message;
    parent->follow.born = true;
    const struct tracee *early = tracees_find(&watch->tracees, id);
    bool stopped = early && early->early;
    if (early && !stopped)
        return;
    struct tracee child = *parent;
    child.id = id;
    child.creator = 0;
    child.preparing = child.exiting = false;
    child.follow = (struct follow){.all = parent->follow.all, .untraced = parent->follow.untraced};
    /* one of the same process? */
    bool thread = syscall(SYS_tgkill, parent->process, id, 0) == 0 || errno != ESRCH;
    child.process = thread ? parent->process : id;
    if (stopped) {
        tracees_forget(&watch->tracees, id);
        watch->early--;
    }
    struct tracee *added = tracees_add(&watch->tracees, &child);
    if (!thread && child.passed && watch_stays(gate) && gate->hooks->born)
        gate->hooks->born(gate->hooks->context, id);
    if (!stopped)
        return;
    follow_born(added);
    if (child.passed && !watch_stays(gate))
        watch_let_go(watch, id, 0);
    else
        watch_go_on(added, 0);
}

struct orphans {
    struct gate *gate;
    pid_t creator;
};

static void adopt_orphan(void *context, struct tracee *tracee)
{
    const struct orphans *orphans = context;

    if (tracee->early && tracee->creator == orphans->creator)
        adopt(orphans->gate, tracee);
}

void births_orphaned(struct gate *gate, pid_t process)
{
    struct orphans orphans = {gate, process};

    if (gate->watch->early > 0 && !tracees_find(&gate->watch->tracees, process))
        tracees_visit_all(&gate->watch->tracees, adopt_orphan, &orphans);
}
