/* portcullis doctor: what this machine can enforce, report and learn. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "look.h"
#include "printable.h"
#include "tool.h"
#include "trials.h"

static int help(void)
{
    puts("usage: portcullis doctor\n\n"
         "Tries, each thing in a child process, what this kernel lets this user do, and says what\n"
         "a missing one costs. Status 0 if whitelists can be enforced, 1 if not.");
    return STATUS_OK;
}

/* Filters that we run under already are stricter than ours wherever they like. */
static void tell_outer(void)
{
    struct thread_status status;

    if (look_thread(getpid(), &status) == 0 && status.filters > 0)
        puts("note: this process runs under a filter already (a container's, a service's); what it "
             "refuses stays refused");
}

static void tell(const struct trial *trial, int error, bool colours)
{
    const char *colour = error ? (trial->needed ? "\033[31m" : "\033[33m") : "\033[32m";

    if (colours)
        printable_colour(stdout, colour);
    printf("%-3s", error ? "no" : "yes");
    if (colours)
        printable_colour(stdout, "\033[0m");
    printf("  %-16s %s", trial->name, error ? trial->costs : trial->works);
    if (error > 0)
        printf(" (%s)", strerror(error));
    putchar('\n');
}

int verb_doctor(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {0}};
    struct utsname system;
    int status = STATUS_OK;

    opterr = 0;
    int option = getopt_long(count, arguments, "+h", OPTIONS, NULL);
    if (option == 'h')
        return help();
    if (option != -1 || optind != count)
        return tool_usage("doctor", "it takes no '%s'", arguments[count - 1]);
    if (uname(&system) == 0)
        printf("%s %s on %s, user %u\n", system.sysname, system.release, system.machine,
               (unsigned)geteuid());
    tell_outer();
    for (size_t i = 0; i < TRIAL_COUNT; i++) {
        /* the child must not print what is buffered here a second time */
        fflush(stdout);
        int error = trial_run(&TRIALS[i]);
        tell(&TRIALS[i], error, tool_colours(STDOUT_FILENO));
        if (error && TRIALS[i].needed)
            status = STATUS_NO;
    }
    puts(status == STATUS_OK ? "whitelists can be enforced here"
                             : "whitelists cannot be enforced here");
    return status;
}
