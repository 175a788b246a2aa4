#include "../../config/groups.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../config/suggest.h"
#include "tool.h"

static int list_all(void)
{
    for (size_t i = 0; i < group_count(); i++)
        printf("@%-12s %s\n", group_name(i), group_purpose(i));
    return STATUS_OK;
}

static int list_members(const char *name)
{
    int group = group_find(name);
    char near[64];

    if (group < 0) {
        struct suggestion suggestion = suggestion_for(name);
        for (size_t i = 0; i < group_count(); i++)
            suggestion_offer(&suggestion, group_name(i));
        tool_error("unknown group '@%s'%s", name, suggestion_text(&suggestion, near, sizeof(near)));
        return STATUS_NO;
    }
    printf("; %s\n", group_purpose((size_t)group));
    for (const char *member = group_members((size_t)group); *member != '\0';) {
        size_t length = strcspn(member, " ");
        printf("%.*s\n", (int)length, member);
        member += length + (member[length] == ' ');
    }
    return STATUS_OK;
}

int verb_groups(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {0}};

    opterr = 0;
    int option = getopt_long(count, arguments, "+h", OPTIONS, NULL);
    switch (option) {
    case -1:
        break;
    case 'h':
        puts("usage: portcullis groups [@GROUP]\n\n"
             "Lists the groups of system calls, or the members of one.\n"
             "A member with a '?' is skipped where this build does not know it.\n\n"
             "Status: 0; 1 for a group that there is not.");
        return STATUS_OK;
    default:
        return tool_option("groups", option, arguments);
    }
    if (optind == count)
        return list_all();
    if (optind + 1 != count)
        return tool_usage("groups", "one group at a time");
    return list_members(arguments[optind] + (arguments[optind][0] == '@'));
}
