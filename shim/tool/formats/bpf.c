/* The program itself: as bytes for bwrap --seccomp and the like, and as pseudo code to read. */
#include <errno.h>

#include "formats.h"
#include "pseudo.h"

int formats_export_bpf(const struct export_job *job)
{
    const struct filter *filter = &job->policy->filter;

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
