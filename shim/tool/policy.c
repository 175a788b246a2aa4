#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/reader.h"
#include "../stages_prefix.h"
#include "tool.h"

const char *policy_reason(int error)
{
    /* libseccomp writes a program to a file in memory, for which RLIMIT_FSIZE holds as well */
    return error == -ECANCELED ? "the limit on the size of files (RLIMIT_FSIZE) leaves the filter "
                                 "no room"
                               : strerror(-error);
}

static int finish(const char *path, const struct policy *policy, int error)
{
    if (policy->diagnostics.errors > 0)
        return STATUS_CONFIG;
    if (error)
        tool_error("%s: %s", path, policy_reason(error));
    return error ? STATUS_OS : STATUS_OK;
}

/* As much as a compiled whitelist has: no lines, no rules. */
static int unpack(struct policy *policy)
{
    const struct artifact *artifact = &policy->artifact;
    int error = artifact_unpack(artifact, &policy->whitelist);

    if (!error)
        error = artifact_filter(artifact, 0, &policy->filter);
    if (!error)
        policy->stages = calloc(policy->whitelist.stage_count + 1, sizeof(*policy->stages));
    if (!error && !policy->stages)
        error = -ENOMEM;
    for (size_t i = 0; !error && i < policy->whitelist.stage_count; i++)
        error = artifact_filter(artifact, i + 1, &policy->stages[i].filter);
    return error;
}

static int build(const char *path, struct policy *policy, unsigned stage, struct rules *rules,
                 struct filter *filter)
{
    size_t stages = policy->whitelist.stage_count;
    int error = rules_build_stage(&policy->whitelist, stage, &policy->diagnostics, rules);

    if (!error)
        error = filter_build(rules, (struct place){path, 0}, &policy->diagnostics, filter);
    if (error || stages == 0 || filter->count + prefix_length(stages) <= FILTER_INSTRUCTIONS_MAX)
        return error;
    /* as the shim says it */
    diagnostic_error(&policy->diagnostics, (struct place){path, 0},
                     "with stages, a filter may have %d instructions",
                     (int)(FILTER_INSTRUCTIONS_MAX - prefix_length(stages)));
    return -EINVAL;
}

static int build_stages(const char *path, struct policy *policy)
{
    size_t count = policy->whitelist.stage_count;

    policy->stages = calloc(count + 1, sizeof(*policy->stages));
    if (!policy->stages)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct policy_stage *stage = &policy->stages[i];
        int error = build(path, policy, (unsigned)i + 1, &stage->rules, &stage->filter);
        if (error && error != -EINVAL) /* the mistakes of all stages are told */
            return error;
    }
    return policy->diagnostics.errors > 0 ? -EINVAL : 0;
}

int policy_build(const char *name, struct policy *policy)
{
    int error = build(name, policy, 0, &policy->rules, &policy->filter);

    if (!error || error == -EINVAL)
        error = build_stages(name, policy);
    return error;
}

int policy_read(const char *path, struct policy *policy)
{
    *policy = (struct policy){.whitelist.name = path};
    int error = artifact_read(path, &policy->artifact, &policy->diagnostics);
    if (error || policy->artifact.bytes)
        return finish(path, policy, error ? error : unpack(policy));
    error = reader_read_file(path, &policy->whitelist, &policy->diagnostics);
    /* after mistakes go on, so that those of the next step are told as well */
    if (!error || error == -EINVAL)
        error = policy_build(path, policy);
    return finish(path, policy, error);
}

int policy_open(const char *path, struct policy *policy)
{
    int status = policy_read(path, policy);

    tool_tell(&policy->diagnostics);
    return status;
}

const struct rules *policy_rules(const struct policy *policy, unsigned stage)
{
    return stage == 0 ? &policy->rules : &policy->stages[stage - 1].rules;
}

const struct filter *policy_filter(const struct policy *policy, unsigned stage)
{
    return stage == 0 ? &policy->filter : &policy->stages[stage - 1].filter;
}

size_t policy_instructions(const struct policy *policy, unsigned stage)
{
    size_t stages = policy->whitelist.stage_count;

    return policy_filter(policy, stage)->count + (stages > 0 ? prefix_length(stages) : 0);
}

unsigned policy_stage(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->whitelist.stage_count; i++) {
        if (strcmp(policy->whitelist.stages[i].name, name) == 0)
            return i + 1;
    }
    return 0;
}

static bool is_fatal(const struct action *action)
{
    return action->kind == ACTION_KILL || action->kind == ACTION_TRAP;
}

bool policy_is_fatal(const struct policy *policy)
{
    const struct rules *rules = &policy->rules;
    bool fatal = is_fatal(&rules->default_action);

    for (size_t i = 0; i < rules->count; i++) {
        for (size_t j = 0; j < rules->rules[i].deny_count; j++)
            fatal |= is_fatal(&rules->rules[i].deny[j].entry->action);
    }
    return fatal;
}

bool policy_has_text(const struct policy *policy, const char *verb)
{
    const struct artifact *artifact = &policy->artifact;

    if (!artifact->bytes)
        return true;
    uint32_t count = artifact->compiled.header->source_count;
    tool_error("%s: it is compiled, and %s needs the text%s%s%s", policy->whitelist.name, verb,
               count ? ": name '" : "",
               count ? artifact_text(artifact, artifact->compiled.sources[0].path) : "",
               count ? "'" : "");
    return false;
}

void policy_release(struct policy *policy)
{
    for (size_t i = 0; policy->stages && i < policy->whitelist.stage_count; i++) {
        filter_release(&policy->stages[i].filter);
        rules_release(&policy->stages[i].rules);
    }
    free(policy->stages);
    filter_release(&policy->filter);
    rules_release(&policy->rules);
    diagnostics_release(&policy->diagnostics);
    whitelist_release(&policy->whitelist);
    artifact_release(&policy->artifact);
}
