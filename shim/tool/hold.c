#include "hold.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "look.h"

enum {
    CODE_SECCOMP = 1,  /* SYS_SECCOMP in the kernel's <asm/siginfo.h> */
    SYSCALL_BYTES = 2, /* "syscall", and "int $0x80" */
    WAITS_MAX = 60000, /* of a millisecond */
};

/* Waits for the next thing to tell of THREAD. Not for ever: one whose id an exec has taken away is
 * never told of. */
static bool next_stop(pid_t thread, int *status)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (int i = 0; i < WAITS_MAX; i++) {
        pid_t got = waitpid(thread, status, __WALL | WNOHANG);
        if (got == thread)
            return WIFSTOPPED(*status);
        if (got < 0 && errno != EINTR)
            return false;
        sigtimedwait(&set, NULL, &pause);
    }
    return false;
}

void hold_begin(struct hold *hold, pid_t thread)
{
    *hold = (struct hold){.thread = thread};
    hold->traced = ptrace(PTRACE_SEIZE, thread, 0, 0) == 0;
    if (hold->traced)
        ptrace(PTRACE_INTERRUPT, thread, 0, 0);
}

bool hold_wait(struct hold *hold)
{
    int status;

    if (!hold->traced || !next_stop(hold->thread, &status))
        return false;
    hold->stopped = true;
    /* a signal came first; otherwise it is the stop that was asked for, or one of job control */
    hold->signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
    return true;
}

void hold_end(struct hold *hold)
{
    if (hold->traced)
        ptrace(PTRACE_DETACH, hold->thread, 0, (long)hold->signal);
    *hold = (struct hold){0};
}

void hold_make_die(pid_t thread)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return;
    registers.rip -= SYSCALL_BYTES;
    registers.rax = HOLD_FATAL_CALL;
    registers.orig_rax = ~0ULL; /* no call to be restarted */
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
}

void hold_kill(struct hold *hold)
{
    if (hold->stopped)
        hold_make_die(hold->thread);
    hold_end(hold);
}

bool hold_is_caught(pid_t thread)
{
    struct thread_status status;
    uint64_t mask = 0;
    const uint64_t bit = UINT64_C(1) << (SIGSYS - 1);

    return look_thread(thread, &status) == 0 && (status.caught & bit) &&
           ptrace(PTRACE_GETSIGMASK, thread, sizeof(mask), &mask) == 0 && !(mask & bit);
}

void hold_raise(pid_t process, pid_t thread, const struct seccomp_data *call)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) == 0) {
        registers.rax = (unsigned long long)call->nr;
        registers.orig_rax = ~0ULL;
        ptrace(PTRACE_SETREGS, thread, 0, &registers);
    }
    syscall(SYS_tgkill, process, thread, SIGSYS);
}

void hold_dress(pid_t thread, const struct seccomp_data *call)
{
    siginfo_t information = {.si_signo = SIGSYS, .si_code = CODE_SECCOMP};

    information.si_call_addr = (void *)(uintptr_t)call->instruction_pointer;
    information.si_syscall = call->nr;
    information.si_arch = call->arch;
    ptrace(PTRACE_SETSIGINFO, thread, 0, &information);
}

void hold_trap(struct hold *hold, const struct seccomp_data *call)
{
    struct thread_status status;
    int stop;

    if (!hold->stopped || !hold_is_caught(hold->thread) ||
        look_thread(hold->thread, &status) != 0) {
        hold_kill(hold);
        return;
    }
    hold_raise(status.process, hold->thread, call);
    /* other signals first, each with its handler's frame */
    do {
        ptrace(PTRACE_CONT, hold->thread, 0, (long)hold->signal);
        if (!next_stop(hold->thread, &stop))
            break;
        hold->signal = stop >> 16 == 0 ? WSTOPSIG(stop) : 0;
    } while (hold->signal != SIGSYS);
    if (hold->signal == SIGSYS)
        hold_dress(hold->thread, call);
    hold_end(hold);
}
