#include "worth.h"

#include <string.h>

#define NAMESPACES                                                                                 \
    "CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_"      \
    "NEWNET"
#define EVERY_NAMESPACE NAMESPACES "|CLONE_NEWTIME"

#define SAFE(call, argument, bits, manner)                                                         \
    {                                                                                              \
        call, argument, bits, manner, true                                                         \
    }
#define VARIES(call, argument, bits, manner)                                                       \
    {                                                                                              \
        call, argument, bits, manner, false                                                        \
    }

/* Never descriptors, sizes, addresses: they mean nothing the next time. Safe is what decides which
 * of many system calls in one it is, or whether memory becomes executable. */
static const struct worth ROWS[] = {
    SAFE("socket", "domain", NULL, WORTH_VALUE),
    SAFE("socket", "type", "SOCK_TYPE_MASK", WORTH_VALUE),
    SAFE("socketpair", "domain", NULL, WORTH_VALUE),
    SAFE("socketpair", "type", "SOCK_TYPE_MASK", WORTH_VALUE),
    SAFE("ioctl", "request", NULL, WORTH_VALUE),
    SAFE("prctl", "option", NULL, WORTH_VALUE),
    SAFE("fcntl", "cmd", NULL, WORTH_VALUE),
    SAFE("mmap", "prot", NULL, WORTH_PROT),
    SAFE("mprotect", "prot", NULL, WORTH_PROT),
    SAFE("pkey_mprotect", "prot", NULL, WORTH_PROT),
    SAFE("clone", "flags", NAMESPACES, WORTH_WITHOUT),
    SAFE("unshare", "flags", EVERY_NAMESPACE, WORTH_WITHOUT),
    SAFE("setns", "nstype", NULL, WORTH_VALUE),
    SAFE("keyctl", "operation", NULL, WORTH_VALUE),
    SAFE("bpf", "cmd", NULL, WORTH_VALUE),
    SAFE("seccomp", "operation", NULL, WORTH_VALUE),
    SAFE("ptrace", "request", NULL, WORTH_VALUE),
    SAFE("arch_prctl", "code", NULL, WORTH_VALUE),
    SAFE("personality", "persona", NULL, WORTH_VALUE),
    SAFE("shmctl", "cmd", NULL, WORTH_VALUE),
    SAFE("semctl", "cmd", NULL, WORTH_VALUE),
    SAFE("msgctl", "cmd", NULL, WORTH_VALUE),
    SAFE("quotactl", "cmd", NULL, WORTH_VALUE),
    SAFE("syslog", "type", NULL, WORTH_VALUE),
    SAFE("reboot", "cmd", NULL, WORTH_VALUE),
    SAFE("io_uring_register", "opcode", NULL, WORTH_VALUE),
    VARIES("setsockopt", "level", NULL, WORTH_VALUE),
    VARIES("setsockopt", "optname", NULL, WORTH_VALUE),
    VARIES("getsockopt", "level", NULL, WORTH_VALUE),
    VARIES("getsockopt", "optname", NULL, WORTH_VALUE),
    VARIES("open", "flags", "O_ACCMODE", WORTH_VALUE),
    VARIES("open", "flags", "O_CREAT|O_TRUNC", WORTH_WITHOUT),
    VARIES("openat", "flags", "O_ACCMODE", WORTH_VALUE),
    VARIES("openat", "flags", "O_CREAT|O_TRUNC", WORTH_WITHOUT),
    VARIES("unlinkat", "flags", "AT_REMOVEDIR", WORTH_WITHOUT),
    VARIES("kill", "sig", NULL, WORTH_VALUE),
    VARIES("tkill", "sig", NULL, WORTH_VALUE),
    VARIES("tgkill", "sig", NULL, WORTH_VALUE),
    VARIES("rt_sigqueueinfo", "sig", NULL, WORTH_VALUE),
    VARIES("rt_tgsigqueueinfo", "sig", NULL, WORTH_VALUE),
    VARIES("pidfd_send_signal", "sig", NULL, WORTH_VALUE),
    VARIES("madvise", "advice", NULL, WORTH_VALUE),
    VARIES("process_madvise", "advice", NULL, WORTH_VALUE),
    VARIES("fadvise64", "advice", NULL, WORTH_VALUE),
    VARIES("futex", "futex_op", "FUTEX_CMD_MASK", WORTH_VALUE),
    VARIES("membarrier", "cmd", NULL, WORTH_VALUE),
    VARIES("prlimit64", "resource", NULL, WORTH_VALUE),
    VARIES("setrlimit", "resource", NULL, WORTH_VALUE),
    VARIES("getrlimit", "resource", NULL, WORTH_VALUE),
    VARIES("sched_setscheduler", "policy", NULL, WORTH_VALUE),
    VARIES("clock_nanosleep", "clockid", NULL, WORTH_VALUE),
    VARIES("timer_create", "clockid", NULL, WORTH_VALUE),
    VARIES("timerfd_create", "clockid", NULL, WORTH_VALUE),
    VARIES("setitimer", "which", NULL, WORTH_VALUE),
};

size_t worth_count(void)
{
    return sizeof(ROWS) / sizeof(ROWS[0]);
}

const struct worth *worth_at(size_t index)
{
    return &ROWS[index];
}

const struct worth *worth_find(const char *call, size_t *count)
{
    const struct worth *first = NULL;

    *count = 0;
    for (size_t i = 0; i < worth_count(); i++) {
        if (strcmp(ROWS[i].call, call) != 0)
            continue;
        first = first ? first : &ROWS[i];
        (*count)++;
    }
    return first;
}
