#include "untraced.h"

#include <dirent.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include "look.h"

enum { NAMESPACES_MAX = 32 };

bool untraced_makes_child(const struct seccomp_data *call, bool *shared)
{
    bool native = call->arch == AUDIT_ARCH_X86_64;
    int clone = native ? SYS_clone : UNTRACED_CLONE_I386;

    *shared = call->nr == SYS_clone3; /* the same number on both */
    return (native || call->arch == AUDIT_ARCH_I386) && (call->nr == clone || *shared);
}

static unsigned long long *flags_register(struct user_regs_struct *registers, bool foreign)
{
    return foreign ? &registers->rbx : &registers->rdi;
}

void untraced_clear(struct untraced *untraced, pid_t thread, const struct seccomp_data *call)
{
    struct untraced found = {.foreign = call->arch != AUDIT_ARCH_X86_64};
    struct user_regs_struct registers;
    bool shared;

    *untraced = (struct untraced){0};
    if (!untraced_makes_child(call, &shared))
        return;
    if (shared) {
        found.address = call->args[0];
        errno = 0;
        long flags = ptrace(PTRACE_PEEKDATA, thread, found.address, 0);
        found.flags = errno == 0 ? (uint64_t)flags : 0;
        if ((found.flags & UNTRACED_FLAG) && ptrace(PTRACE_POKEDATA, thread, found.address,
                                                    found.flags & ~(uint64_t)UNTRACED_FLAG) == 0)
            *untraced = found;
        return;
    }
    if (!(call->args[0] & UNTRACED_FLAG) || ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return;
    found.flags = *flags_register(&registers, found.foreign);
    *flags_register(&registers, found.foreign) &= ~(unsigned long long)UNTRACED_FLAG;
    if (ptrace(PTRACE_SETREGS, thread, 0, &registers) == 0)
        *untraced = found;
}

void untraced_restore(struct untraced *untraced, pid_t thread)
{
    struct user_regs_struct registers;

    if (untraced->address != 0) {
        ptrace(PTRACE_POKEDATA, thread, untraced->address, untraced->flags);
    } else if (untraced->flags != 0 && ptrace(PTRACE_GETREGS, thread, 0, &registers) == 0) {
        *flags_register(&registers, untraced->foreign) = untraced->flags;
        ptrace(PTRACE_SETREGS, thread, 0, &registers);
    }
    *untraced = (struct untraced){0};
}

/* The ids of PROCESS, in our namespace first. Returns how many. */
static size_t read_ids(pid_t process, pid_t ids[NAMESPACES_MAX])
{
    char line[1024];
    size_t count = 0;

    snprintf(line, sizeof(line), "/proc/%d/status", process);
    FILE *file = fopen(line, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "NSpid:", 6) != 0)
            continue;
        char *end = line + 6;
        for (const char *at = end; count < NAMESPACES_MAX; at = end) {
            long id = strtol(at, &end, 10);
            if (end == at)
                break;
            ids[count++] = (pid_t)id;
        }
    }
    if (file)
        fclose(file);
    return count;
}

/* Whether PROCESS has NUMBER where it has the id of DEPTH namespaces below ours. */
static bool is_called(pid_t process, pid_t number, size_t depth)
{
    pid_t ids[NAMESPACES_MAX];

    return read_ids(process, ids) > depth && ids[depth] == number;
}

static void kill_stray(pid_t process)
{
    struct thread_status status;

    if (look_thread(process, &status) == 0 && status.tracer == 0 && status.filters > 0)
        kill(process, SIGKILL);
}

void untraced_kill(pid_t parent, pid_t child)
{
    pid_t ids[NAMESPACES_MAX];
    size_t depth = read_ids(parent, ids);

    if (depth <= 1) {
        kill_stray(child);
        return;
    }
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        pid_t process = (pid_t)strtol(entry->d_name, NULL, 10);
        if (process > 1 && is_called(process, child, depth - 1))
            kill_stray(process);
    }
    if (folder)
        closedir(folder);
}
