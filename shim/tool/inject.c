#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STOPS_MAX = 64,
    SYSCALL_STOP = 0x80, /* PTRACE_O_TRACESYSGOOD */
    ROOM = 256           /* below the stack: the red zone, twice */
};

/* What comes of the thread while it makes a call for us. */
struct visit {
    pid_t thread;
    bool stopped; /* a SIGSTOP was held back */
};

/* Waits for THREAD to stop again. Its death is left for others to be told of. */
static bool wait_stop(pid_t thread, int *status)
{
    siginfo_t information;

    while (waitid(P_PID, (id_t)thread, &information, WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0) {
        if (errno != EINTR)
            return false;
    }
    if (information.si_code != CLD_TRAPPED && information.si_code != CLD_STOPPED)
        return false;
    while (waitpid(thread, status, __WALL) < 0) {
        if (errno != EINTR)
            return false;
    }
    return WIFSTOPPED(*status);
}

static bool is_end_of_call(pid_t thread)
{
    struct __ptrace_syscall_info information = {0};

    return ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(information), &information) > 0 &&
           information.op == PTRACE_SYSCALL_INFO_EXIT;
}

/* Lets THREAD go on to the end of its next call. Returns what it returns. */
static long finish_call(struct visit *visit)
{
    struct user_regs_struct registers;
    pid_t thread = visit->thread;
    bool ended = false;

    for (int stops = 0; !ended; stops++) {
        int status;
        if (stops == STOPS_MAX || ptrace(PTRACE_SYSCALL, thread, 0, 0) != 0 ||
            !wait_stop(thread, &status) || status >> 16 == PTRACE_EVENT_EXIT)
            return -ESRCH;
        if (WSTOPSIG(status) == (SIGTRAP | SYSCALL_STOP))
            ended = is_end_of_call(thread);
        else if (WSTOPSIG(status) != SIGTRAP)
            visit->stopped = true;
    }
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return -ESRCH;
    return (long)registers.rax;
}

/* Puts the program below the stack. Returns where its struct sock_fprog is, or 0. */
static uint64_t put_program(pid_t thread, uint64_t stack, const struct filter *filter)
{
    struct sock_fprog program = {.len = (unsigned short)filter->count};
    size_t bytes = filter->count * sizeof(*filter->instructions);
    uint64_t place = (stack - ROOM - sizeof(program) - bytes) & ~UINT64_C(15);
    char path[32];

    program.filter = (struct sock_filter *)(uintptr_t)(place + sizeof(program));
    const struct iovec parts[] = {{&program, sizeof(program)}, {filter->instructions, bytes}};
    /* not process_vm_writev(2), which a container's filter may refuse */
    snprintf(path, sizeof(path), "/proc/%d/mem", thread);
    int memory = open(path, O_WRONLY | O_CLOEXEC);
    if (memory < 0)
        return 0;
    ssize_t written = pwritev(memory, parts, 2, (off_t)place);
    close(memory);
    return written == (ssize_t)(sizeof(program) + bytes) ? place : 0;
}

static long call_seccomp(struct visit *visit, const struct user_regs_struct *before,
                         uint64_t program)
{
    pid_t thread = visit->thread;
    static const unsigned char SYSCALL[] = {0x0f, 0x05};
    struct user_regs_struct registers = *before;

    errno = 0;
    long original = ptrace(PTRACE_PEEKTEXT, thread, before->rip, 0);
    if (errno != 0)
        return -errno;
    long changed = original;
    memcpy(&changed, SYSCALL, sizeof(SYSCALL));
    if (ptrace(PTRACE_POKETEXT, thread, before->rip, changed) != 0)
        return -errno;
    registers.rax = SYS_seccomp;
    registers.orig_rax = ~0ULL; /* no call to be restarted */
    registers.rdi = SECCOMP_SET_MODE_FILTER;
    registers.rsi = SECCOMP_FILTER_FLAG_TSYNC;
    registers.rdx = program;
    long result = -ESRCH;
    if (ptrace(PTRACE_SETREGS, thread, 0, &registers) == 0)
        result = finish_call(visit);
    if (ptrace(PTRACE_POKETEXT, thread, before->rip, original) != 0 ||
        ptrace(PTRACE_SETREGS, thread, 0, before) != 0)
        kill(thread, SIGKILL); /* it would execute what it is not made of */
    return result > 0 ? -EBUSY : result;
}

/* SIGCONT has come, and waits: what was stopped before is to go on. */
static bool is_continued(pid_t thread)
{
    struct __ptrace_peeksiginfo_args range = {.flags = PTRACE_PEEKSIGINFO_SHARED, .nr = 1};
    siginfo_t information;

    while (ptrace(PTRACE_PEEKSIGINFO, thread, &range, &information) == 1) {
        if (information.si_signo == SIGCONT)
            return true;
        range.off++;
    }
    return false;
}

/* No signal but SIGKILL and SIGSTOP reaches the thread meanwhile: those that come wait, as they
 * are, until it has its own mask again. */
int inject_filter(pid_t thread, const struct filter *filter)
{
    const uint64_t all = UINT64_MAX;
    struct visit visit = {.thread = thread};
    struct user_regs_struct before;
    uint64_t mask;

    if (ptrace(PTRACE_GETREGS, thread, 0, &before) != 0 ||
        ptrace(PTRACE_GETSIGMASK, thread, sizeof(mask), &mask) != 0)
        return -errno;
    uint64_t program = put_program(thread, before.rsp, filter);
    if (program == 0)
        return -EFAULT;
    if (ptrace(PTRACE_SETSIGMASK, thread, sizeof(all), &all) != 0)
        return -errno;
    long result = call_seccomp(&visit, &before, program);
    if (visit.stopped && !is_continued(thread))
        syscall(SYS_tgkill, thread, thread, SIGSTOP);
    if (ptrace(PTRACE_SETSIGMASK, thread, sizeof(mask), &mask) != 0)
        kill(thread, SIGKILL); /* no signal would ever reach it */
    return (int)result;
}
