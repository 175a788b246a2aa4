#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../gate.h"
#include "../supervise.h"
#include "../tool.h"
#include "backend.h"

static const char NAME[] = "the measuring of a start";

/* What the watcher tells the process that waits. In shared memory. */
struct told {
    bool executed; /* it called execve(2), */
    bool failed;   /* which failed */
    bool reached;  /* the entry point */
    bool seen[CALL_NUMBERS];
};

struct start {
    const struct rules *rules; /* borrowed */
    struct filter filter;      /* owned */
    struct channel channel;
    pid_t process;
    struct told *told;
};

/* In the program's own process. */
static int load(void *context)
{
    const struct start *start = context;

    return supervise_load(&start->filter, 0, true, NAME);
}

/* --- in the watcher -----------------------------------------------------------------------------
 */

/* It is the loader's or a constructor's, or comes of what they have executed. */
static bool call(void *context, pid_t process, pid_t thread, bool held)
{
    struct start *start = context;
    struct event event = {.process = process, .thread = thread};

    (void)held;
    if (!backend_trace.next(&start->channel, &event))
        return true;
    const struct seccomp_data *data = &event.call;
    if (data->nr == SYS_execve)
        start->told->executed = true;
    if (!start->told->executed)
        return true;
    struct verdict verdict =
        rules_decide(start->rules, data->arch, data->nr, (const uint64_t *)data->args);
    switch (verdict.reason) {
    case REASON_DENIED:
    case REASON_FALLBACK:
    case REASON_NEWER:
        /* who filters from exec on has no trap */
        if (verdict.action.kind == ACTION_TRAP)
            verdict.action.kind = ACTION_KILL;
        backend_trace.answer(&start->channel, &event, verdict.action);
        break;
    case REASON_FOREIGN:
        break;
    case REASON_ALLOWED:
    case REASON_IMPLICIT:
    case REASON_DEFAULT:
        if (data->nr >= 0 && data->nr < CALL_NUMBERS)
            start->told->seen[data->nr] = true;
        break;
    }
    return true;
}

/* With the watcher ends everything that it traces. */
static void passed(void *context, pid_t process)
{
    const struct start *start = context;

    if (process != start->process)
        return; /* what a constructor has executed */
    start->told->reached = true;
    _exit(STATUS_OK);
}

/* --- in the child -------------------------------------------------------------------------------
 */

/* Standard output is where the result goes. */
static int leave_streams(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0)
        return STATUS_OK;
    tool_error("cannot leave the program without streams: /dev/null: %s", strerror(errno));
    return STATUS_CANNOT;
}

static int execute(struct start *start, const char *path, char **arguments)
{
    const struct settings settings = {.no_new_privileges = true};
    const struct gate_hooks hooks = {.context = start,
                                     .name = NAME,
                                     .stays = true,
                                     .prepare = load,
                                     .call = call,
                                     .passed = passed};
    struct gate gate = {.settings = &settings, .hooks = &hooks, .keep = -1};

    start->process = getpid();
    /* not without who waits for it */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || leave_streams() != STATUS_OK ||
        gate_lower(&gate) != 0)
        return STATUS_CANNOT;
    execv(path, arguments);
    int error = errno;
    start->told->failed = true;
    tool_error("cannot run '%s': %s", path, strerror(error));
    return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNABLE;
}

/* --- in who waits -------------------------------------------------------------------------------
 */

/* Why the entry point was not reached; where nothing was executed, that was told. */
static int tell(const struct told *told, const char *path, int status)
{
    if (WIFEXITED(status) && (told->failed || !told->executed))
        return WEXITSTATUS(status) != STATUS_OK ? WEXITSTATUS(status) : STATUS_CANNOT;
    if (WIFSIGNALED(status))
        tool_error("'%s' was killed by signal %d before its entry point", path, WTERMSIG(status));
    else
        tool_error("'%s' ended before its entry point", path);
    return STATUS_CANNOT;
}

static int wait_for(const struct start *start, const char *path, char **arguments)
{
    struct start own = *start;
    int status = 0;
    pid_t ended;
    pid_t child = fork();

    if (child == 0)
        _exit(execute(&own, path, arguments));
    if (child < 0) {
        tool_error("cannot make a process: %s", strerror(errno));
        return STATUS_CANNOT;
    }
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    return start->told->reached ? STATUS_OK : tell(start->told, path, status);
}

int start_measure(const struct rules *rules, const char *path, char **arguments,
                  bool seen[CALL_NUMBERS])
{
    struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    const struct filter all = {&refuse, 1};
    struct start start = {.rules = rules};
    int status = STATUS_OS;

    start.told =
        mmap(NULL, sizeof(*start.told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (start.told == MAP_FAILED ||
        supervise_filter(&all, SECCOMP_RET_TRACE, SECCOMP_RET_TRACE, NULL, 0, &start.filter) != 0)
        tool_error("out of memory");
    else if (backend_trace.open(&start.channel) == STATUS_OK)
        status = wait_for(&start, path, arguments);
    for (int i = 0; i < CALL_NUMBERS && status == STATUS_OK; i++)
        seen[i] |= start.told->seen[i];
    backend_trace.close(&start.channel);
    filter_release(&start.filter);
    if (start.told != MAP_FAILED)
        munmap(start.told, sizeof(*start.told));
    return status;
}
