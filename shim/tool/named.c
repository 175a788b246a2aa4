#include "named.h"

#include <errno.h>
#include <unistd.h>

#include "../program.h"
#include "target.h"
#include "tool.h"

bool named_is_absent(const char *item)
{
    return *item == '?' && access(program_path(item), F_OK) != 0 && errno == ENOENT;
}

static int check_named(const struct settings *settings)
{
    struct diagnostics diagnostics = {0};
    int wanted = program_wanted(settings, &diagnostics);

    tool_tell(&diagnostics);
    diagnostics_release(&diagnostics);
    if (wanted < 0)
        return STATUS_CONFIG;
    for (size_t i = 0; i < settings->program_count; i++) {
        const char *item = settings->programs[i];
        int status = named_is_absent(item) ? STATUS_OK : target_check(program_path(item));
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
