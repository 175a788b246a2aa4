#include "confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../config/reader.h"
#include "../rules.h"
#include "supervise.h"

enum { NOBODY = 65534 };

/* No file can be opened, no program executed, nobody signalled, nothing mapped that can be
 * executed. */
static const char WHITELIST[] =
    "[filter]\n"
    "default = EPERM\n"
    "[allow]\n"
    "syscalls = brk close exit_group fstat lseek madvise munmap newfstatat\n"
    "syscalls = pread64 read recvmsg rt_sigreturn sendmsg\n"
    "mmap = prot without PROT_EXEC\n"
    "mremap = flags without MREMAP_FIXED\n"
    "fcntl = cmd in F_GETFD F_GETFL\n";

int confine_filter(struct filter *filter)
{
    struct whitelist whitelist = {0};
    struct diagnostics diagnostics = {0};
    struct rules rules = {0};

    int error = reader_read_text("", WHITELIST, sizeof(WHITELIST) - 1, &whitelist, &diagnostics);
    if (!error)
        error = rules_build(&whitelist, &diagnostics, &rules);
    if (!error)
        error = filter_build(&rules, (struct place){"", 0}, &diagnostics, filter);
    rules_release(&rules);
    diagnostics_release(&diagnostics);
    whitelist_release(&whitelist);
    return error;
}

static bool limit_resources(void)
{
    static const struct {
        int resource;
        rlim_t limit;
    } LIMITS[] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_CPU, 60},
        {RLIMIT_FSIZE, 0},
        {RLIMIT_NOFILE, 64},
        {RLIMIT_NPROC, 0},
        {RLIMIT_MEMLOCK, 0},
        {RLIMIT_MSGQUEUE, 0},
#ifndef __SANITIZE_ADDRESS__ /* whose memory is terabytes that are not there */
        {RLIMIT_DATA, (rlim_t)256 << 20},
        {RLIMIT_AS, (rlim_t)4 << 30},
#endif
    };

    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        struct rlimit limit = {0};
        if (getrlimit((__rlimit_resource_t)LIMITS[i].resource, &limit) != 0)
            return false;
        if (limit.rlim_max > LIMITS[i].limit)
            limit.rlim_max = LIMITS[i].limit;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit((__rlimit_resource_t)LIMITS[i].resource, &limit) != 0)
            return false;
    }
    return true;
}

/* By system calls: the C library would ask threads that this process has not. */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct none[2] = {{0}};
    struct __user_cap_data_struct left[2] = {{0}};

    /* who may not, or is in a namespace without a nobody, has no more than the capabilities */
    if (syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) == 0)
        syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0 && syscall(SYS_capget, &header, left) == 0 &&
           left[0].effective == 0 && left[0].permitted == 0 && left[0].inheritable == 0 &&
           left[1].effective == 0 && left[1].permitted == 0 && left[1].inheritable == 0;
}

bool confine(const struct filter *filter)
{
    pid_t parent = getppid();

    if (!limit_resources() || !drop_capabilities())
        return false;
    /* other ids undo both of these */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
        getppid() != parent)
        return false;
#ifdef __SANITIZE_ADDRESS__ /* which could tell of nothing then */
    return filter->count > 0;
#else
    return supervise_load(filter, 0, true, "the reader of symbols") == 0;
#endif
}
