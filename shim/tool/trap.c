#include "trap.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

/* What faults, and how. A fault whose signal is ignored sets that signal's disposition to the
 * default, for good: so there is a choice. */
struct trap_kind {
    int signal;
    unsigned char bytes[TRAP_BYTES];
    unsigned char length;
    unsigned char advance; /* how far the program counter has moved */
};

static const struct trap_kind KINDS[] = {
    {SIGTRAP, {0xcc}, 1, 1},      /* int3 */
    {SIGILL, {0x0f, 0x0b}, 2, 0}, /* ud2 */
    {SIGSEGV, {0xf4}, 1, 0},      /* hlt */
};

enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]), WORD = sizeof(long) };

static uint64_t bit(int signal)
{
    return (uint64_t)1 << (signal - 1);
}

/* Copies LENGTH bytes at ADDRESS to OLD, and then NEW, where it is not NULL, to ADDRESS. By words:
 * what lies behind them may be no memory. */
static int exchange(pid_t thread, uint64_t address, unsigned char *old, const unsigned char *new,
                    size_t length)
{
    for (size_t done = 0; done < length;) {
        uint64_t start = (address + done) & ~(uint64_t)(WORD - 1);
        size_t skip = address + done - start;
        size_t part = WORD - skip < length - done ? WORD - skip : length - done;

        errno = 0;
        long word = ptrace(PTRACE_PEEKTEXT, thread, start, 0);
        if (errno != 0)
            return -errno;
        if (old)
            memcpy(old + done, (char *)&word + skip, part);
        if (new)
            memcpy((char *)&word + skip, new + done, part);
        if (new &&ptrace(PTRACE_POKETEXT, thread, start, word) != 0)
            return -errno;
        done += part;
    }
    return 0;
}

int trap_set(struct trap *trap, pid_t process, uint64_t address, uint64_t ignored)
{
    const struct trap_kind *kind = KINDS;
    uint64_t mask;

    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!(ignored & bit(KINDS[i].signal))) {
            kind = &KINDS[i];
            break;
        }
    }
    if (ptrace(PTRACE_GETSIGMASK, process, sizeof(mask), &mask) != 0)
        return -errno;
    *trap =
        (struct trap){.kind = kind, .address = address, .blocked = (mask & bit(kind->signal)) != 0};
    int error = exchange(process, address, trap->original, kind->bytes, kind->length);
    if (error)
        trap->kind = NULL;
    return error;
}

bool trap_is_hit(const struct trap *trap, pid_t thread, int signal)
{
    struct user_regs_struct registers;
    siginfo_t information;

    if (!trap->kind || signal != trap->kind->signal)
        return false;
    if (ptrace(PTRACE_GETSIGINFO, thread, 0, &information) != 0 || information.si_code <= 0)
        return false;
    return ptrace(PTRACE_GETREGS, thread, 0, &registers) == 0 &&
           registers.rip == trap->address + trap->kind->advance;
}

/* Faulting has unblocked the signal. */
static int block_again(const struct trap *trap, pid_t thread)
{
    uint64_t mask;

    if (!trap->blocked)
        return 0;
    if (ptrace(PTRACE_GETSIGMASK, thread, sizeof(mask), &mask) != 0)
        return -errno;
    mask |= bit(trap->kind->signal);
    return ptrace(PTRACE_SETSIGMASK, thread, sizeof(mask), &mask) != 0 ? -errno : 0;
}

int trap_remove(const struct trap *trap, pid_t thread, bool hit)
{
    unsigned char now[TRAP_BYTES];
    struct user_regs_struct registers;

    if (!trap->kind)
        return 0;
    int error = exchange(thread, trap->address, now, NULL, trap->kind->length);
    if (!error && memcmp(now, trap->kind->bytes, trap->kind->length) == 0)
        error = exchange(thread, trap->address, NULL, trap->original, trap->kind->length);
    if (error || !hit)
        return error;
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return -errno;
    registers.rip = trap->address;
    if (ptrace(PTRACE_SETREGS, thread, 0, &registers) != 0)
        return -errno;
    return block_again(trap, thread);
}

int trap_exit(const struct trap *trap, pid_t thread, int status)
{
    /* syscall; and hlt, for where an outer filter refuses it */
    static const unsigned char END[TRAP_BYTES] = {0x0f, 0x05, 0xf4};
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return -errno;
    registers.rip = trap->address;
    registers.rax = SYS_exit_group;
    registers.orig_rax = ~0ULL; /* no call to be restarted */
    registers.rdi = (unsigned long long)status;
    int error = exchange(thread, trap->address, NULL, END, sizeof(END));
    if (!error && ptrace(PTRACE_SETREGS, thread, 0, &registers) != 0)
        error = -errno;
    return error;
}
