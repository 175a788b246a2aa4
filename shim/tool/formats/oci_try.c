#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci_rules.h"
#include "oci_sample.h"

enum { SECONDS_MAX = 2 };

/* What the child has found out. In shared memory. */
struct trial {
    size_t at; /* the rule that it adds, or the first of a call that it samples */
    size_t instructions;
    int error; /* -EILSEQ: it decides otherwise about that call */
};

static int add_rule(scmp_filter_ctx context, const struct oci_rule *rule)
{
    if (!rule->known)
        return 0;
    return seccomp_rule_add_array(context, filter_word(rule->action), rule->number, rule->count,
                                  rule->comparisons);
}

/* FILTER becomes what libseccomp makes. It is of the child, whose end frees it. */
static int take(scmp_filter_ctx context, struct filter *filter)
{
    int descriptor = memfd_create("portcullis", MFD_CLOEXEC);

    if (descriptor < 0)
        return -errno;
    int error = seccomp_export_bpf(context, descriptor);
    off_t size = error ? 0 : lseek(descriptor, 0, SEEK_END);
    if (size < 0)
        return -errno;
    filter->count = (size_t)size / sizeof(*filter->instructions);
    filter->instructions = malloc((size_t)size + 1);
    if (!filter->instructions)
        return -ENOMEM;
    if (pread(descriptor, filter->instructions, (size_t)size, 0) != size)
        return -EIO;
    return error;
}

/* Rule by rule, then call by call. */
static int build(struct trial *trial, const struct policy *policy, const struct oci_rules *rules)
{
    scmp_filter_ctx context = seccomp_init(filter_word(policy->rules.default_action));
    struct filter filter = {0};
    int error = context ? 0 : -ENOMEM;

    for (trial->at = 0; trial->at < rules->count && !error; trial->at++)
        error = add_rule(context, &rules->items[trial->at]);
    if (!error)
        error = take(context, &filter);
    trial->instructions = filter.count;
    if (error || filter.count > FILTER_INSTRUCTIONS_MAX)
        return error;
    for (size_t i = 0, end; i < rules->count; i = end) {
        const struct oci_rule *first = &rules->items[i];
        for (end = i; end < rules->count && rules->items[end].number == first->number; end++)
            ;
        trial->at = i;
        int right =
            first->known && first->count > 0 ? oci_sample(policy, first, end - i, &filter) : 1;
        if (right <= 0)
            return right < 0 ? right : -EILSEQ;
    }
    trial->at = rules->count;
    return 0;
}

/* In the child, which has so much time. */
static void run(struct trial *trial, const struct policy *policy, const struct oci_rules *rules)
{
    const struct rlimit none = {0, 0};
    const struct rlimit seconds = {SECONDS_MAX, SECONDS_MAX};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_CPU, &seconds) != 0)
        trial->error = -errno;
    else
        trial->error = build(trial, policy, rules);
}

static int report_slow(const struct oci_rule *rule, struct diagnostics *diagnostics)
{
    diagnostic_error(diagnostics, rule->place,
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

static int report_wrong(const struct oci_rule *rule, struct diagnostics *diagnostics)
{
    const struct scmp_version *version = seccomp_version();

    diagnostic_error(diagnostics, rule->place,
                     "libseccomp %u.%u.%u, with which engines make the filter, makes a wrong one "
                     "of the lines on '%s': write them with fewer clauses, or with values in place "
                     "of limits",
                     version->major, version->minor, version->micro, rule->name);
    return -EINVAL;
}

/* A rule on the call with the most of them. */
static const struct oci_rule *longest(const struct oci_rules *rules)
{
    const struct oci_rule *found = rules->items;
    size_t most = 0;
    size_t count = 0;

    for (size_t i = 0; i < rules->count; i++) {
        count = i > 0 && rules->items[i].number == rules->items[i - 1].number ? count + 1 : 1;
        if (count > most) {
            most = count;
            found = &rules->items[i];
        }
    }
    return found;
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
        run(trial, policy, rules);
        _exit(0);
    }
    if (child < 0)
        return -errno;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0)
        return -errno;
    if (WIFSIGNALED(status))
        return report_slow(trial->at < rules->count ? &rules->items[trial->at] : longest(rules),
                           diagnostics);
    if (trial->instructions > FILTER_INSTRUCTIONS_MAX)
        return report_long(policy, diagnostics);
    if (trial->error == -EILSEQ)
        return report_wrong(&rules->items[trial->at], diagnostics);
    return trial->error;
}

int oci_rules_try(const struct policy *policy, const struct oci_rules *rules,
                  struct diagnostics *diagnostics)
{
    if (rules->count == 0)
        return 0;
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
