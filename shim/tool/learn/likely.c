#include "likely.h"

#include <stdio.h>

#include "../call.h"

enum { CALLS_MAX = 512 };

/* Each row was seen under strace with Debian 12's C library; tests/live/learn_likely.sh does it
 * again. Not here: exit, exit_group, rt_sigreturn and restart_syscall, which nobody has to list. */
static const struct {
    const char *reason;
    const char *when; /* it is of interest where one of these is listed; NULL: always */
    const char *calls;
} ROWS[] = {
    {"abort(), raise(), failed assertions and what the C library finds wrong", NULL,
     "write writev mmap rt_sigprocmask rt_sigaction getpid gettid tgkill"},
    {"malloc() and free() of other sizes", NULL,
     "brk mmap munmap mremap mprotect madvise getrandom"},
    {"messages about errors: perror(), error(), err()", NULL,
     "write dup fcntl fstat newfstatat close"},
    {"standard input and output that are a terminal, a file or a device", "read write",
     "read write fstat newfstatat ioctl lseek"},
    {"locales, time zones, character sets (their modules want mmap with PROT_EXEC)", "openat open",
     "openat fstat newfstatat read lseek mmap mprotect munmap close futex"},
    {"names of hosts and services (DNS)", "connect",
     "socket connect bind getsockname sendto sendmmsg recvfrom recvmsg poll ioctl setsockopt uname "
     "openat fstat newfstatat read lseek close futex"},
    {"names of users and groups", "getgroups setgroups setuid setresuid chown fchown fchownat",
     "socket connect openat fstat newfstatat read lseek close"},
    {"syslog()", "listen setsid", "socket connect sendto openat fstat newfstatat read lseek close"},
    {"more threads, and threads that wait for each other", "rseq",
     "clone rseq set_robust_list mmap mprotect munmap madvise futex rt_sigaction rt_sigprocmask "
     "gettid"},
    {"threads that are cancelled (libgcc_s wants mmap with PROT_EXEC)", "rseq",
     "rt_sigaction rt_sigprocmask getpid tgkill futex madvise openat fstat newfstatat read mmap "
     "mprotect "
     "munmap close"},
    {"system(), popen() and posix_spawn()", "execve",
     "clone wait4 execve pipe2 dup2 fcntl close mmap munmap prlimit64 rt_sigaction rt_sigprocmask"},
    {"the loader of other programs that are executed", "execve",
     "access arch_prctl brk close getrandom mmap mprotect munmap fstat newfstatat openat pread64 "
     "prlimit64 read rseq set_robust_list set_tid_address"},
    {"processor time, and what the vDSO of other machines can't read", NULL, "clock_gettime"},
    {"copies between files that the kernel can't make by itself", "copy_file_range sendfile splice",
     "read write"},
    {"a kernel without the newer call", "clone3", "clone"},
    {"a kernel without the newer call", "close_range", "close"},
    {"a kernel without the newer call", "epoll_pwait2", "epoll_pwait"},
    {"a kernel without the newer call", "faccessat2", "faccessat"},
    {"a kernel without the newer call", "fchmodat2", "fchmodat"},
    {"a kernel without the newer call", "openat2", "openat"},
    {"a kernel without the newer call", "preadv2", "preadv"},
    {"a kernel without the newer call", "pwritev2", "pwritev"},
    {"a kernel without the newer call", "renameat2", "renameat"},
    {"a kernel without the newer call", "statx", "newfstatat"},
};

/* Whether one of WORDS is listed. */
static bool any_listed(const char *words, bool (*is_listed)(const void *context, const char *name),
                       const void *listed)
{
    char name[CALL_NAME_MAX];

    while ((words = call_next(words, name))) {
        if (is_listed(listed, name))
            return true;
    }
    return false;
}

/* The words of CALLS that are not listed, into TEXT. */
static void lacking(const char *calls, bool (*is_listed)(const void *context, const char *name),
                    const void *listed, char text[CALLS_MAX])
{
    char name[CALL_NAME_MAX];
    size_t used = 0;

    *text = '\0';
    while ((calls = call_next(calls, name))) {
        if (!is_listed(listed, name) && used < CALLS_MAX - 1)
            used +=
                (size_t)snprintf(text + used, CALLS_MAX - used, "%s%s", used > 0 ? " " : "", name);
    }
}

bool likely_visit(bool (*is_listed)(const void *context, const char *name), const void *listed,
                  bool (*visit)(void *context, const struct likely *row), void *context)
{
    char calls[CALLS_MAX];

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (ROWS[i].when && !any_listed(ROWS[i].when, is_listed, listed))
            continue;
        lacking(ROWS[i].calls, is_listed, listed, calls);
        if (*calls != '\0' && !visit(context, &(struct likely){ROWS[i].reason, calls}))
            return false;
    }
    return true;
}
