/* Whether the filter that libseccomp makes of OCI's rules decides as the whitelist does. */
#ifndef PORTCULLIS_TOOL_FORMATS_OCI_SAMPLE_H
#define PORTCULLIS_TOOL_FORMATS_OCI_SAMPLE_H

#include "oci_rules.h"

/* Tries thousands of calls with arguments at and beside the borders of RULES, the COUNT rules on
 * one system call, in FILTER, which libseccomp has made of all. Returns 1 if each gets what POLICY
 * gives it, 0 if not, or -ENOMEM. The calls are the same each time. */
int oci_sample(const struct policy *policy, const struct oci_rule *rules, size_t count,
               const struct filter *filter);

#endif
