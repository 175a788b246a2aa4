#include "explain.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "disassemble.h"
#include "tool.h"

static const char HELP[] =
    "usage: portcullis explain [--json] FILE\n"
    "       portcullis explain [--json] FILE SYSCALL [ARGUMENT...]\n"
    "       portcullis explain [--json] FILE -\n"
    "       portcullis explain [--json] --audit [FILE]\n"
    "\n"
    "With FILE alone: the policy that the whitelist FILE comes to, with includes and groups\n"
    "expanded, each line with the file and line that it comes from. It is a whitelist itself.\n"
    "Of a compiled whitelist: its settings, what it was compiled from, and its instructions.\n"
    "\n"
    "With SYSCALL, a name or a number: what that call gets, the line that decides, and the line\n"
    "that nearly did; then the same for each stage. An ARGUMENT is a number, a constant, or\n"
    "several joined by '|' (quote it); those that are missing are 0. For example:\n"
    "\n"
    "    portcullis explain curl.ini socket AF_INET 'SOCK_STREAM|SOCK_CLOEXEC' 0\n"
    "\n"
    "With '-': the same for calls from standard input, one a line.\n"
    "\n"
    "  --audit  read the kernel's log or the audit log from standard input, say what was refused,\n"
    "           and which line would allow it; with FILE, also what FILE says of the call\n"
    "  --json   print JSON; for '-', an object a line\n"
    "\n"
    "Status: 0, whatever the answer; 2 for an unknown call or argument; 78 for a mistake in FILE.";

const char *explain_place(struct place place, char *text, size_t size)
{
    if (!place.file || place.line == 0)
        snprintf(text, size, "built in");
    else
        snprintf(text, size, "%s:%u", place.file, place.line);
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\n')
            *c = '?'; /* it stands in a comment of what may be read again */
    }
    return text;
}

void explain_line(const struct policy *policy, unsigned stage, const char *line, bool narrow)
{
    const char *name = policy && stage > 0 ? policy->whitelist.stages[stage - 1].name : NULL;

    printf("  to allow it%s, in %s%s[%s%s]:  %s\n", narrow ? "" : " whatever its arguments",
           policy ? policy->whitelist.name : "", policy ? " " : "", name ? "stage " : "allow",
           name ? name : "", line);
}

static int explain_file(const char *file, char **words, int count, bool json)
{
    struct policy policy;
    int status = policy_open(file, &policy);

    if (status == STATUS_OK && policy.artifact.bytes && count == 0)
        disassemble(&policy.artifact, json);
    else if (status == STATUS_OK && !policy_has_text(&policy, "explain of a call"))
        status = STATUS_USAGE;
    else if (status == STATUS_OK && count == 0)
        explain_policy(&policy, json);
    else if (status == STATUS_OK && count == 1 && strcmp(words[0], "-") == 0)
        status = explain_calls(&policy, json);
    else if (status == STATUS_OK)
        status = explain_call(&policy, words, count, json, "");
    policy_release(&policy);
    return status;
}

static int explain_log(const char *file, bool json)
{
    struct policy policy;

    if (!file)
        return explain_audit(NULL, json);
    int status = policy_open(file, &policy);
    if (status == STATUS_OK && !policy_has_text(&policy, "explain --audit"))
        status = STATUS_USAGE;
    if (status == STATUS_OK)
        status = explain_audit(&policy, json);
    policy_release(&policy);
    return status;
}

int verb_explain(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"audit", no_argument, NULL, 'a'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    bool audit = false, json = false;

    opterr = 0;
    for (int option; (option = getopt_long(count, arguments, "+h", OPTIONS, NULL)) != -1;) {
        if (option == 'h') {
            puts(HELP);
            return STATUS_OK;
        }
        if (option == '?')
            return tool_option("explain", option, arguments);
        audit |= option == 'a';
        json |= option == 'j';
    }
    if (audit && count - optind > 1)
        return tool_usage("explain", "--audit takes one whitelist at most");
    if (audit)
        return explain_log(arguments[optind], json);
    if (optind == count)
        return tool_usage("explain", "a whitelist is missing");
    return explain_file(arguments[optind], arguments + optind + 1, count - optind - 1, json);
}
