#include "load.h"

#include <errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>

#include "freestanding/syscall.h"

/* An outer filter may answer a system call with success and carry nothing out. So nothing is
 * believed that could have been answered without the kernel's doing it: each call is first made in
 * a way that the real one refuses, with an error that is known. */

/* An outer filter may also kill for a call, as a unit's SystemCallFilter= does, and the process
 * would end without a word. So where there is one, a child makes the call first. */

/* A bit of CSIGNAL: unshare(2) refuses it. */
enum { UNSHARE_INVALID = 1 };

/* Whether a filter is there already, or that can't be told. */
static bool has_outer_filter(void)
{
    return SYSTEM_CALL(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
}

/* What a child of kills() does. It leaves no core behind, and runs no handler of the host's. */
static _Noreturn void try_call(long number, long first, long second, long third)
{
    static const uint64_t DEFAULT_ACTION[8] = {0};

    SYSTEM_CALL(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    SYSTEM_CALL(SYS_rt_sigaction, SIGSYS, DEFAULT_ACTION, NULL, sizeof(uint64_t));
    SYSTEM_CALL(number, first, second, third);
    for (;;)
        SYSTEM_CALL(SYS_exit_group, 0);
}

/* Whether this call, which the kernel refuses, is the end of who makes it. The host does not notice
 * the child: it has memory of its own, and no signal tells of its end. */
static bool kills(long number, long first, long second, long third)
{
    int status = 0;
    long result;
    long child = SYSTEM_CALL(SYS_clone, 0, NULL, NULL, NULL, NULL);

    if (child == 0)
        try_call(number, first, second, third);
    if (child < 0)
        return false; /* it can't be told */
    do {
        result = SYSTEM_CALL(SYS_wait4, child, &status, __WALL, NULL);
    } while (result == -EINTR);
    return result == child && WIFSIGNALED(status);
}

#define KILLED "an outer filter kills processes that call seccomp(2)"

static const char pretended[] = "an outer filter only pretends to make system calls";

static const char *failure(const char *text, long result, long *error)
{
    *error = result < 0 ? -result : 0;
    return text;
}

static const char *set_no_new_privileges(long *error)
{
    long result = SYSTEM_CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (result < 0)
        return failure("cannot set no_new_privs", result, error);
    result = SYSTEM_CALL(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    if (result < 0)
        return failure("cannot tell whether no_new_privs is set", result, error);
    return result == 1 ? NULL : failure(pretended, 0, error);
}

static const char *load_all_threads(const struct load *load, unsigned flags, long *error)
{
    for (size_t i = 0; i < load->count; i++) {
        long result = SYSTEM_CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &load->programs[i]);
        if (result > 0) {
            *error = -result;
            return "cannot filter all threads, because of a filter of its own in thread";
        }
        if (result < 0)
            return failure("cannot load the filter", result, error);
    }
    return NULL;
}

/* A thread or another process that shares the memory makes unshare(CLONE_VM) fail. It changes
 * nothing where it succeeds. */
static const char *prove_one_thread(bool outer, long *error)
{
    if (outer && kills(SYS_unshare, UNSHARE_INVALID, 0, 0))
        return failure("an outer filter refuses seccomp(2), and kills processes that call "
                       "unshare(2), so that this may not be the only thread" LOAD_ALLOW_SECCOMP,
                       0, error);
    long result = SYSTEM_CALL(SYS_unshare, UNSHARE_INVALID);
    if (result >= 0)
        return failure(pretended, 0, error);
    if (result == -EINVAL)
        result = SYSTEM_CALL(SYS_unshare, CLONE_VM);
    if (result != 0)
        return failure("seccomp(2) is refused, and this may not be the only thread", result, error);
    return NULL;
}

static const char *load_one_thread(const struct load *load, bool outer, long *error)
{
    const char *text = prove_one_thread(outer, error);
    if (text)
        return text;
    if (outer && kills(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0))
        return failure("an outer filter refuses seccomp(2), and kills processes that call "
                       "prctl(2)" LOAD_ALLOW_SECCOMP,
                       0, error);
    long result = SYSTEM_CALL(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0);
    if (result >= 0)
        return failure(pretended, 0, error);
    if (result != -EFAULT)
        return failure("both seccomp(2) and prctl(2) are refused", result, error);
    for (size_t i = 0; i < load->count; i++) {
        result =
            SYSTEM_CALL(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &load->programs[i], 0, 0);
        if (result != 0)
            return failure("cannot load the filter by prctl(2)", result, error);
    }
    return NULL;
}

bool load_is_fatal(unsigned flags)
{
    return has_outer_filter() && kills(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, 0);
}

unsigned load_flags(bool audit)
{
    return SECCOMP_FILTER_FLAG_TSYNC | (audit ? SECCOMP_FILTER_FLAG_LOG : 0);
}

const char *load_programs(const struct load *load, long *error)
{
    unsigned flags = load_flags(load->audit);

    *error = 0;
    /* No program is no filter: that is nobody's wish. */
    if (load->count == 0)
        return "there is no filter to load";
    if (load->no_new_privileges) {
        const char *text = set_no_new_privileges(error);
        if (text)
            return text;
    }
    bool outer = !load->reloads && has_outer_filter();
    if (outer && kills(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, 0)) {
        if (load->audit)
            return KILLED ", and 'audit' needs it" LOAD_ALLOW_SECCOMP;
        if (load->more)
            return KILLED ", and stages need it" LOAD_ALLOW_SECCOMP;
        return load_one_thread(load, outer, error);
    }
    long result = SYSTEM_CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL);
    if (result == -EFAULT)
        return load_all_threads(load, flags, error);
    if (result >= 0)
        return failure(pretended, 0, error);
    /* prctl(2) has no flags. */
    if (load->audit)
        return failure("seccomp(2) is refused, and 'audit' needs it", result, error);
    if (load->more)
        return failure("seccomp(2) is refused, and stages need it", result, error);
    return load_one_thread(load, outer, error);
}
