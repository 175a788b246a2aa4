#include "decode_table.h"

#include <stddef.h>
#include <string.h>

#define AT_FLAGS     "AT_SYMLINK_NOFOLLOW AT_EMPTY_PATH AT_NO_AUTOMOUNT AT_SYMLINK_FOLLOW"
#define OPEN_NUMBERS "O_RDONLY O_WRONLY O_RDWR"
#define OPEN_FLAGS   "O_NONBLOCK O_SYNC O_TMPFILE -O_FSYNC -O_RSYNC -O_NDELAY -O_ACCMODE O_*"
#define SIGNALS      "SIGIO SIGABRT SIGCHLD -SIG_* -SIGEV_* SIG*"
#define FAMILIES     "AF_UNIX AF_NETLINK AF_UNSPEC AF_* PF_*"
#define SOCKET_TYPES "-SOCK_TYPE_MASK SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_*"
#define CLOCKS       "CLOCK_*"
#define MAP_FLAGS    "MAP_ANONYMOUS -MAP_HUGE_* -MAP_TYPE -MAP_FILE MAP_*"
#define CLONE_FLAGS                                                                                \
    "-CLONE_ARGS_* -CLONE_NEWTIME CLONE_VM CLONE_FS CLONE_FILES CLONE_SIGHAND "                    \
    "CLONE_THREAD CLONE_*"
#define PROTECTIONS "PROT_READ PROT_WRITE PROT_EXEC PROT_*"
#define FUTEX_NUMBERS                                                                              \
    "FUTEX_WAIT FUTEX_WAKE FUTEX_REQUEUE FUTEX_CMP_REQUEUE "                                       \
    "FUTEX_WAKE_OP FUTEX_LOCK_PI FUTEX_UNLOCK_PI FUTEX_TRYLOCK_PI FUTEX_WAIT_BITSET "              \
    "FUTEX_WAKE_BITSET FUTEX_WAIT_REQUEUE_PI FUTEX_CMP_REQUEUE_PI FUTEX_LOCK_PI2"
#define MESSAGE_FLAGS                                                                              \
    "MSG_OOB MSG_PEEK MSG_DONTROUTE MSG_CTRUNC MSG_TRUNC MSG_DONTWAIT MSG_EOR "                    \
    "MSG_WAITALL MSG_CONFIRM MSG_ERRQUEUE MSG_NOSIGNAL MSG_MORE MSG_WAITFORONE MSG_BATCH "         \
    "MSG_ZEROCOPY MSG_FASTOPEN MSG_CMSG_CLOEXEC"
#define LEVELS "SOL_SOCKET IPPROTO_IP IPPROTO_TCP IPPROTO_UDP IPPROTO_IPV6 SOL_*"
#define REQUESTS                                                                                   \
    "TCGETS FIONREAD FIONBIO -TCP_* -TC_* TC* TIOC* FIO* SIOC* BLK* FS_* "                         \
    "FICLONE FI* LOOP_* BTRFS_IOC* KVM_* DM_* VT_* KD* NS_* UFFDIO_* PERF_EVENT_IOC* TUN* "        \
    "NBD_* EVIOC* SG_* CDROM* HDIO_* RND* RTC_*"

#define NUMBER(call, argument, words)                                                              \
    {                                                                                              \
        call, argument, words, NULL, false, false                                                  \
    }
#define FLAGS(call, argument, words)                                                               \
    {                                                                                              \
        call, argument, NULL, words, false, false                                                  \
    }
#define FIELD(call, argument, numbers, words)                                                      \
    {                                                                                              \
        call, argument, numbers, words, false, false                                               \
    }
#define OCTAL(call, argument)                                                                      \
    {                                                                                              \
        call, argument, NULL, NULL, true, false                                                    \
    }
#define ADDRESS(argument)                                                                          \
    {                                                                                              \
        NULL, argument, NULL, NULL, false, true                                                    \
    }

static const struct meaning MEANINGS[] = {
    NUMBER("socket", "domain", FAMILIES),
    FIELD("socket", "type", SOCKET_TYPES, "SOCK_CLOEXEC SOCK_NONBLOCK"),
    NUMBER("socketpair", "domain", FAMILIES),
    FIELD("socketpair", "type", SOCKET_TYPES, "SOCK_CLOEXEC SOCK_NONBLOCK"),
    FLAGS("accept4", "flags", "SOCK_CLOEXEC SOCK_NONBLOCK"),
    NUMBER("shutdown", "how", "SHUT_*"),
    NUMBER("getsockopt", "level", LEVELS),
    NUMBER("setsockopt", "level", LEVELS),
    NUMBER("SOL_SOCKET", "optname", "SO_*"),
    NUMBER("IPPROTO_TCP", "optname", "TCP_*"),
    NUMBER("IPPROTO_IP", "optname", "-IP_PMTUDISC_* IP_*"),
    NUMBER("IPPROTO_IPV6", "optname", "-IPV6_PMTUDISC_* IPV6_*"),
    FLAGS("sendto", "flags", MESSAGE_FLAGS),
    FLAGS("sendmsg", "flags", MESSAGE_FLAGS),
    FLAGS("sendmmsg", "flags", MESSAGE_FLAGS),
    FLAGS("recvfrom", "flags", MESSAGE_FLAGS),
    FLAGS("recvmsg", "flags", MESSAGE_FLAGS),
    FLAGS("recvmmsg", "flags", MESSAGE_FLAGS),
    FIELD("open", "flags", OPEN_NUMBERS, OPEN_FLAGS),
    FIELD("openat", "flags", OPEN_NUMBERS, OPEN_FLAGS),
    FIELD("open_by_handle_at", "flags", OPEN_NUMBERS, OPEN_FLAGS),
    FIELD("mq_open", "oflag", OPEN_NUMBERS, OPEN_FLAGS),
    FLAGS("pipe2", "flags", OPEN_FLAGS),
    FLAGS("dup3", "flags", OPEN_FLAGS),
    FLAGS("eventfd2", "flags", "EFD_*"),
    FLAGS("signalfd4", "flags", "SFD_*"),
    FLAGS("epoll_create1", "flags", "EPOLL_CLOEXEC"),
    NUMBER("epoll_ctl", "op", "EPOLL_CTL_*"),
    FLAGS("inotify_init1", "flags", "IN_CLOEXEC IN_NONBLOCK"),
    FLAGS("inotify_add_watch", "mask", "-IN_ALL_EVENTS -IN_CLOEXEC -IN_NONBLOCK IN_*"),
    FLAGS("timerfd_create", "flags", "TFD_CLOEXEC TFD_NONBLOCK"),
    FLAGS("timerfd_settime", "flags", "TFD_TIMER_*"),
    FLAGS("memfd_create", "flags", "-MFD_HUGE_* MFD_*"),
    FLAGS("unlinkat", "flags", "AT_REMOVEDIR"),
    FLAGS("faccessat2", "flags", "AT_EACCESS " AT_FLAGS),
    FLAGS("newfstatat", "flags", AT_FLAGS),
    FLAGS("statx", "flags", AT_FLAGS " AT_STATX_FORCE_SYNC AT_STATX_DONT_SYNC"),
    FLAGS("statx", "mask", "STATX_BASIC_STATS STATX_*"),
    FLAGS("linkat", "flags", AT_FLAGS),
    FLAGS("fchmodat2", "flags", AT_FLAGS),
    FLAGS("fchownat", "flags", AT_FLAGS),
    FLAGS("utimensat", "flags", AT_FLAGS),
    FLAGS("execveat", "flags", AT_FLAGS),
    FLAGS("name_to_handle_at", "flags", AT_FLAGS),
    FLAGS("renameat2", "flags", "RENAME_*"),
    FLAGS("access", "mode", "F_OK R_OK W_OK X_OK"),
    FLAGS("faccessat", "mode", "F_OK R_OK W_OK X_OK"),
    FLAGS("faccessat2", "mode", "F_OK R_OK W_OK X_OK"),
    NUMBER("lseek", "whence", "SEEK_*"),
    FLAGS("fallocate", "mode", "FALLOC_FL_*"),
    NUMBER("fadvise64", "advice", "POSIX_FADV_*"),
    FLAGS("flock", "operation", "LOCK_SH LOCK_EX LOCK_UN LOCK_NB"),
    NUMBER("fcntl", "cmd",
           "-F_OK F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW "
           "-F_RDLCK -F_WRLCK -F_UNLCK -F_EXLCK -F_SHLCK -F_SEAL_* -F_OWNER_* F_*"),
    NUMBER("ioctl", "request", REQUESTS),
    FLAGS("mmap", "prot", PROTECTIONS),
    FIELD("mmap", "flags", "MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE", MAP_FLAGS),
    FLAGS("mprotect", "prot", PROTECTIONS),
    FLAGS("pkey_mprotect", "prot", PROTECTIONS),
    FLAGS("mremap", "flags", "MREMAP_*"),
    FLAGS("msync", "flags", "MS_ASYNC MS_INVALIDATE MS_SYNC"),
    FLAGS("mlockall", "flags", "MCL_*"),
    NUMBER("madvise", "advice", "MADV_*"),
    NUMBER("process_madvise", "advice", "MADV_*"),
    FLAGS("getrandom", "flags", "GRND_*"),
    FIELD("clone", "flags", SIGNALS, CLONE_FLAGS),
    FLAGS("unshare", "flags", "CLONE_NEWTIME -CLONE_ARGS_* CLONE_*"),
    FLAGS("setns", "nstype", "CLONE_NEWTIME CLONE_NEW*"),
    NUMBER("prctl", "option",
           "-PR_SET_MM_* -PR_MCE_* PR_SET_* PR_GET_* PR_CAPBSET_* PR_MCE_KILL "
           "PR_CAP_AMBIENT PR_SPEC_* PR_SCHED_CORE PR_TASK_* PR_*"),
    NUMBER("arch_prctl", "code", "ARCH_*"),
    FIELD("futex", "futex_op", FUTEX_NUMBERS, "FUTEX_PRIVATE_FLAG FUTEX_CLOCK_REALTIME"),
    NUMBER("membarrier", "cmd", "MEMBARRIER_CMD_*"),
    NUMBER("rt_sigprocmask", "how", "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK"),
    NUMBER(NULL, "signum", SIGNALS),
    NUMBER("kill", "sig", SIGNALS),
    NUMBER("tkill", "sig", SIGNALS),
    NUMBER("tgkill", "sig", SIGNALS),
    NUMBER("rt_sigqueueinfo", "sig", SIGNALS),
    NUMBER("rt_tgsigqueueinfo", "sig", SIGNALS),
    NUMBER("pidfd_send_signal", "sig", SIGNALS),
    NUMBER(NULL, "resource", "RLIMIT_*"),
    NUMBER(NULL, "clockid", CLOCKS),
    NUMBER(NULL, "clk_id", CLOCKS),
    FLAGS("clock_nanosleep", "flags", "TIMER_ABSTIME"),
    FLAGS("timer_settime", "flags", "TIMER_ABSTIME"),
    NUMBER("getitimer", "which", "ITIMER_*"),
    NUMBER("setitimer", "which", "ITIMER_*"),
    NUMBER("getrusage", "who", "RUSAGE_*"),
    NUMBER("getpriority", "which", "PRIO_*"),
    NUMBER("setpriority", "which", "PRIO_*"),
    NUMBER(NULL, "policy", "SCHED_OTHER -SCHED_FLAG_* SCHED_*"),
    FLAGS("wait4", "options", "WNOHANG WUNTRACED WCONTINUED"),
    FLAGS("waitid", "options", "WNOHANG WEXITED WSTOPPED WCONTINUED WNOWAIT"),
    NUMBER("waitid", "idtype", "P_ALL P_PID P_PGID P_PIDFD"),
    NUMBER("seccomp", "operation", "SECCOMP_SET_MODE_* SECCOMP_GET_*"),
    NUMBER("keyctl", "operation", "KEYCTL_*"),
    NUMBER("bpf", "cmd", "BPF_MAP_* BPF_PROG_LOAD BPF_*"),
    NUMBER("ptrace", "request", "-PTRACE_O_* -PTRACE_EVENT_* PTRACE_TRACEME PTRACE_PEEK* PTRACE_*"),
    FLAGS("mount", "mountflags", "-MS_ASYNC -MS_SYNC -MS_INVALIDATE MS_*"),
    FLAGS("umount2", "flags", "MNT_* UMOUNT_NOFOLLOW"),
    FLAGS("splice", "flags", "SPLICE_F_*"),
    FLAGS("tee", "flags", "SPLICE_F_*"),
    FLAGS("vmsplice", "flags", "SPLICE_F_*"),
    NUMBER(NULL, "dirfd", "AT_FDCWD"),
    NUMBER(NULL, "olddirfd", "AT_FDCWD"),
    NUMBER(NULL, "newdirfd", "AT_FDCWD"),
    OCTAL("umask", "mask"),
    ADDRESS("addr"),
    ADDRESS("stack"),
    ADDRESS("tls"),
    ADDRESS("old_address"),
    ADDRESS("new_address"),
};

const struct meaning *decode_meaning(const char *call, const char *argument)
{
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++) {
        const struct meaning *meaning = &MEANINGS[i];
        if ((!meaning->call || strcmp(meaning->call, call) == 0) &&
            strcmp(meaning->argument, argument) == 0)
            return meaning;
    }
    return NULL;
}
