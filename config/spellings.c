#include "spellings.h"

#include <string.h>

#ifdef __i386__

/* Users and groups of 32 bits, files of any size, times after 2038; and, behind a '!', what was
 * there in the first days. Sorted by name. */
static const struct {
    char name[24];
    char others[40];
} SPELLINGS[] = {
    {"chown", "chown32"},
    {"clock_adjtime", "clock_adjtime64"},
    {"clock_getres", "clock_getres_time64"},
    {"clock_gettime", "clock_gettime64"},
    {"clock_nanosleep", "clock_nanosleep_time64"},
    {"clock_settime", "clock_settime64"},
    {"fadvise64", "fadvise64_64"},
    {"fchown", "fchown32"},
    {"fcntl", "fcntl64"},
    {"fstat", "fstat64 !oldfstat"},
    {"fstatfs", "fstatfs64"},
    {"ftruncate", "ftruncate64"},
    {"futex", "futex_time64"},
    {"getdents", "!readdir"},
    {"getegid", "getegid32"},
    {"geteuid", "geteuid32"},
    {"getgid", "getgid32"},
    {"getgroups", "getgroups32"},
    {"getresgid", "getresgid32"},
    {"getresuid", "getresuid32"},
    {"getrlimit", "ugetrlimit"},
    {"getuid", "getuid32"},
    {"io_pgetevents", "io_pgetevents_time64"},
    {"lchown", "lchown32"},
    {"lseek", "_llseek"},
    {"lstat", "lstat64 !oldlstat"},
    {"mmap", "mmap2"},
    {"mq_timedreceive", "mq_timedreceive_time64"},
    {"mq_timedsend", "mq_timedsend_time64"},
    {"newfstatat", "fstatat64"},
    {"ppoll", "ppoll_time64"},
    {"pselect6", "pselect6_time64"},
    {"recvmmsg", "recvmmsg_time64"},
    {"rt_sigaction", "!sigaction !signal"},
    {"rt_sigpending", "!sigpending"},
    {"rt_sigprocmask", "!sigprocmask !sgetmask !ssetmask"},
    {"rt_sigreturn", "sigreturn"},
    {"rt_sigsuspend", "!sigsuspend"},
    {"rt_sigtimedwait", "rt_sigtimedwait_time64"},
    {"sched_rr_get_interval", "sched_rr_get_interval_time64"},
    {"select", "_newselect"},
    {"semtimedop", "semtimedop_time64"},
    {"sendfile", "sendfile64"},
    {"setfsgid", "setfsgid32"},
    {"setfsuid", "setfsuid32"},
    {"setgid", "setgid32"},
    {"setgroups", "setgroups32"},
    {"setregid", "setregid32"},
    {"setresgid", "setresgid32"},
    {"setresuid", "setresuid32"},
    {"setreuid", "setreuid32"},
    {"settimeofday", "!stime"},
    {"setuid", "setuid32"},
    {"stat", "stat64 !oldstat"},
    {"statfs", "statfs64"},
    {"timer_gettime", "timer_gettime64"},
    {"timer_settime", "timer_settime64"},
    {"timerfd_gettime", "timerfd_gettime64"},
    {"timerfd_settime", "timerfd_settime64"},
    {"truncate", "truncate64"},
    {"umount2", "!umount"},
    {"uname", "!olduname !oldolduname"},
    {"utimensat", "utimensat_time64"},
    {"wait4", "!waitpid"},
};

/* The numbers of net/socket.c and ipc/syscall.c. send and recv are sendto and recvfrom without an
 * address. The upper half of ipc's call is a version. Sorted by name. */
static const struct {
    char name[16];
    bool ipc;
    char condition[24];
} MULTIPLEXED[] = {
    {"accept", false, "call == 5"},
    {"accept4", false, "call == 18"},
    {"bind", false, "call == 2"},
    {"connect", false, "call == 3"},
    {"getpeername", false, "call == 7"},
    {"getsockname", false, "call == 6"},
    {"getsockopt", false, "call == 15"},
    {"listen", false, "call == 4"},
    {"msgctl", true, "call & 0xffff == 14"},
    {"msgget", true, "call & 0xffff == 13"},
    {"msgrcv", true, "call & 0xffff == 12"},
    {"msgsnd", true, "call & 0xffff == 11"},
    {"recv", false, "call == 10"},
    {"recvfrom", false, "call in 10 12"},
    {"recvmmsg", false, "call == 19"},
    {"recvmsg", false, "call == 17"},
    {"semctl", true, "call & 0xffff == 3"},
    {"semget", true, "call & 0xffff == 2"},
    {"semop", true, "call & 0xffff == 1"},
    {"semtimedop", true, "call & 0xffff == 4"},
    {"send", false, "call == 9"},
    {"sendmmsg", false, "call == 20"},
    {"sendmsg", false, "call == 16"},
    {"sendto", false, "call in 9 11"},
    {"setsockopt", false, "call == 14"},
    {"shmat", true, "call & 0xffff == 21"},
    {"shmctl", true, "call & 0xffff == 24"},
    {"shmdt", true, "call & 0xffff == 22"},
    {"shmget", true, "call & 0xffff == 23"},
    {"shutdown", false, "call == 13"},
    {"socket", false, "call == 1"},
    {"socketpair", false, "call == 8"},
};

const char *spellings_of(const char *name)
{
    for (size_t i = 0; i < sizeof(SPELLINGS) / sizeof(SPELLINGS[0]); i++) {
        if (strcmp(SPELLINGS[i].name, name) == 0)
            return SPELLINGS[i].others;
    }
    return "";
}

bool spellings_hide(const char *name)
{
    return strcmp(name, "mmap") == 0 || strcmp(name, "select") == 0;
}

bool spellings_multiplexed(const char *name, struct multiplexed *multiplexed)
{
    for (size_t i = 0; i < sizeof(MULTIPLEXED) / sizeof(MULTIPLEXED[0]); i++) {
        if (strcmp(MULTIPLEXED[i].name, name) == 0) {
            *multiplexed = (struct multiplexed){MULTIPLEXED[i].ipc ? "ipc" : "socketcall",
                                                MULTIPLEXED[i].condition};
            return true;
        }
    }
    return false;
}

#else

const char *spellings_of(const char *name)
{
    (void)name;
    return "";
}

bool spellings_hide(const char *name)
{
    (void)name;
    return false;
}

bool spellings_multiplexed(const char *name, struct multiplexed *multiplexed)
{
    (void)name;
    (void)multiplexed;
    return false;
}

#endif

bool spellings_known(const char *name)
{
    struct multiplexed multiplexed;

    return spellings_of(name)[0] != '\0' || spellings_multiplexed(name, &multiplexed);
}
