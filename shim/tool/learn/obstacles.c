#include "obstacles.h"

#include <linux/audit.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../look.h"
#include "../own_filter.h"
#include "../tool.h"

enum { PROGRAM_MAX = 4096, NULL_MAJOR = 1, NULL_MINOR = 3 };

void obstacles_look(void)
{
    struct stat status;

    if (fstat(STDOUT_FILENO, &status) == 0 && S_ISCHR(status.st_mode) &&
        status.st_rdev == makedev(NULL_MAJOR, NULL_MINOR))
        tool_note("warning: standard output is /dev/null, so some programs do less; "
                  "use '| cat >/dev/null'");
}

/* A thread has one tracer. */
static bool is_traced(const struct gate *gate, const struct event *event)
{
    switch ((uint32_t)event->call.args[0]) {
    case PTRACE_TRACEME:
        return true;
    case PTRACE_ATTACH:
    case PTRACE_SEIZE:
        return gate_traces(gate, (pid_t)event->call.args[1]);
    default:
        return false;
    }
}

void obstacles_tell(struct obstacles *obstacles, const struct gate *gate,
                    const struct backend *backend, const struct event *event)
{
    const struct seccomp_data *call = &event->call;
    char path[PROGRAM_MAX];

    if (call->arch != AUDIT_ARCH_X86_64)
        return;
    if (call->nr == SYS_ptrace && !obstacles->traces && is_traced(gate, event)) {
        obstacles->traces = true;
        tool_note("warning: '%s' (pid %d) cannot trace while it is learned, which is by tracing; "
                  "what it does then is missing: 'portcullis run --report %s PROGRAM' tells of it",
                  look_program(event->process, path, sizeof(path)), event->process,
                  obstacles->path ? obstacles->path : "WHITELIST");
    }
    if (backend->listens && own_filter_loaded_by(call) && own_filter_listens(call) &&
        !obstacles->listens) {
        obstacles->listens = true;
        tool_note("warning: '%s' (pid %d) cannot listen to system calls while it is learned by "
                  "--backend notify, which does: learn it by --backend ptrace",
                  look_program(event->process, path, sizeof(path)), event->process);
    }
}
