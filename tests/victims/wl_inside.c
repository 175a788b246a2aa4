/* An intruder in a program: to be preloaded. When the program ends (sftp-server: by _exit, others
 * run destructors) it makes calls that no shipped whitelist allows, each of which does no harm
 * where it is allowed, and says on stderr what came of them. Only in the program that INTRUDE
 * names. */
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* -DWHEN_LOADED: to be loaded by a program, and to try at once. */
#ifdef WHEN_LOADED
#undef WHEN_LOADED
#define WHEN_LOADED 1
#else
#define WHEN_LOADED 0
#endif

static long map_both(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : 0;
}

static long protect_both(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void say(const char *name, long result)
{
    char line[80];
    const char *what = result >= 0 ? "done" : strerrorname_np(errno);
    int length = snprintf(line, sizeof line, "%s=%s ", name, what);

    if (write(STDERR_FILENO, line, (size_t)length) != length)
        abort();
}

static void intrude(void)
{
    static int once;
    const char *name = getenv("INTRUDE");

    if (!WHEN_LOADED && (!name || strcmp(name, program_invocation_short_name) != 0))
        return;
    if (once++)
        return;
    /* No such program: ENOENT from a kernel that was asked. */
    say("exec", execve("/nonexistent", (char *[]){"x", NULL}, (char *[]){NULL}));
    say("tcp", socket(AF_INET, SOCK_STREAM, 0));
    say("raw", socket(AF_INET, SOCK_RAW, 255));
    say("packet", socket(AF_PACKET, SOCK_DGRAM, 0));
    say("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    say("map", map_both());
    say("protect", protect_both());
    /* Process 0 can't be traced: ESRCH. */
    say("ptrace", ptrace(PTRACE_ATTACH, 0, NULL, NULL));
    say("unshare", unshare(CLONE_NEWUSER));
    say("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0));
    say("uring", syscall(SYS_io_uring_setup, 0, NULL));
    say("keyctl", syscall(SYS_keyctl, 0, 0));
    if (write(STDERR_FILENO, "\n", 1) != 1)
        abort();
}

__attribute__((constructor)) static void at_start(void)
{
    if (WHEN_LOADED)
        intrude();
}

__attribute__((destructor)) static void at_end(void)
{
    intrude();
}

/* What comes here did not run destructors. */
void _exit(int status)
{
    intrude();
    for (;;)
        syscall(SYS_exit_group, status);
}
