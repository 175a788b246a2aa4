#include "lint.h"

void lint_stale(struct lint *lint)
{
    const struct policy *policy = lint->policy;
    const struct artifact *artifact = &policy->artifact;
    struct place place = {policy->whitelist.name, 0};

    for (uint32_t i = 0; i < artifact->compiled.header->source_count; i++) {
        const struct compiled_source *source = &artifact->compiled.sources[i];
        const char *complaint = artifact_complaint(artifact, i);
        if (complaint)
            lint_warn(lint, LINT_STALE, place, "its source '%s' %s",
                      artifact_text(artifact, source->path), complaint);
    }
}
