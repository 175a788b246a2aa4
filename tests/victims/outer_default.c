/* What is executed under it may only make the calls that are named, and is killed for others, as in
 * a unit with SystemCallFilter=:
 *
 *     outer_default CALL... -- PROGRAM ARG... */
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int at = 1;

    for (; context && at < count && strcmp(arguments[at], "--") != 0; at++) {
        int number = seccomp_syscall_resolve_name(arguments[at]);
        if (number != __NR_SCMP_ERROR && seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0) != 0)
            return 2;
    }
    if (!context || at + 1 >= count || seccomp_load(context) != 0) {
        fputs("outer_default: cannot load the filter\n", stderr);
        return 2;
    }
    execv(arguments[at + 1], arguments + at + 1);
    perror(arguments[at + 1]);
    return 2;
}
