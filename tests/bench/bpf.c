/* libseccomp's program for what stands on standard input, a line a rule: NUMBER, or NUMBER VALUE
 * for its first argument. `bpf 1` makes the list, `bpf 2` the binary tree. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

static int add(scmp_filter_ctx context, const char *line)
{
    int number;
    unsigned value;

    if (sscanf(line, "%d %u", &number, &value) == 2)
        return seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, value));
    return seccomp_rule_add(context, SCMP_ACT_ALLOW, atoi(line), 0);
}

int main(int count, char **arguments)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    char line[64];
    int error = count == 2 && context ? 0 : -EINVAL;

    if (!error)
        error = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, (unsigned)atoi(arguments[1]));
    while (!error && fgets(line, sizeof(line), stdin))
        error = add(context, line);
    if (!error)
        error = seccomp_export_bpf(context, 1);
    return error ? 1 : 0;
}
