/* An outer filter that makes one system call fail, for what is executed under it:
 *
 *     outer CALL ERROR COMMAND...
 *
 * CALL is a number; ERROR an errno, or 0 for a success that does nothing. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    if (count < 4)
        return 2;
    unsigned call = (unsigned)atoi(arguments[1]);
    unsigned error = (unsigned)atoi(arguments[2]);
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(instructions) / sizeof(instructions[0]), instructions};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("outer");
        return 2;
    }
    execv(arguments[3], arguments + 3);
    perror(arguments[3]);
    return 2;
}
