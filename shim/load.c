#include "load.h"

#include <errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>

#include "freestanding/syscall.h"

/* An outer filter may answer a system call with success and carry nothing out. So nothing is
 * believed that could have been answered without the kernel's doing it: each call is first made in
 * a way that the real one refuses, with an error that is known. */

/* A bit of CSIGNAL: unshare(2) refuses it. */
enum { UNSHARE_INVALID = 1 };

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
static const char *prove_one_thread(long *error)
{
    long result = SYSTEM_CALL(SYS_unshare, UNSHARE_INVALID);
    if (result >= 0)
        return failure(pretended, 0, error);
    if (result == -EINVAL)
        result = SYSTEM_CALL(SYS_unshare, CLONE_VM);
    if (result != 0)
        return failure("seccomp(2) is refused, and this may not be the only thread", result, error);
    return NULL;
}

static const char *load_one_thread(const struct load *load, long *error)
{
    const char *text = prove_one_thread(error);
    if (text)
        return text;
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
    return load_one_thread(load, error);
}
