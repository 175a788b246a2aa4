/* allow COMMAND [ARGUMENT...]: executes it under a filter of one instruction, which allows all: the
 * least that any filter costs. */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};

    if (count < 2)
        errx(2, "usage: allow COMMAND [ARGUMENT...]");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        err(1, "cannot load the filter");
    execvp(arguments[1], arguments + 1);
    err(1, "cannot execute '%s'", arguments[1]);
}
