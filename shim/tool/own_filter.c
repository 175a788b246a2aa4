#include "own_filter.h"

#include <linux/audit.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Without a program it is a question: what does this kernel know? */
enum own_filter own_filter_loaded_by(const struct seccomp_data *call)
{
    uint32_t what = (uint32_t)call->args[0];

    if (call->arch != AUDIT_ARCH_X86_64 || call->args[2] == 0)
        return OWN_FILTER_NONE;
    if (call->nr == SYS_prctl && what == PR_SET_SECCOMP && call->args[1] == SECCOMP_MODE_FILTER)
        return OWN_FILTER_OF_THREAD;
    if (call->nr != SYS_seccomp || what != SECCOMP_SET_MODE_FILTER)
        return OWN_FILTER_NONE;
    return call->args[1] & SECCOMP_FILTER_FLAG_TSYNC ? OWN_FILTER_OF_PROCESS : OWN_FILTER_OF_THREAD;
}

bool own_filter_listens(const struct seccomp_data *call)
{
    return call->nr == SYS_seccomp && (call->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER);
}
