/* The program itself: as bytes for bwrap --seccomp and the like, and as pseudo code to read. */
#include <errno.h>
#include <seccomp.h>

#include "../call.h"
#include "formats.h"
#include "pseudo.h"

static bool is_allowed(const struct policy *policy, const char *name)
{
    const uint64_t arguments[6] = {0};
    int number = rules_number(name);
    struct verdict verdict = rules_decide(&policy->rules, seccomp_arch_native(), number, arguments);

    return action_allows(verdict.action);
}

void formats_warn_early(const struct export_job *job, const char *place)
{
    const struct settings *settings = &job->policy->whitelist.settings;

    if (settings->program_count > 0)
        diagnostic_warning(job->diagnostics, settings->program_place,
                           "'program' does not carry over: the filter holds for every program of "
                           "%s",
                           place);
    if (!is_allowed(job->policy, "execve"))
        diagnostic_warning(job->diagnostics, (struct place){job->file, 0},
                           "'execve' is not allowed, but the program is executed under the "
                           "filter; --startup allows what a start needs");
}

int formats_export_bpf(const struct export_job *job)
{
    const struct filter *filter = &job->policy->filter;
    const struct settings *settings = &job->policy->whitelist.settings;

    formats_warn_early(job, "the sandbox");
    if (settings->audit)
        diagnostic_warning(job->diagnostics, settings->audit_place,
                           "'audit' does not carry over: it is a flag of the one who loads");
    if (fwrite(filter->instructions, sizeof(*filter->instructions), filter->count, job->output) !=
        filter->count)
        return errno != 0 ? -errno : -EIO;
    return 0;
}

int formats_export_pfc(const struct export_job *job)
{
    const struct filter *filter = &job->policy->filter;

    fprintf(job->output,
            "# %s: %zu instructions\n"
            "# aN.low and aN.high are the halves of argument N; A is what was loaded last\n",
            job->file, filter->count);
    return pseudo_write(job->output, filter->instructions, filter->count);
}
