#include "sigsys.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <unistd.h>

#include "../hold.h"
#include "../look.h"

enum {
    CODE_SECCOMP = 1,  /* SYS_SECCOMP in the kernel's <asm/siginfo.h> */
    SYSCALL_BYTES = 2, /* "syscall", and "int $0x80" */
};

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

bool sigsys_is_caught(pid_t thread)
{
    struct thread_status status;
    uint64_t mask = 0;
    const uint64_t bit = UINT64_C(1) << (SIGSYS - 1);

    return look_thread(thread, &status) == 0 && (status.caught & bit) &&
           ptrace(PTRACE_GETSIGMASK, thread, sizeof(mask), &mask) == 0 && !(mask & bit);
}

/* What it does next is to die of SIGSYS by the kernel's hand. */
static void make_die(pid_t thread)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return;
    registers.rip -= SYSCALL_BYTES;
    registers.rax = HOLD_FATAL_CALL;
    registers.orig_rax = ~0ULL; /* no call to be restarted */
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
}

/* The call has returned nothing but its number, as the kernel leaves it. */
static void raise_in(const struct sigsys_wait *wait)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, wait->thread, 0, &registers) == 0) {
        registers.rax = (unsigned long long)wait->call.nr;
        registers.orig_rax = ~0ULL;
        ptrace(PTRACE_SETREGS, wait->thread, 0, &registers);
    }
    syscall(SYS_tgkill, wait->process, wait->thread, SIGSYS);
}

/* Makes the SIGSYS that is about to be delivered look like the kernel's. */
static void dress(const struct sigsys_wait *wait)
{
    siginfo_t information = {.si_signo = SIGSYS, .si_code = CODE_SECCOMP};

    information.si_call_addr = (void *)(uintptr_t)wait->call.instruction_pointer;
    information.si_syscall = wait->call.nr;
    information.si_arch = wait->call.arch;
    ptrace(PTRACE_SETSIGINFO, wait->thread, 0, &information);
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
            dress(wait);
            drop(place);
        }
    } else if (wait->deadly || !sigsys_is_caught(thread)) {
        make_die(thread);
        drop(place);
        signal = 0;
    } else {
        raise_in(wait);
        wait->raised = true;
    }
    return signal;
}
