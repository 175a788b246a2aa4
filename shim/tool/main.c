/* portcullis: the command beside the shim. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "printable.h"
#include "tool.h"

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
    const char *purpose;
} VERBS[] = {
    {"run", verb_run, "run a program under a whitelist, or not at all"},
    {"learn", verb_learn, "run a program and make a whitelist of what it calls"},
    {"check", verb_check, "find the mistakes in whitelists"},
    {"explain", verb_explain, "say what a whitelist does with a system call, and why"},
    {"diff", verb_diff, "compare what two whitelists allow"},
    {"export", verb_export, "write a whitelist in a format of others"},
    {"verify", verb_verify, "prove that a running process is filtered"},
    {"import", verb_import, "make a whitelist of what another tool has written"},
    {"groups", verb_groups, "list the groups of system calls"},
    {"compile", verb_compile, "make a whitelist ready, so that a start costs less"},
    {"doctor", verb_doctor, "say what this machine can enforce, report and learn"},
};

enum { VERB_COUNT = sizeof(VERBS) / sizeof(VERBS[0]) };

static int help(void)
{
    puts("usage: portcullis VERB [ARGUMENT...]\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        printf("  %-8s %s\n", VERBS[i].name, VERBS[i].purpose);
    puts("\n'portcullis VERB --help' tells more; 'portcullis --version' which one this is.");
    return STATUS_OK;
}

/* What was printed counts only once it is out. */
static int finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        tool_error("cannot write to standard output");
        return status == STATUS_OK ? STATUS_OS : status;
    }
    return status;
}

static void ignore(int signal)
{
    (void)signal;
}

/* RLIMIT_FSIZE may be meant for the program that is run: for the command it is an error as others
 * are. By a handler: exec(2) takes it away. */
static void outlive_file_limit(void)
{
    struct sigaction action;

    if (sigaction(SIGXFSZ, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    action = (struct sigaction){.sa_handler = ignore, .sa_flags = SA_RESTART};
    sigaction(SIGXFSZ, &action, NULL);
}

int main(int count, char **arguments)
{
    const char *verb = count > 1 ? arguments[1] : NULL;

    outlive_file_limit();
    printable_streams();
    if (!verb) {
        tool_note("a verb is missing; see 'portcullis --help'");
        return STATUS_USAGE;
    }
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)
        return finish(help());
    if (strcmp(verb, "--version") == 0) {
        puts("portcullis " PORTCULLIS_VERSION);
        return finish(STATUS_OK);
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verb, VERBS[i].name) == 0)
            return finish(VERBS[i].run(count - 1, arguments + 1));
    }
    tool_note("unknown verb '%s'; see 'portcullis --help'", verb);
    return STATUS_USAGE;
}
