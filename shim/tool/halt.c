#include "halt.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "look.h"
#include "threads.h"

enum { EVENT_SHIFT = 16, LOOK_MILLISECONDS = 5 };

static int64_t milliseconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The entry of thread ID, or where it belongs: they are in the order of their ids. */
static size_t position(const struct halt *halt, pid_t id)
{
    size_t low = 0;

    for (size_t high = halt->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (halt->threads[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct halted *find(const struct halt *halt, pid_t id)
{
    size_t at = position(halt, id);

    return at < halt->count && halt->threads[at].id == id ? &halt->threads[at] : NULL;
}

/* The entry of thread ID, a new one if it has none; NULL: there is no memory. */
static struct halted *obtain(struct halt *halt, pid_t id)
{
    size_t at = position(halt, id);

    if (at < halt->count && halt->threads[at].id == id)
        return &halt->threads[at];
    struct halted *grown = reallocarray(halt->threads, halt->count + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    halt->threads = grown;
    memmove(&grown[at + 1], &grown[at], (halt->count - at) * sizeof(*grown));
    halt->count++;
    grown[at] = (struct halted){.id = id};
    return &grown[at];
}

static void forget(struct halt *halt, struct halted *thread)
{
    size_t at = (size_t)(thread - halt->threads);

    memmove(thread, thread + 1, (--halt->count - at) * sizeof(*thread));
}

/* Finds out why thread ID could not be seized. Returns 0 where nothing has to be done about it;
 * -EAGAIN where nothing is in the way any more: it was another thread that had this id, until one
 * of the process executed a program. */
static int find_obstacle(const struct halt *halt, pid_t id, enum halt_state *state)
{
    struct thread_status status;
    int error = look_thread(id, &status);

    if (error == -ENOENT || (!error && status.process != halt->process))
        return -ESRCH;
    if (error)
        return error;
    if (status.ended && id != halt->process)
        return -ESRCH; /* it is as good as gone, and must not be counted */
    if (status.ended) {
        *state = HALT_ENDED;
        return 0;
    }
    if (status.tracer == getpid()) { /* it executed, and so took the place of the first thread */
        *state = HALT_RUNNING;
        return ptrace(PTRACE_INTERRUPT, id, 0, 0) == 0 || errno == ESRCH ? 0 : -errno;
    }
    return status.tracer != 0 ? -EBUSY : -EAGAIN;
}

/* Seizes thread ID, and has it stop. *STATE: what it does then. */
static int try_seize(const struct halt *halt, pid_t id, enum halt_state *state)
{
    enum { TRIES = 20 };
    int error = -EAGAIN;

    for (unsigned i = 0; i < TRIES && error == -EAGAIN; i++) {
        *state = HALT_RUNNING;
        if (ptrace(PTRACE_SEIZE, id, 0, 0) == 0) {
            ptrace(PTRACE_INTERRUPT, id, 0, 0); /* fails where it ends just now: looked at again */
            return 0;
        }
        error = errno == EPERM || errno == ESRCH ? find_obstacle(halt, id, state) : -errno;
    }
    return error == -EAGAIN ? -EPERM : error;
}

/* Seizes thread ID, which is not seized yet as far as is known. *CHANGED: not all is as it was at
 * the last look. */
static int seize(struct halt *halt, pid_t id, bool *changed)
{
    enum halt_state state;
    int error = try_seize(halt, id, &state);

    if (error == -ESRCH) {
        *changed = true;
        return 0;
    }
    if (error) {
        halt->culprit = id;
        return error;
    }
    struct halted *thread = obtain(halt, id);
    if (!thread)
        return -ENOMEM;
    *changed |= state != HALT_ENDED || thread->state != HALT_ENDED;
    thread->state = state;
    return 0;
}

/* Reads the list of threads again, and seizes those that are new. */
static int seize_all(struct halt *halt, bool *changed)
{
    struct threads threads;
    int error = threads_list(halt->process, &threads);

    if (error)
        return error;
    *changed = false;
    for (size_t i = halt->count; i > 0; i--) {
        if (threads_has(&threads, halt->threads[i - 1].id))
            continue;
        forget(halt, &halt->threads[i - 1]);
        *changed = true;
    }
    for (size_t i = 0; i < threads.count && !error; i++) {
        const struct halted *known = find(halt, threads.ids[i]);
        if (!known || known->state == HALT_ENDED)
            error = seize(halt, threads.ids[i], changed);
    }
    threads_release(&threads);
    return error;
}

/* Takes in all that the kernel has to say of the threads. */
static int take_events(struct halt *halt)
{
    int status;
    pid_t id;

    while ((id = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
        if (!WIFSTOPPED(status)) {
            struct halted *ended = find(halt, id);
            if (ended)
                forget(halt, ended);
            continue;
        }
        struct halted *thread = obtain(halt, id);
        if (!thread)
            return -ENOMEM;
        thread->state = HALT_STOPPED;
        thread->signal = status >> EVENT_SHIFT == 0 ? WSTOPSIG(status) : 0;
    }
    return 0;
}

/* One that has not stopped yet, or NULL. */
static struct halted *find_running(const struct halt *halt)
{
    for (size_t i = 0; i < halt->count; i++) {
        if (halt->threads[i].state == HALT_RUNNING)
            return &halt->threads[i];
    }
    return NULL;
}

/* Two ends have no event: that of a first thread which ends before the others, and that of an id
 * whose thread executed a program and now has the process's. */
static void look_for_ended(struct halt *halt)
{
    struct thread_status status;

    for (size_t i = halt->count; i > 0; i--) {
        struct halted *thread = &halt->threads[i - 1];
        if (thread->state != HALT_RUNNING)
            continue;
        int error = look_thread(thread->id, &status);
        if (error == -ENOENT || error == -ESRCH)
            forget(halt, thread);
        else if (!error && status.ended && thread->id == halt->process)
            thread->state = HALT_ENDED;
    }
}

/* Waits until no thread that is known runs any more. */
static int wait_for_all(struct halt *halt, int64_t end)
{
    static const struct timespec TIME = {.tv_nsec = LOOK_MILLISECONDS * 1000000L};
    sigset_t children;

    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    for (;;) {
        int error = take_events(halt);
        const struct halted *running = find_running(halt);
        if (error || !running)
            return error;
        if (milliseconds() >= end) {
            halt->culprit = running->id;
            return -ETIMEDOUT;
        }
        if (sigtimedwait(&children, NULL, &TIME) < 0)
            look_for_ended(halt);
    }
}

static bool all_ended(const struct halt *halt)
{
    for (size_t i = 0; i < halt->count; i++) {
        if (halt->threads[i].state != HALT_ENDED)
            return false;
    }
    return true;
}

/* Whether the process has just the threads that are known, all of which stand still. The list alone
 * does not show that: the kernel may leave out what stands behind a thread that ends. */
static bool is_whole(const struct halt *halt)
{
    struct thread_status status;

    return look_thread(halt->process, &status) == 0 && status.threads == halt->count;
}

int halt_begin(pid_t process, struct halt *halt)
{
    int64_t end = milliseconds() + HALT_MILLISECONDS;
    bool changed = true;

    *halt = (struct halt){.process = process};
    for (;;) {
        int error = seize_all(halt, &changed);
        if (!error && changed)
            error = wait_for_all(halt, end);
        if (error)
            return error;
        if (!changed && is_whole(halt))
            return all_ended(halt) ? -ESRCH : 0;
        if (milliseconds() >= end)
            return -ETIMEDOUT;
    }
}

void halt_end(struct halt *halt)
{
    for (size_t i = 0; i < halt->count; i++) {
        const struct halted *thread = &halt->threads[i];
        if (thread->state == HALT_STOPPED)
            ptrace(PTRACE_DETACH, thread->id, 0, thread->signal);
    }
    free(halt->threads);
    *halt = (struct halt){0};
}
