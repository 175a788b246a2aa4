#include "live_verdicts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum {
    SUPERVISORS_ERRNO = 3999,
    WAKE_ON_THE_SAME_PROCESSOR = 1, /* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: newer than the headers */
    TRAPPED_BY_SECCOMP = 1,         /* the kernel's SYS_SECCOMP, a name that glibc keeps from us */
};

/* The calls that are tried are made here and nowhere else; the filter below tells them from the
 * harness's own by this address. */
long live_probe(long number, const uint64_t arguments[6]);
extern const char live_probe_return[];
#if defined(__x86_64__)
__asm__(".text\n"
        ".globl live_probe\n"
        "live_probe:\n"
        "mov %rdi, %rax\n"
        "mov 0(%rsi), %rdi\n"
        "mov 16(%rsi), %rdx\n"
        "mov 24(%rsi), %r10\n"
        "mov 32(%rsi), %r8\n"
        "mov 40(%rsi), %r9\n"
        "mov 8(%rsi), %rsi\n"
        "syscall\n"
        ".globl live_probe_return\n"
        "live_probe_return:\n"
        "ret\n");
#elif defined(__i386__)
__asm__(".text\n"
        ".globl live_probe\n"
        "live_probe:\n"
        "push %ebx\n"
        "push %esi\n"
        "push %edi\n"
        "push %ebp\n"
        "mov 20(%esp), %eax\n"
        "mov 24(%esp), %ebp\n"
        "mov 0(%ebp), %ebx\n"
        "mov 8(%ebp), %ecx\n"
        "mov 16(%ebp), %edx\n"
        "mov 24(%ebp), %esi\n"
        "mov 32(%ebp), %edi\n"
        "mov 40(%ebp), %ebp\n"
        "int $0x80\n"
        ".globl live_probe_return\n"
        "live_probe_return:\n"
        "pop %ebp\n"
        "pop %edi\n"
        "pop %esi\n"
        "pop %ebx\n"
        "ret\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl live_probe\n"
        "live_probe:\n"
        "mov x8, x0\n"
        "mov x9, x1\n"
        "ldp x0, x1, [x9]\n"
        "ldp x2, x3, [x9, #16]\n"
        "ldp x4, x5, [x9, #32]\n"
        "svc #0\n"
        ".globl live_probe_return\n"
        "live_probe_return:\n"
        "ret\n");
#endif

/* Shared between the caller and the processes that try. */
struct board {
    size_t next;           /* the try that is being made */
    int error;             /* what kept the harness itself from working */
    unsigned long noticed; /* how many calls the supervisor has answered */
    size_t count;
    struct live_try tries[];
};

static sigjmp_buf back;
static volatile siginfo_t trapped;

static void on_trap(int number, siginfo_t *information, void *context)
{
    (void)number;
    (void)context;
    trapped.si_code = information->si_code;
    trapped.si_errno = information->si_errno;
    trapped.si_syscall = information->si_syscall;
    /* Not by returning: that is rt_sigreturn, which the filter may refuse. */
    siglongjmp(back, 1);
}

static void try_one(struct board *board, struct live_try *try)
{
    unsigned long noticed = __atomic_load_n(&board->noticed, __ATOMIC_ACQUIRE);
    if (sigsetjmp(back, 0)) {
        bool ours = trapped.si_code == TRAPPED_BY_SECCOMP && trapped.si_syscall == try->number;
        try->answer = SECCOMP_RET_TRAP | (ours ? (uint32_t)trapped.si_errno : 0xffff);
        return;
    }
    long result = live_probe(try->number, try->arguments);
    if (__atomic_load_n(&board->noticed, __ATOMIC_ACQUIRE) != noticed)
        try->answer = result == -SUPERVISORS_ERRNO ? SECCOMP_RET_ALLOW : LIVE_UNTOUCHED;
    else if (result < 0 && result >= -4095)
        try->answer = SECCOMP_RET_ERRNO | (uint32_t)-result;
    else
        try->answer = LIVE_UNTOUCHED;
}

static _Noreturn void be_victim(struct board *board, const struct sock_fprog *program)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program)) {
        board->error = errno;
        board->next = board->count;
    }
    /* From here on, no call but those that are tried. */
    for (; board->next < board->count; board->next++)
        try_one(board, &board->tries[board->next]);
    __builtin_trap(); /* the way out that needs no system call */
}

/* What a register holds of each. */
static bool same_arguments(const __u64 seen[6], const uint64_t made[6])
{
    for (size_t i = 0; i < 6; i++) {
        if (seen[i] != (unsigned long)made[i])
            return false;
    }
    return true;
}

static _Noreturn void be_supervisor(struct board *board, int listener)
{
    struct seccomp_notif call;
    struct seccomp_notif_resp answer = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, (uint64_t)WAKE_ON_THE_SAME_PROCESSOR);
    for (;;) {
        memset(&call, 0, sizeof(call));
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
            continue;
        const struct live_try *try = &board->tries[board->next];
        bool same = call.data.nr == try->number && same_arguments(call.data.args, try->arguments);
        answer.id = call.id;
        answer.error = same ? -SUPERVISORS_ERRNO : -EPROTO;
        __atomic_add_fetch(&board->noticed, 1, __ATOMIC_RELEASE);
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

/* The filter below the tested one. Returns its listener or a negative errno. */
static int notify_of_probes(void)
{
    uint64_t address = (uintptr_t)live_probe_return;
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)address, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(address >> 32), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(instructions) / sizeof(*instructions), instructions};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    long listener =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return listener < 0 ? -errno : (int)listener;
}

/* Victim after victim, until every call has been tried. Returns 0 or a negative errno. */
static int try_all(struct board *board, const struct sock_fprog *program)
{
    while (board->next < board->count) {
        int status;
        pid_t victim = fork();
        if (victim == 0)
            be_victim(board, program);
        if (victim < 0 || waitpid(victim, &status, 0) != victim)
            return -errno;
        if (board->next >= board->count)
            return -board->error;
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
        board->tries[board->next++].answer = killed ? SECCOMP_RET_KILL_PROCESS : LIVE_UNTOUCHED;
    }
    return 0;
}

static _Noreturn void be_server(struct board *board, const struct sock_fprog *program)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    int listener = notify_of_probes();
    if (listener < 0) {
        board->error = -listener;
        _exit(1);
    }
    pid_t supervisor = fork();
    if (supervisor == 0)
        be_supervisor(board, listener);
    board->error = supervisor < 0 ? errno : -try_all(board, program);
    if (supervisor > 0)
        kill(supervisor, SIGKILL);
    _exit(board->error != 0);
}

int live_verdicts(const struct sock_fprog *program, struct live_try *tries, size_t count)
{
    size_t size = sizeof(struct board) + count * sizeof(*tries);
    struct board *board =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        return -errno;
    board->count = count;
    memcpy(board->tries, tries, count * sizeof(*tries));
    int status = 0;
    int error = 0;
    pid_t server = fork();
    if (server == 0)
        be_server(board, program);
    if (server < 0 || waitpid(server, &status, 0) != server)
        error = -errno;
    else if (status != 0)
        error = board->error ? -board->error : -ECHILD;
    memcpy(tries, board->tries, count * sizeof(*tries));
    munmap(board, size);
    return error;
}
