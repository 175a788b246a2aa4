/* The formats that `export` writes and `import` reads. */
#ifndef PORTCULLIS_TOOL_FORMATS_FORMATS_H
#define PORTCULLIS_TOOL_FORMATS_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "../policy.h"
#include "../startup.h"

/* What is to be written, and how. All borrowed. */
struct export_job {
    const char *file; /* the whitelist's name */
    const struct policy *policy;
    const char *unit;              /* systemd: of --unit, or NULL */
    bool native;                   /* systemd: --native */
    const struct startup *startup; /* what was allowed besides, or NULL */
    struct diagnostics *diagnostics;
    FILE *output;
};

/* Each writes JOB to its output. What the format can't say is reported: an error where it would be
 * lost, a warning where the result is stricter, or where it is left to others. Returns 0; -EINVAL
 * after reporting errors; another negative errno. */
int formats_export_oci(const struct export_job *job) __attribute__((warn_unused_result));
int formats_export_systemd(const struct export_job *job) __attribute__((warn_unused_result));
int formats_export_bpf(const struct export_job *job) __attribute__((warn_unused_result));
int formats_export_pfc(const struct export_job *job) __attribute__((warn_unused_result));

/* Warns of what JOB's whitelist says and a filter that others load before exec does not have, PLACE
 * being where it will hold: "the container". */
void formats_warn_early(const struct export_job *job, const char *place);

#endif
