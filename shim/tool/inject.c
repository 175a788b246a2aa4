#include "inject.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SIGNALS_MAX = 8,
    STOPS_MAX = 64,
    SYSCALL_STOP = 0x80, /* PTRACE_O_TRACESYSGOOD */
    ROOM = 256,          /* below the stack: the red zone, twice */
    BYTES_MAX = 2048     /* of a program */
};

/* Signals that arrived meanwhile. */
struct late {
    int signals[SIGNALS_MAX];
    size_t count;
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
static long finish_call(pid_t thread, struct late *late)
{
    struct user_regs_struct registers;
    bool ended = false;

    for (int stops = 0; !ended; stops++) {
        int status;
        if (stops == STOPS_MAX || ptrace(PTRACE_SYSCALL, thread, 0, 0) != 0 ||
            !wait_stop(thread, &status) || status >> 16 == PTRACE_EVENT_EXIT)
            return -ESRCH;
        if (WSTOPSIG(status) == (SIGTRAP | SYSCALL_STOP))
            ended = is_end_of_call(thread);
        else if (WSTOPSIG(status) != SIGTRAP && late->count < SIGNALS_MAX)
            late->signals[late->count++] = WSTOPSIG(status);
    }
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return -ESRCH;
    return (long)registers.rax;
}

/* Puts the program below the stack. Returns where its struct sock_fprog is, or 0. */
static uint64_t put_program(pid_t thread, uint64_t stack, const struct filter *filter)
{
    uint64_t place = (stack - ROOM - BYTES_MAX) & ~UINT64_C(15);
    struct {
        struct sock_fprog program;
        unsigned char code[BYTES_MAX - sizeof(struct sock_fprog)];
    } memory = {0};
    size_t bytes = filter->count * sizeof(*filter->instructions);

    if (bytes > sizeof(memory.code))
        return 0;
    memory.program.len = (unsigned short)filter->count;
    memory.program.filter = (struct sock_filter *)(uintptr_t)(place + sizeof(memory.program));
    memcpy(memory.code, filter->instructions, bytes);
    const struct iovec from = {&memory, sizeof(memory.program) + bytes};
    const struct iovec to = {(void *)(uintptr_t)place, from.iov_len};
    return process_vm_writev(thread, &from, 1, &to, 1, 0) == (ssize_t)from.iov_len ? place : 0;
}

static long call_seccomp(pid_t thread, const struct user_regs_struct *before, uint64_t program,
                         struct late *late)
{
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
        result = finish_call(thread, late);
    if (ptrace(PTRACE_POKETEXT, thread, before->rip, original) != 0 ||
        ptrace(PTRACE_SETREGS, thread, 0, before) != 0)
        kill(thread, SIGKILL); /* it would execute what it is not made of */
    return result > 0 ? -EBUSY : result;
}

int inject_filter(pid_t thread, const struct filter *filter)
{
    struct user_regs_struct before;
    struct late late = {.count = 0};

    if (ptrace(PTRACE_GETREGS, thread, 0, &before) != 0)
        return -errno;
    uint64_t program = put_program(thread, before.rsp, filter);
    if (program == 0)
        return -EFAULT;
    long result = call_seccomp(thread, &before, program, &late);
    for (size_t i = 0; i < late.count; i++)
        syscall(SYS_tgkill, thread, thread, late.signals[i]);
    return (int)result;
}
