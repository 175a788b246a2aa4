/* A whitelist taken as far as a verb wants it, with its mistakes told on standard error. */
#ifndef PORTCULLIS_TOOL_POLICY_H
#define PORTCULLIS_TOOL_POLICY_H

#include "../../config/whitelist.h"
#include "../filter.h"
#include "../rules.h"
#include "artifact.h"

/* A compiled whitelist has settings, a filter and an artifact with bytes, but no lines and no
 * rules.
 */
struct policy {
    struct whitelist whitelist;
    struct rules rules;
    struct filter filter;
    struct policy_stage {
        struct rules rules;
        struct filter filter;
    } * stages; /* owned; as many, and in the order, as the whitelist has */
    struct diagnostics diagnostics;
    struct artifact artifact;
};

/* Reads the file PATH, text or compiled, through rules to BPF; PATH must outlive POLICY. Mistakes
 * are in POLICY->diagnostics, untold. Returns STATUS_OK, STATUS_CONFIG or STATUS_OS (which is
 * told). POLICY is to be released in any case. */
int policy_read(const char *path, struct policy *policy) __attribute__((warn_unused_result));

/* The same, and tells mistakes on standard error. */
int policy_open(const char *path, struct policy *policy) __attribute__((warn_unused_result));

/* What holds from the beginning of STAGE on: its number, from 1; 0: from the start on. */
const struct rules *policy_rules(const struct policy *policy, unsigned stage);
const struct filter *policy_filter(const struct policy *policy, unsigned stage);

/* How many instructions the kernel runs for it: with stages, there is something in front. */
size_t policy_instructions(const struct policy *policy, unsigned stage);

/* Makes rules and filters of POLICY's whitelist, of all its stages. NAME is its file's. Returns 0;
 * -EINVAL after reporting mistakes; another errno. */
int policy_build(const char *name, struct policy *policy) __attribute__((warn_unused_result));

/* The number of the stage NAME, or 0. */
unsigned policy_stage(const struct policy *policy, const char *name);

/* Whether POLICY, a text's, answers any call by "kill" or "trap", those of other architectures
 * aside. */
bool policy_is_fatal(const struct policy *policy);

/* For what only a text can answer. Returns whether POLICY was one; else tells, as VERB, that it is
 * compiled, and what to name instead. */
bool policy_has_text(const struct policy *policy, const char *verb);

/* ERROR, of policy_build(), in words. */
const char *policy_reason(int error);

void policy_release(struct policy *policy);

#endif
