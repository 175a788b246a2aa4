/* A child that asks not to be traced (CLONE_UNTRACED), as LeakSanitizer's and Breakpad's do. It
 * calls umask(), which its parent does not, and finds everything as it left it. The argument says
 * how it is made: "clone", "vfork", "thread", "clone3", or "race": by clone3, while another thread
 * puts the flag in and takes it out. */
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNTRACED = 0x00800000, STACK = 65536, RACES = 300 };

static char stack[STACK] __attribute__((aligned(16)));

/* What both have in the register of the flags afterwards, in *LEFT. */
static long raw_clone(unsigned long flags, unsigned long *left)
{
    register long child_tid __asm__("r10") = 0;
    register long tls __asm__("r8") = 0;
    long result = SYS_clone;

    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(flags)
                     : "S"(0), "d"(0), "r"(child_tid), "r"(tls)
                     : "rcx", "r11", "memory");
    *left = flags;
    return result;
}

static int ended(pid_t child)
{
    int status = -1;

    waitpid(child, &status, __WALL);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int by_clone(unsigned long flags)
{
    unsigned long left;
    long child = raw_clone(flags, &left);

    if (child == 0) {
        umask(0);
        _exit(left == flags ? 0 : 50);
    }
    return left == flags ? ended((pid_t)child) : 51;
}

static int quiet(void *nothing)
{
    (void)nothing;
    umask(0);
    _exit(0);
}

static atomic_int done;

static int quiet_thread(void *nothing)
{
    (void)nothing;
    umask(0);
    done = 1;
    syscall(SYS_exit, 0);
    return 0;
}

static int by_thread(void)
{
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;

    if (clone(quiet_thread, stack + STACK, flags | UNTRACED, NULL) < 0)
        return 52;
    while (!done)
        sched_yield();
    return 0;
}

static int by_clone3(volatile struct clone_args *arguments, uint64_t flags)
{
    long child = syscall(SYS_clone3, arguments, sizeof(*arguments));

    if (child < 0)
        return 53;
    if (child == 0) {
        umask(0);
        _exit(flags == 0 || arguments->flags == flags ? 0 : 50);
    }
    return flags == 0 || arguments->flags == flags ? ended((pid_t)child) : 51;
}

static volatile struct clone_args raced = {.exit_signal = SIGCHLD};

static void *race(void *nothing)
{
    (void)nothing;
    while (!done)
        raced.flags ^= UNTRACED;
    return NULL;
}

static int by_race(void)
{
    pthread_t thread;
    int wrong = 0;

    pthread_create(&thread, NULL, race, NULL);
    for (int i = 0; i < RACES; i++)
        wrong += by_clone3(&raced, 0) != 0;
    done = 1;
    pthread_join(thread, NULL);
    return wrong;
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "clone";
    volatile struct clone_args once = {.flags = UNTRACED, .exit_signal = SIGCHLD};
    int result;

    if (strcmp(how, "thread") == 0)
        result = by_thread();
    else if (strcmp(how, "vfork") == 0)
        result =
            ended(clone(quiet, stack + STACK, CLONE_VM | CLONE_VFORK | UNTRACED | SIGCHLD, NULL));
    else if (strcmp(how, "clone3") == 0)
        result = by_clone3(&once, UNTRACED);
    else if (strcmp(how, "race") == 0)
        result = by_race();
    else
        result = by_clone(UNTRACED | SIGCHLD);
    printf("%s: %d\n", how, result);
    return result;
}
