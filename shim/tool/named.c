#include "named.h"

#include "../program.h"
#include "target.h"
#include "tool.h"

int named_check(const struct settings *settings)
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
