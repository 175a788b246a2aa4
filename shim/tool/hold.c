#include "hold.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "look.h"
#include "worker.h"

enum {
    CODE_SECCOMP = 1,  /* SYS_SECCOMP in the kernel's <asm/siginfo.h> */
    SYSCALL_BYTES = 2, /* "syscall", and "int $0x80" */
    YIELDS_MAX = 50,
    WAITS_MAX = 120000, /* of half a millisecond */
    ENDS_MAX = 20000,
    STEP_WAITS_MAX = 4000,
    READ_MILLISECONDS = 1000,
    STEPS_MAX = 16,
};

/* Between two looks: the first ones come one after another. */
static void pause_for(int round)
{
    const struct timespec pause = {.tv_nsec = 500000};

    if (round < YIELDS_MAX)
        sched_yield();
    else
        nanosleep(&pause, NULL);
}

/* Waits for the next stop of THREAD, LIMIT rounds at most. Returns false when it comes to its end
 * instead, which is left for others to be told of; and when an exec has taken its id away, which
 * nobody is told of. */
static bool next_stop(pid_t thread, int *status, int limit)
{
    for (int i = 0; i < limit; i++) {
        siginfo_t told = {0};
        if (waitid(P_PID, (id_t)thread, &told, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) !=
                0 &&
            errno != EINTR)
            return false;
        if (told.si_pid == thread) {
            bool stopped = told.si_code == CLD_TRAPPED || told.si_code == CLD_STOPPED;
            return stopped && told.si_status >> 8 != PTRACE_EVENT_EXIT &&
                   waitpid(thread, status, __WALL | WNOHANG) == thread && WIFSTOPPED(*status);
        }
        if (syscall(SYS_tkill, thread, 0) != 0 && errno == ESRCH)
            return false;
        pause_for(i);
    }
    return false;
}

/* --- the end of a process -------------------------------------------------------------------- */

/* Whether the thread whose folder is NAME in TASKS may still execute anything. A tracer may keep
 * one where it is about to end. */
static bool may_run(int tasks, const char *name)
{
    char path[NAME_MAX + 16];
    char text[512];

    snprintf(path, sizeof(path), "%s/stat", name);
    int file = openat(tasks, path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof(text) - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *state = strrchr(text, ')'); /* its name may have anything in it */
    return state && state[1] == ' ' && !strchr("ZXxt", state[2]);
}

static bool any_may_run(pid_t process)
{
    char path[64];
    bool any = false;
    const struct dirent *entry;

    snprintf(path, sizeof(path), "/proc/%d/task", process);
    DIR *tasks = opendir(path);
    while (tasks && !any && (entry = readdir(tasks)))
        any = *entry->d_name != '.' && may_run(dirfd(tasks), entry->d_name);
    if (tasks)
        closedir(tasks);
    return any;
}

static void send_kill(const struct hold *hold)
{
    if (hold->handle < 0)
        kill(hold->process, SIGKILL);
    else
        syscall(SYS_pidfd_send_signal, hold->handle, SIGKILL, NULL, 0);
}

/* --- the hold -------------------------------------------------------------------------------- */

void hold_begin(struct hold *hold, pid_t process, pid_t thread)
{
    *hold = (struct hold){
        .process = process, .thread = thread, .handle = (int)syscall(SYS_pidfd_open, process, 0)};
}

void hold_trace(struct hold *hold, bool traced)
{
    hold->stays = traced;
    hold->traced = traced || ptrace(PTRACE_SEIZE, hold->thread, 0, 0) == 0;
    if (hold->traced)
        ptrace(PTRACE_INTERRUPT, hold->thread, 0, 0);
}

bool hold_wait(struct hold *hold)
{
    int status;

    if (!hold->traced || !next_stop(hold->thread, &status, WAITS_MAX))
        return false;
    hold->stopped = true;
    /* a signal came first; otherwise it is the stop that was asked for, or one of job control */
    hold->signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
    return true;
}

static void release(struct hold *hold)
{
    if (hold->handle >= 0)
        close(hold->handle);
    *hold = (struct hold){.handle = -1};
}

void hold_end(struct hold *hold)
{
    if (hold->stopped)
        ptrace(hold->stays ? PTRACE_CONT : PTRACE_DETACH, hold->thread, 0, (long)hold->signal);
    release(hold);
}

/* In a worker, since it may wait for ever: whether there is a system call instruction at the
 * address in the memory that comes. */
static void look_at_code(int channel, void *context)
{
    static const unsigned char CALLS[][SYSCALL_BYTES] = {{0x0f, 0x05}, {0xcd, 0x80}};
    unsigned char code[SYSCALL_BYTES];
    struct worker_message message;
    int memory;

    (void)context;
    if (!worker_receive(channel, &message, &memory, -1))
        return;
    ssize_t got = pread(memory, code, sizeof(code), (off_t)message.address);
    message.word = got == SYSCALL_BYTES && (memcmp(code, CALLS[0], sizeof(code)) == 0 ||
                                            memcmp(code, CALLS[1], sizeof(code)) == 0);
    worker_send(channel, &message, -1);
}

static bool is_call(pid_t thread, uint64_t address)
{
    struct worker_message message = {.address = address};
    struct worker worker;
    char path[64];
    bool answered = false;

    snprintf(path, sizeof(path), "/proc/%d/mem", thread);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0)
        return false;
    if (worker_start(&worker, look_at_code, NULL) == 0) {
        answered = worker_send(worker.channel, &message, memory) &&
                   worker_receive(worker.channel, &message, NULL, READ_MILLISECONDS);
        worker_stop(&worker);
    }
    close(memory);
    return answered && message.word;
}

/* The next instruction is the system call instruction that has just been executed, and this time
 * the call is the fatal one; no signal comes before. Returns whether it is so. */
static bool make_fatal(pid_t thread)
{
    const uint64_t all = UINT64_MAX;
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return false;
    registers.rip -= SYSCALL_BYTES;
    if (!is_call(thread, registers.rip))
        return false;
    registers.rax = HOLD_FATAL_CALL;
    registers.orig_rax = ~0ULL; /* no call to be restarted */
    return ptrace(PTRACE_SETSIGMASK, thread, sizeof(all), &all) == 0 &&
           ptrace(PTRACE_SETREGS, thread, 0, &registers) == 0;
}

/* Has the kernel end the process. Other threads may have put another instruction there meanwhile:
 * then that one is all that is executed. */
static void die_of_call(pid_t thread)
{
    int status;
    int signal = 0;
    bool waits = true;

    for (int i = 0; waits && i < STEPS_MAX; i++) {
        if (ptrace(PTRACE_SINGLESTEP, thread, 0, (long)signal) != 0 ||
            !next_stop(thread, &status, STEP_WAITS_MAX))
            return;
        int event = status >> 16;
        signal = !event && WSTOPSIG(status) == SIGSYS ? SIGSYS : 0; /* shown by Linux 5.15 */
        waits = signal || event == PTRACE_EVENT_STOP || (!event && WSTOPSIG(status) == SIGSTOP);
    }
}

void hold_kill(struct hold *hold)
{
    if (hold->stopped && make_fatal(hold->thread))
        die_of_call(hold->thread);
    send_kill(hold); /* who is dying already keeps the status */
    for (int i = 0; i < ENDS_MAX && any_may_run(hold->process); i++)
        pause_for(i);
    release(hold);
}

/* --- "trap" ---------------------------------------------------------------------------------- */

bool hold_is_caught(pid_t thread)
{
    struct thread_status status;
    uint64_t mask = 0;
    const uint64_t bit = UINT64_C(1) << (SIGSYS - 1);

    return look_thread(thread, &status) == 0 && (status.caught & bit) &&
           ptrace(PTRACE_GETSIGMASK, thread, sizeof(mask), &mask) == 0 && !(mask & bit);
}

uint64_t hold_raise(pid_t process, pid_t thread, const struct seccomp_data *call)
{
    const uint64_t others = ~(UINT64_C(1) << (SIGSYS - 1));
    struct user_regs_struct registers;
    uint64_t mask = 0;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) == 0) {
        registers.rax = (unsigned long long)call->nr;
        registers.orig_rax = ~0ULL;
        ptrace(PTRACE_SETREGS, thread, 0, &registers);
    }
    if (ptrace(PTRACE_GETSIGMASK, thread, sizeof(mask), &mask) == 0)
        ptrace(PTRACE_SETSIGMASK, thread, sizeof(others), &others);
    syscall(SYS_tgkill, process, thread, SIGSYS);
    return mask;
}

void hold_dress(pid_t thread, const struct seccomp_data *call, uint64_t mask)
{
    siginfo_t information = {.si_signo = SIGSYS, .si_code = CODE_SECCOMP};

    information.si_call_addr = (void *)(uintptr_t)call->instruction_pointer;
    information.si_syscall = call->nr;
    information.si_arch = call->arch;
    ptrace(PTRACE_SETSIGINFO, thread, 0, &information);
    ptrace(PTRACE_SETSIGMASK, thread, sizeof(mask), &mask);
}

void hold_trap(struct hold *hold, const struct seccomp_data *call)
{
    int status;

    if (!hold->stopped || !hold_is_caught(hold->thread)) {
        hold_kill(hold);
        return;
    }
    uint64_t mask = hold_raise(hold->process, hold->thread, call);
    do {
        /* what came before is blocked now, and so waits again */
        ptrace(PTRACE_CONT, hold->thread, 0, (long)hold->signal);
        hold->stopped = next_stop(hold->thread, &status, WAITS_MAX);
        hold->signal = hold->stopped && status >> 16 == 0 ? WSTOPSIG(status) : 0;
    } while (hold->stopped && hold->signal != SIGSYS);
    if (hold->stopped)
        hold_dress(hold->thread, call, mask);
    hold_end(hold);
}
