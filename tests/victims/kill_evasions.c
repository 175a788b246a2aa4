/* kill_evasions HOW: makes a call, mkdir or time, that a whitelist denies with "kill", and tries to
 * survive it. "survived" is printed if anything of the program runs behind that call. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { STACK = 65536 };

static unsigned char *page;
static volatile int go;
static sigjmp_buf back;

static void survived(void)
{
    static const char TEXT[] = "survived\n";

    if (write(STDOUT_FILENO, TEXT, sizeof(TEXT) - 1) < 0)
        abort();
    _exit(0);
}

static void denied(void)
{
    syscall(SYS_mkdir, "nowhere/at/all", 0700);
    survived();
}

static void jump(int signal)
{
    siglongjmp(back, signal);
}

extern char behind[] __asm__("behind");

/* Goes elsewhere if it interrupts what comes behind the call, or the call when it is another one by
 * now. A signal that comes before the supervisor has the call makes it fail with EINTR, unmade. */
static void jump_behind(int signal, siginfo_t *information, void *context)
{
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const char *at = (const char *)registers[REG_RIP];

    (void)information;
    if ((at == behind && registers[REG_RAX] != -EINTR) ||
        (at == behind - 2 && registers[REG_RAX] != SYS_mkdir))
        siglongjmp(back, signal);
}

/* A signal that is pending when the call ends has a handler that goes elsewhere. */
static void by_signal(void)
{
    const struct itimerval often = {{0, 300}, {0, 300}};
    const struct sigaction action = {.sa_sigaction = jump_behind, .sa_flags = SA_SIGINFO};
    long result;

    sigaction(SIGALRM, &action, NULL);
    if (sigsetjmp(back, 1) != 0)
        survived();
    setitimer(ITIMER_REAL, &often, NULL);
    for (volatile long i = rand() % 200000; i > 0; i--)
        continue;
    do {
        __asm__ volatile("syscall\n"
                         "behind:"
                         : "=a"(result)
                         : "a"((long)SYS_mkdir), "D"("x"), "S"(0L)
                         : "rcx", "r11", "memory");
    } while (result == -EINTR);
    survived();
}

static void wait_somewhat(void)
{
    while (!go)
        continue;
    for (volatile long i = rand() % 300000; i > 0; i--)
        continue;
}

static void *rewrite(void *nothing)
{
    wait_somewhat();
    page[0] = page[1] = 0x90;
    return nothing;
}

static void *unmap(void *nothing)
{
    wait_somewhat();
    munmap(page, 4096);
    return nothing;
}

/* From now on the page is not filled with zeros when it is gone. */
static void keep_missing(void)
{
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register range = {{(unsigned long)page, 4096}, UFFDIO_REGISTER_MODE_MISSING, 0};
    int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

    if (faults < 0 || ioctl(faults, UFFDIO_API, &api) != 0 ||
        ioctl(faults, UFFDIO_REGISTER, &range) != 0)
        abort();
}

/* The page is gone, and who reads it waits for ever: the supervisor as well. */
static void *take_away(void *nothing)
{
    wait_somewhat();
    madvise(page, 4096, MADV_DONTNEED);
    return nothing;
}

static void from_page(void *(*other)(void *))
{
    static const unsigned char CODE[] = {0x0f, 0x05, 0xc3}; /* syscall; ret */
    pthread_t thread;
    long result;

    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, CODE, sizeof(CODE));
    pthread_create(&thread, NULL, other, NULL);
    signal(SIGSEGV, jump);
    if (sigsetjmp(back, 1) != 0)
        survived();
    if (other == take_away)
        keep_missing();
    go = 1;
    __asm__ volatile("call *%1"
                     : "=a"(result)
                     : "r"(page), "a"((long)SYS_mkdir), "D"("x"), "S"(0L)
                     : "rcx", "r11", "memory");
    survived();
}

static void by_rewriting(void)
{
    from_page(rewrite);
}

static void by_taking_away(void)
{
    from_page(take_away);
}

static void by_unmapping(void)
{
    from_page(unmap);
}

/* What stands before the return address is no system call instruction. */
static void by_vsyscall(void)
{
    long (*const time_of)(long *) = (long (*)(long *))0xffffffffff600400;

    signal(SIGSEGV, jump);
    if (sigsetjmp(back, 1) == 0)
        time_of(NULL);
    survived();
}

static void tell_end(int status)
{
    printf("child: signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    exit(0);
}

/* Lets CHILD go on whatever stops it, without SIGSYS. */
static void keep_alive(pid_t child)
{
    int status;

    while (waitpid(child, &status, __WALL) == child) {
        if (!WIFSTOPPED(status))
            tell_end(status);
        int signal = WSTOPSIG(status);
        bool keep = signal == SIGSYS || signal == SIGSTOP || signal == SIGTRAP;
        ptrace(PTRACE_CONT, child, 0, keep ? 0L : (long)signal);
    }
}

static void by_tracer(void)
{
    pid_t child = fork();

    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0)
            raise(SIGSTOP);
        denied();
    }
    keep_alive(child);
}

/* It begins to trace while the call waits. */
static void by_late_tracer(void)
{
    pid_t child = fork();

    if (child == 0)
        denied();
    for (volatile long i = rand() % 500000; i > 0; i--)
        continue;
    ptrace(PTRACE_SEIZE, child, 0, 0);
    keep_alive(child);
}

static int toggle(void *parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != *(pid_t *)parent) /* which died before that: it would go on for ever */
        _exit(0);
    for (;;) {
        signal(SIGSYS, jump);
        signal(SIGSYS, SIG_IGN);
        signal(SIGSYS, SIG_DFL);
    }
    return 0;
}

/* A process that is none of its threads keeps changing what SIGSYS does. */
static void by_sharer(void)
{
    static char stack[STACK];
    static pid_t self;

    self = getpid();
    clone(toggle, stack + STACK, CLONE_VM | CLONE_SIGHAND | SIGCHLD, &self);
    if (sigsetjmp(back, 1) != 0)
        survived();
    denied();
}

static void *bear(void *nothing)
{
    if (vfork() == 0) {
        go = 1;
        for (int i = 0; i < 100; i++)
            usleep(10000);
        _exit(0);
    }
    return nothing;
}

/* Another thread can neither be stopped nor go on. */
static void in_vfork(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, bear, NULL);
    while (!go)
        usleep(1000);
    denied();
}

static void vfork_child(void)
{
    int status;
    pid_t child = vfork();

    if (child == 0)
        denied();
    waitpid(child, &status, 0);
    tell_end(status);
}

static const struct {
    const char *name;
    void (*run)(void);
} WAYS[] = {
    {"signal", by_signal},    {"rewrite", by_rewriting}, {"unmap", by_unmapping},
    {"away", by_taking_away}, {"vsyscall", by_vsyscall}, {"tracer", by_tracer},
    {"late", by_late_tracer}, {"sharer", by_sharer},     {"vfork", in_vfork},
    {"vforked", vfork_child},
};

int main(int count, char **arguments)
{
    srand((unsigned)getpid());
    for (size_t i = 0; count > 1 && i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
        if (strcmp(WAYS[i].name, arguments[1]) == 0)
            WAYS[i].run();
    }
    return 2;
}
