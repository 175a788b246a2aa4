/* portcullis run: a program under a whitelist, or not at all. */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compose.h"
#include "gate.h"
#include "image.h"
#include "launch.h"
#include "named.h"
#include "output_file.h"
#include "policy.h"
#include "report.h"
#include "tool.h"

static const char HELP[] =
    "usage: portcullis run [OPTION...] WHITELIST [--] PROGRAM [ARGUMENT...]\n"
    "       portcullis run [OPTION...] LINE... [[WHITELIST] --] PROGRAM [ARGUMENT...]\n"
    "\n"
    "Runs PROGRAM under the filter that WHITELIST describes, or not at all. PROGRAM is\n"
    "held at its entry point until the filter has been seen from outside; from then on\n"
    "it is on its own, and nothing of this command is left.\n"
    "\n"
    "LINE is a line of the language, checked like a file's and put before its lines:\n"
    "  --allow LINE       \"@stdio mkdir\", or \"socket = domain == AF_UNIX\"\n"
    "  --deny LINE        \"openat = ENOSPC if flags with O_CREAT\"\n"
    "  --default ACTION   what a call gets that no line speaks of: EPERM, kill, allow ...\n"
    "With any of these, what stands before '--' is the whitelist; without '--' there is\n"
    "none, and the first operand is PROGRAM.\n"
    "\n"
    "OPTION:\n"
    "  --report[=all]     stay, and tell of each call that is refused, where it is made, and\n"
    "                     which line would allow it; with 'all', also for those that get\n"
    "                     ENOSYS by @fallback or as newer than this portcullis\n"
    "  --report-to WHERE  --report, which goes there and not to PROGRAM's standard error: into\n"
    "                     the file WHERE, which becomes empty first, or to the descriptor\n"
    "                     WHERE, a number, which PROGRAM does not get\n"
    "  --no-gate          do not hold PROGRAM, and do not prove that it is filtered: for\n"
    "                     where ptrace is not to be had\n"
    "  --shim PATH        preload this instead of the command's own libportcullis.so\n"
    "  -h, --help\n"
    "\n"
    "Status: PROGRAM's own; 78 the whitelist is wrong, 71 the kernel refuses, 125 the\n"
    "command can't do its work, 126 PROGRAM can't be run, 127 it is not found, 2 usage.";

/* The command line. */
struct command {
    bool help;
    bool no_gate;
    bool report;
    bool report_all;
    const char *report_to; /* a file, a descriptor's number, or NULL */
    const char *shim;      /* or NULL */
    const char *whitelist; /* or NULL */
    char **program;        /* and its arguments */
    struct compose_option *lines;
    size_t line_count;
};

/* All that is released at once, after a failure. */
struct run {
    struct command command;
    struct policy file;
    struct policy composed;
    struct composition composition;
    struct report_settings report;
    const struct settings *settings; /* of one of the two policies */
    char program[PATH_MAX];
    char shim[PATH_MAX];
};

/* Splits the OPERANDS, ARGUMENTS of COUNT in all. ENDED: a '--' stood before them. */
static int take_operands(struct command *command, char **operands, int count, bool ended)
{
    bool file = command->line_count == 0 || (!ended && count > 1 && strcmp(operands[1], "--") == 0);

    if (file && count > 0) {
        command->whitelist = *operands++;
        count--;
        if (count > 0 && strcmp(*operands, "--") == 0) {
            operands++;
            count--;
        }
    } else if (file) {
        return tool_usage("run", "a whitelist and a program are missing");
    }
    if (count == 0)
        return tool_usage("run", "a program is missing");
    command->program = operands;
    return STATUS_OK;
}

static void add_line(struct command *command, enum compose_kind kind, const char *text)
{
    command->lines[command->line_count++] = (struct compose_option){kind, text};
}

static int parse(struct command *command, int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"allow", required_argument, NULL, 'a'},
                                            {"default", required_argument, NULL, 'd'},
                                            {"deny", required_argument, NULL, 'x'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"no-gate", no_argument, NULL, 'n'},
                                            {"report", optional_argument, NULL, 'r'},
                                            {"report-to", required_argument, NULL, 't'},
                                            {"shim", required_argument, NULL, 's'},
                                            {0}};
    const char *last = NULL;
    int option;

    opterr = 0;
    while ((option = getopt_long(count, arguments, "+:h", OPTIONS, NULL)) != -1) {
        last = optarg;
        if (option == 'h')
            command->help = true;
        else if (option == 'n')
            command->no_gate = true;
        else if (option == 'r' && (!optarg || strcmp(optarg, "all") == 0))
            command->report_all = (command->report = true) && optarg;
        else if (option == 'r')
            return tool_usage("run", "--report takes 'all' or nothing, not '%s'", optarg);
        else if (option == 't')
            command->report = (command->report_to = optarg);
        else if (option == 's')
            command->shim = optarg;
        else if (option == 'a')
            add_line(command, COMPOSE_ALLOW, optarg);
        else if (option == 'd')
            add_line(command, COMPOSE_DEFAULT, optarg);
        else if (option == 'x')
            add_line(command, COMPOSE_DENY, optarg);
        else
            return tool_option("run", option, arguments);
    }
    if (command->help)
        return STATUS_OK;
    if (command->report && command->no_gate)
        return tool_usage("run", "--report needs the gate");
    const char *before = arguments[optind - 1];
    bool ended = before != last && optind > 1 && strcmp(before, "--") == 0;
    return take_operands(command, arguments + optind, count - optind, ended);
}

/* The whitelist, checked before anything else. */
static int open_whitelist(struct run *run)
{
    const struct command *command = &run->command;
    const struct policy *base = command->whitelist ? &run->file : NULL;
    int status = base ? policy_open(command->whitelist, &run->file) : STATUS_OK;

    run->settings = &run->file.whitelist.settings;
    if (status == STATUS_OK && command->line_count > 0 &&
        !policy_has_text(&run->file, "--allow, --deny or --default"))
        return STATUS_USAGE;
    if (status == STATUS_OK && command->report && !policy_has_text(&run->file, "--report"))
        return STATUS_USAGE;
    if (status != STATUS_OK || command->line_count == 0)
        return status;
    run->settings = &run->composed.whitelist.settings;
    return compose(base, command->lines, command->line_count, &run->composition, &run->composed);
}

/* A descriptor that the program is not to have. */
static int take_descriptor(const char *number)
{
    char *end;
    long descriptor = strtol(number, &end, 10);
    int flags = descriptor <= INT_MAX ? fcntl((int)descriptor, F_GETFL) : -1;

    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
        tool_error("--report-to %s: the descriptor is not open for writing; for a file of that "
                   "name, write './%s'",
                   number, number);
        return -STATUS_USAGE;
    }
    if (descriptor > STDERR_FILENO)
        return fcntl((int)descriptor, F_SETFD, FD_CLOEXEC) == 0 ? (int)descriptor : -STATUS_CANNOT;
    /* a standard one stays the program's */
    int copy = fcntl((int)descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return copy < 0 ? -STATUS_CANNOT : copy;
}

static int open_report(struct run *run)
{
    const char *where = run->command.report_to;

    if (!where)
        return STATUS_OK;
    bool number = *where != '\0' && where[strspn(where, "0123456789")] == '\0';
    int descriptor = number ? take_descriptor(where) : output_file_stream(where);
    if (descriptor < 0)
        return -descriptor;
    run->report.output = descriptor;
    return STATUS_OK;
}

static void set_report(struct run *run)
{
    bool composed = run->command.line_count > 0;

    run->report = (struct report_settings){
        .policy = composed ? &run->composed : &run->file,
        .composition = composed ? &run->composition : NULL,
        .file = run->command.whitelist,
        .all = run->command.report_all,
        .output = run->report.output,
        .shim = image_needs(run->program, IMAGE_SHIM), /* it has it anyway */
    };
}

/* Whether the program is to have the shim. */
static bool has_shim(const struct run *run)
{
    return !run->command.report || run->report.shim || report_needs_shim(run->report.policy);
}

static int find_shim(struct run *run)
{
    int status = launch_find_shim(run->command.shim, run->shim);

    /* the gate would see it, and more */
    if (status != STATUS_OK || !run->command.no_gate || image_is_shim(run->shim))
        return status;
    tool_error("'%s' is not a shim that the loader would take for a 64-bit program, and without "
               "the gate nothing would tell",
               run->shim);
    return STATUS_CANNOT;
}

/* Starts the watcher. From here on there is no way back but exec or exit. */
static int lower_gate(struct run *run, char whitelist[PATH_MAX])
{
    const struct command *command = &run->command;
    struct gate gate = {
        .settings = run->settings, .shim = run->shim, .keep = -1, .also = run->report.output};
    bool composed = command->line_count > 0;

    if (command->report && report_join(&run->report, &gate) != STATUS_OK)
        return STATUS_CANNOT;
    if (composed && has_shim(run)) {
        gate.keep = compose_store(&run->composition);
        if (gate.keep < 0)
            return STATUS_CANNOT;
    }
    int error = 0;
    if (!command->no_gate)
        error = gate_lower(&gate);
    else if (composed)
        error = gate_keep(&gate);
    if (error || !has_shim(run))
        return error ? STATUS_CANNOT : STATUS_OK;
    if (gate.keep >= 0)
        snprintf(whitelist, PATH_MAX, "/proc/%d/fd/%d", gate.watcher, gate.keep);
    else
        snprintf(whitelist, PATH_MAX, "%s", command->whitelist);
    return STATUS_OK;
}

static int run_program(struct run *run)
{
    char whitelist[PATH_MAX];
    int status = open_whitelist(run);

    if (status == STATUS_OK)
        status = named_find(run->settings, run->command.program[0], run->program);
    if (status == STATUS_OK)
        status = open_report(run);
    set_report(run);
    if (status == STATUS_OK && has_shim(run))
        status = find_shim(run);
    if (status == STATUS_OK)
        status = lower_gate(run, whitelist);
    if (status == STATUS_OK && has_shim(run))
        status = launch_keep_order(run->program);
    if (status == STATUS_OK)
        status = launch_set_environment(has_shim(run) ? run->shim : NULL,
                                        has_shim(run) ? whitelist : NULL);
    if (status == STATUS_OK)
        status = launch_execute(run->program, run->command.program);
    return status;
}

int verb_run(int count, char **arguments)
{
    struct compose_option *lines = calloc((size_t)count, sizeof(*lines));
    struct run run = {.command.lines = lines};

    if (!lines) {
        tool_error("out of memory");
        return STATUS_OS;
    }
    int status = parse(&run.command, count, arguments);
    if (status == STATUS_OK && run.command.help)
        puts(HELP);
    else if (run.command.program)
        status = run_program(&run);
    policy_release(&run.composed);
    policy_release(&run.file);
    compose_release(&run.composition);
    free(lines);
    return status;
}
