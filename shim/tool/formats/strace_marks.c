#include "strace_marks.h"

#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "strace_value.h"

/* What a thread's last call was; in strace_life.probed. */
enum {
    PROBE_NONE,
    PROBE_SECCOMP, /* tried without a program, by seccomp(2) */
    PROBE_PRCTL,   /* by prctl(2) */
    PROBE_LOADED,  /* the shim's own, and what follows at once is too */
};

enum { DESCENT_MAX = 1024 };

struct scan {
    struct strace_marks *marks;
    unsigned *own; /* of each life: where the mark is, or 0 */
    size_t capacity;
    bool *settled; /* owned; of each life: marks->from is known */
};

/* How CALL would load a filter. */
static unsigned loads(const struct strace_call *call)
{
    uint64_t values[6] = {0};

    if (strcmp(call->name, "seccomp") == 0) {
        unsigned readable = strace_values(call->arguments, NULL, values);
        return readable & 1 && values[0] == SECCOMP_SET_MODE_FILTER ? PROBE_SECCOMP : PROBE_NONE;
    }
    if (strcmp(call->name, "prctl") == 0) {
        unsigned readable = strace_values(call->arguments, NULL, values);
        return (readable & 3) == 3 && values[0] == PR_SET_SECCOMP &&
                       values[1] == SECCOMP_MODE_FILTER
                   ? PROBE_PRCTL
                   : PROBE_NONE;
    }
    return PROBE_NONE;
}

static int grow(struct scan *scan, size_t count)
{
    if (count <= scan->capacity)
        return 0;
    size_t capacity = count * 2;
    unsigned *own = realloc(scan->own, capacity * sizeof(*own));
    if (!own)
        return -ENOMEM;
    memset(own + scan->capacity, 0, (capacity - scan->capacity) * sizeof(*own));
    scan->own = own;
    scan->capacity = capacity;
    return 0;
}

static int look(void *context, struct strace_log *log, const struct strace_call *call)
{
    struct scan *scan = context;
    struct strace_life *life = &log->lives[call->life];
    unsigned before = life->probed;
    unsigned how = loads(call);

    int error = grow(scan, log->count);
    if (error)
        return error;
    size_t process = strace_lives_process(log, call->life);
    life->probed = PROBE_NONE;
    if (how == PROBE_NONE)
        return 0;
    bool loaded = strcmp(call->result, "0") == 0;
    if (strstr(call->result, "EFAULT") && scan->own[process] == 0) {
        life->probed = how;
    } else if (loaded && ((before == how && scan->own[process] == 0) || before == PROBE_LOADED)) {
        scan->own[process] = call->line;
        scan->marks->any = true;
        life->probed = PROBE_LOADED;
    }
    return 0;
}

/* A process has its own mark, or is the child of one that had it by then. One that comes from
 * nowhere counts if it comes after the first mark. */
static unsigned begin_line(const struct scan *scan, struct strace_log *log, size_t process,
                           unsigned earliest)
{
    const struct strace_life *leader = &log->lives[process];
    unsigned own = scan->own[process] ? scan->own[process] : UINT_MAX;

    if (leader->parent < 0)
        return own == UINT_MAX && process > 0 && leader->first > earliest ? 0 : own;
    size_t parent = strace_lives_process(log, (size_t)leader->parent);
    return scan->marks->from[parent] < leader->born ? 0 : own;
}

/* Fills marks->from for PROCESS, behind those that it comes from. Parents have lower places than
 * their children, but where the child's lines came first: so few are missing. */
static void settle_process(struct scan *scan, struct strace_log *log, size_t process,
                           unsigned earliest, unsigned depth)
{
    long parent = log->lives[process].parent;

    if (scan->settled[process])
        return;
    scan->settled[process] = true;
    if (parent >= 0 && depth > 0)
        settle_process(scan, log, strace_lives_process(log, (size_t)parent), earliest, depth - 1);
    scan->marks->from[process] = begin_line(scan, log, process, earliest);
}

static int settle(struct scan *scan, struct strace_log *log)
{
    struct strace_marks *marks = scan->marks;
    unsigned earliest = UINT_MAX;

    int error = grow(scan, log->count);
    if (error)
        return error;
    marks->from = calloc(log->count + 1, sizeof(*marks->from));
    scan->settled = calloc(log->count + 1, sizeof(*scan->settled));
    if (!marks->from || !scan->settled)
        return -ENOMEM;
    marks->count = log->count;
    for (size_t i = 0; i < log->count; i++) {
        marks->from[i] = UINT_MAX;
        if (scan->own[i] != 0 && scan->own[i] < earliest)
            earliest = scan->own[i];
    }
    for (size_t i = 0; i < log->count; i++) {
        size_t process = strace_lives_process(log, i);
        settle_process(scan, log, process, earliest, DESCENT_MAX);
        marks->from[i] = marks->from[process];
    }
    return 0;
}

int strace_marks_find(FILE *stream, struct strace_marks *marks)
{
    struct scan scan = {.marks = marks};
    struct strace_visitor visitor = {.context = &scan, .call = look};
    struct strace_log log;

    *marks = (struct strace_marks){0};
    int error = strace_log_read(stream, &visitor, &log);
    if (!error)
        error = settle(&scan, &log);
    strace_log_release(&log);
    free(scan.own);
    free(scan.settled);
    return error;
}

bool strace_marks_counts(const struct strace_marks *marks, const struct strace_call *call)
{
    if (!marks->any)
        return true;
    return call->life < marks->count && call->line > marks->from[call->life];
}

void strace_marks_release(struct strace_marks *marks)
{
    free(marks->from);
    *marks = (struct strace_marks){0};
}
