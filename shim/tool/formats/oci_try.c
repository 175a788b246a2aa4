#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci_rules.h"

enum { SECONDS_MAX = 1 };

/* What the child has found out. In shared memory. */
struct trial {
    size_t at;         /* the rule that it adds */
    long instructions; /* how many the filter has, or a negative errno */
};

static int add_rule(scmp_filter_ctx context, const struct oci_rule *rule)
{
    if (!rule->known)
        return 0;
    return seccomp_rule_add_array(context, filter_word(rule->action), rule->number, rule->count,
                                  rule->comparisons);
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

/* In the child: makes the filter, as long as it may take. */
static void build(struct trial *trial, const struct policy *policy, const struct oci_rules *rules)
{
    const struct rlimit none = {0, 0};
    const struct rlimit seconds = {SECONDS_MAX, SECONDS_MAX};
    scmp_filter_ctx context = seccomp_init(filter_word(policy->rules.default_action));
    int error = context ? 0 : -ENOMEM;

    if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_CPU, &seconds) != 0)
        error = -errno;
    for (trial->at = 0; trial->at < rules->count && !error; trial->at++)
        error = add_rule(context, &rules->items[trial->at]);
    trial->instructions = error ? error : measure(context);
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

static int report_long(const struct policy *policy, struct diagnostics *diagnostics)
{
    diagnostic_error(diagnostics, (struct place){policy->whitelist.name, 0},
                     "an engine would need more than the %d BPF instructions that the kernel "
                     "takes, because it has one comparison an argument and rule",
                     FILTER_INSTRUCTIONS_MAX);
    return -EINVAL;
}

/* libseccomp weaves the rules on a call into one tree. Adding one rule can take it minutes, and
 * nothing ends that but the end of the process: hence a child. */
static int try_in_child(struct trial *trial, const struct policy *policy,
                        const struct oci_rules *rules, struct diagnostics *diagnostics)
{
    int status = 0;
    pid_t ended;
    pid_t child = fork();

    if (child == 0) {
        build(trial, policy, rules);
        _exit(0);
    }
    if (child < 0)
        return -errno;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0)
        return -errno;
    if (WIFSIGNALED(status) && trial->at < rules->count)
        return report_slow(policy, &rules->items[trial->at], diagnostics);
    if (WIFSIGNALED(status) || trial->instructions > FILTER_INSTRUCTIONS_MAX)
        return report_long(policy, diagnostics);
    return trial->instructions < 0 ? (int)trial->instructions : 0;
}

int oci_rules_try(const struct policy *policy, const struct oci_rules *rules,
                  struct diagnostics *diagnostics)
{
    /* each rule needs an instruction or more */
    if (rules->count > FILTER_INSTRUCTIONS_MAX)
        return report_long(policy, diagnostics);
    struct trial *trial =
        mmap(NULL, sizeof(*trial), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (trial == MAP_FAILED)
        return -errno;
    int error = try_in_child(trial, policy, rules, diagnostics);
    munmap(trial, sizeof(*trial));
    return error;
}
