#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "oci_rules.h"

enum { ARGUMENTS = 6, SECONDS_MAX = 1 };

/* Of this process, as long as it has run. */
static double seconds(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int add_rule(scmp_filter_ctx context, const struct oci_rule *rule)
{
    struct scmp_arg_cmp comparisons[ARGUMENTS + 1];
    unsigned count = 0;

    for (unsigned i = 0; i < ARGUMENTS; i++)
        count += oci_rule_compares(rule, i, &comparisons[count]);
    if (!rule->known)
        return 0;
    return seccomp_rule_add_array(context, filter_word(rule->action), rule->number, count,
                                  comparisons);
}

/* How many instructions the filter has, or a negative errno. */
static long measure(scmp_filter_ctx context)
{
    int descriptor = memfd_create("portcullis", MFD_CLOEXEC);

    if (descriptor < 0)
        return -errno;
    long result = seccomp_export_bpf(context, descriptor);
    off_t end = lseek(descriptor, 0, SEEK_END);
    if (result == 0)
        result = end < 0 ? -errno : (long)((size_t)end / sizeof(struct sock_filter));
    close(descriptor);
    return result;
}

static int report_slow(const struct policy *policy, const struct oci_rule *rule,
                       struct diagnostics *diagnostics)
{
    diagnostic_error(diagnostics, (struct place){policy->whitelist.name, 0},
                     "an engine would take too long to make the filter: write '%s' with fewer "
                     "lines or values",
                     rule->name);
    return -EINVAL;
}

int oci_rules_try(const struct policy *policy, const struct oci_rules *rules,
                  struct diagnostics *diagnostics)
{
    long instructions = FILTER_INSTRUCTIONS_MAX + 1;

    /* each rule needs an instruction or more */
    if (rules->count <= FILTER_INSTRUCTIONS_MAX) {
        scmp_filter_ctx context = seccomp_init(filter_word(policy->rules.default_action));
        if (!context)
            return -ENOMEM;
        int error = 0;
        double start = seconds();
        /* libseccomp weaves the rules on a call into one tree, which can take it minutes */
        for (size_t i = 0; i < rules->count && !error; i++) {
            error = add_rule(context, &rules->items[i]);
            if (!error && seconds() - start > SECONDS_MAX)
                error = report_slow(policy, &rules->items[i], diagnostics);
        }
        instructions = error ? error : measure(context);
        seccomp_release(context);
    }
    if (instructions < 0)
        return (int)instructions;
    if (instructions <= FILTER_INSTRUCTIONS_MAX)
        return 0;
    diagnostic_error(diagnostics, (struct place){policy->whitelist.name, 0},
                     "an engine would need more than the %d BPF instructions that the kernel "
                     "takes, because it has one comparison an argument and rule",
                     FILTER_INSTRUCTIONS_MAX);
    return -EINVAL;
}
