#include "named.h"

#include "../program.h"
#include "target.h"
#include "tool.h"

static int check_named(const struct settings *settings)
{
    struct diagnostics diagnostics = {0};
    int wanted = program_wanted(settings, &diagnostics);

    tool_tell(&diagnostics);
    diagnostics_release(&diagnostics);
    if (wanted < 0)
        return STATUS_CONFIG;
    for (size_t i = 0; i < settings->program_count; i++) {
        int status = target_check(settings->programs[i]);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

int named_find(const struct settings *settings, const char *name, char path[PATH_MAX])
{
    int status = target_find(name, path);

    if (status != STATUS_OK)
        return status;
    /* what only leads to a program that the whitelist names may be anything */
    return settings->program_count > 0 ? check_named(settings) : target_check(path);
}
