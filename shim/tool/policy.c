#include "policy.h"

#include <errno.h>
#include <string.h>

#include "../../config/reader.h"
#include "tool.h"

static void say(void *context, const char *text, size_t length)
{
    (void)context;
    tool_say(text, length);
}

int policy_read(const char *path, struct policy *policy)
{
    *policy = (struct policy){0};
    int error = reader_read_file(path, &policy->whitelist, &policy->diagnostics);
    /* after mistakes go on, so that those of the next stage are told as well */
    if (!error || error == -EINVAL)
        error = rules_build(&policy->whitelist, &policy->diagnostics, &policy->rules);
    if (!error)
        error = filter_build(&policy->rules, (struct place){path, 0}, &policy->diagnostics,
                             &policy->filter);
    if (policy->diagnostics.errors > 0)
        return STATUS_CONFIG;
    if (error)
        tool_error("%s: %s", path, strerror(-error));
    return error ? STATUS_OS : STATUS_OK;
}

int policy_open(const char *path, struct policy *policy)
{
    int status = policy_read(path, policy);

    diagnostics_tell(&policy->diagnostics, say, NULL);
    return status;
}

void policy_release(struct policy *policy)
{
    filter_release(&policy->filter);
    rules_release(&policy->rules);
    diagnostics_release(&policy->diagnostics);
    whitelist_release(&policy->whitelist);
}
