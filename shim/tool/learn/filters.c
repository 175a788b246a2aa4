#include "filters.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "../supervise.h"
#include "../untraced.h"

enum { CASES_MAX = 16 };

static size_t add(struct supervise_case *cases, size_t count, int number)
{
    cases[count] = (struct supervise_case){.number = number, .action = SECCOMP_RET_TRACE};
    return count + 1;
}

/* Which calls stop, whatever the list says of them: the last one, which is when the list is kept;
 * those that load a filter; those that make a child which nobody would trace; those that a program
 * which is traced can't make. What is allowed without a line is recorded like anything else. */
static size_t list_cases(const struct learner_settings *settings,
                         struct supervise_case cases[CASES_MAX])
{
    static const struct supervise_case CONDITIONAL[] = {
        {SYS_clone, 0, BPF_JSET, UNTRACED_FLAG, SECCOMP_RET_TRACE},
        {UNTRACED_CLONE_I386, AUDIT_ARCH_I386, BPF_JSET, UNTRACED_FLAG, SECCOMP_RET_TRACE},
        {SYS_prctl, 0, BPF_JEQ, PR_SET_SECCOMP, SECCOMP_RET_TRACE},
        {SYS_ptrace, 0, BPF_JEQ, PTRACE_TRACEME, SECCOMP_RET_TRACE},
        {SYS_ptrace, 0, BPF_JEQ, PTRACE_ATTACH, SECCOMP_RET_TRACE},
        {SYS_ptrace, 0, BPF_JEQ, PTRACE_SEIZE, SECCOMP_RET_TRACE},
    };
    static const int IMPLICIT[] = {SYS_exit, SYS_rt_sigreturn, SYS_restart_syscall};
    const struct rules *rules = &settings->policy->rules;
    const struct rule *clone3 = rules_find(rules, SYS_clone3);
    size_t count = 0;

    count = add(cases, count, SYS_exit_group);
    count = add(cases, count, SYS_seccomp); /* for inject_filter(), too */
    for (size_t i = 0; i < sizeof(IMPLICIT) / sizeof(IMPLICIT[0]); i++) {
        const struct rule *rule = rules_find(rules, IMPLICIT[i]);
        if (settings->stage.name || (rule && rule->allow_count == 0))
            count = add(cases, count, IMPLICIT[i]);
    }
    /* its flags are in memory; where it fails with ENOSYS, nobody has to look at them */
    if (settings->backend->listens || !clone3 || !clone3->fallback)
        count = add(cases, count, SYS_clone3);
    for (size_t i = 0; i < sizeof(CONDITIONAL) / sizeof(CONDITIONAL[0]); i++)
        cases[count++] = CONDITIONAL[i];
    return count;
}

/* @fallback's ENOSYS, which is to hold from the gate on, is in the policy's own filter. That can be
 * left as it is where the filter goes in at the gate, and nothing but @fallback and [deny] is
 * answered so; otherwise there is a filter more. */
int filters_make(const struct learner_settings *settings, struct filter *filter,
                 struct filter *fallback)
{
    const struct rules *rules = &settings->policy->rules;
    const struct backend *backend = settings->backend;
    const struct action *otherwise = &rules->default_action;
    struct supervise_case cases[CASES_MAX];
    size_t count = list_cases(settings, cases);
    bool keeps = !backend->listens && settings->filter == &settings->policy->filter &&
                 !(otherwise->kind == ACTION_ERRNO && otherwise->error == ENOSYS);
    int error = supervise_filter(settings->filter, backend->action,
                                 keeps ? SECCOMP_RET_ERRNO | ENOSYS : backend->action, cases, count,
                                 filter);

    return error || keeps ? error : supervise_fallback(rules, fallback);
}
