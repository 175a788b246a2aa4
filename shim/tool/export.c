/* portcullis export: a whitelist for those who load filters themselves. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "formats/formats.h"
#include "output_file.h"
#include "startup.h"
#include "tool.h"

struct format {
    const char *name;
    int (*export)(const struct export_job *job);
    const char *purpose;
    bool early;  /* the filter is loaded before exec */
    bool binary; /* nothing for a terminal */
};

static const struct format FORMATS[] = {
    {"oci", formats_export_oci, "JSON for runc, crun, Docker, Podman and Kubernetes", true, false},
    {"systemd", formats_export_systemd, "a drop-in for a unit", false, false},
    {"bpf", formats_export_bpf, "the program's bytes, for bwrap --seccomp and the like", true,
     true},
    {"pfc", formats_export_pfc, "the program as pseudo code, for reading", false, false},
};

enum { FORMAT_COUNT = sizeof(FORMATS) / sizeof(FORMATS[0]) };

struct engine {
    const char *name;
    enum starter starter;
};

static const struct engine ENGINES[] = {
    {"crun", STARTER_CRUN}, {"runc", STARTER_RUNC}, {"docker", STARTER_RUNC}};

struct options {
    const struct format *format;
    const char *file;
    const char *output;
    const char *unit;
    char **program;              /* and its arguments, or NULL */
    const struct engine *engine; /* or NULL: any */
    bool unprivileged;           /* the engine has no-new-privileges */
    bool native;
    bool startup;
};

static int help(void)
{
    puts("usage: portcullis export --to FORMAT [OPTION...] FILE [-- PROGRAM [ARGUMENT...]]\n\n"
         "Writes the whitelist FILE in a format of others, on standard output. Formats:\n");
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        printf("  %-8s %s\n", FORMATS[i].name, FORMATS[i].purpose);
    puts("\n"
         "  -o, --output OUT  write it to OUT\n"
         "  --startup         oci, bpf: allow besides what a program needs from exec to main, as\n"
         "                    the filter is loaded before exec there. mmap and mprotect are among\n"
         "                    it, with whatever protection. oci: what the engine itself calls\n"
         "                    with the filter in is allowed as well; without no-new-privileges,\n"
         "                    which Docker, Podman and Kubernetes leave off by default, that is\n"
         "                    how it gives up its capabilities and its user: a warning names\n"
         "                    those calls\n"
         "  --engine NAME     with it: what this one calls, crun, runc or docker, not all of them\n"
         "  --no-new-privileges  with it: the container has that option, and those calls are left\n"
         "                    out\n"
         "  --native          systemd: SystemCallFilter= in place of the shim; says by warnings\n"
         "                    what it can't say. Allows as well what a start needs: PROGRAM, or\n"
         "                    each that 'program =' in FILE names, is executed, ended at its\n"
         "                    entry point, and what it called until then is taken; where there is\n"
         "                    none, it is what most programs need\n"
         "  --unit NAME       systemd: the unit that it is for, in the drop-in's first line\n\n"
         "What the format can't say is an error, and nothing is written; where the result is\n"
         "stricter, or something is for others to see to, there is a warning.\n"
         "oci decides the same for all calls and arguments, but kills a thread, not the process,\n"
         "for calls of other architectures. runc gives ENOSYS for numbers that are higher than\n"
         "those of all names in a profile.\n\n"
         "Status: 0; 2 for a wrong command line; 71 if OUT can't be written; 78 for a mistake in\n"
         "FILE, or where the format can't say it; 125, 126 and 127 where PROGRAM doesn't get to\n"
         "its entry point, can't be run, or is not found.");
    return STATUS_OK;
}

/* TEXT goes where it belongs only when all of it is there. */
static int put(const struct options *options, const char *text, size_t length)
{
    int error = 0;

    if (!options->output && !options->format->binary) {
        fwrite(text, 1, length, stdout);
        return STATUS_OK; /* main() looks whether it is out */
    }
    if (!options->output) {
        error = tool_write(STDOUT_FILENO, text, length);
        if (error)
            tool_error("cannot write to standard output");
        return error ? STATUS_OS : STATUS_OK;
    }
    int status = output_file_write(options->output, OUTPUT_REPLACE, text, length);
    return status == STATUS_OK ? STATUS_OK : STATUS_OS;
}

static int export_policy(const struct options *options, const struct policy *policy,
                         const struct startup *startup, struct diagnostics *diagnostics)
{
    struct export_job job = {.file = options->file,
                             .policy = policy,
                             .unit = options->unit,
                             .native = options->native,
                             .startup = startup,
                             .diagnostics = diagnostics};
    char *text = NULL;
    size_t length = 0;
    int status = STATUS_OK;

    job.output = open_memstream(&text, &length);
    int error = job.output ? options->format->export(&job) : -ENOMEM;
    if (job.output && fclose(job.output) != 0)
        error = error ? error : -ENOMEM;
    tool_tell(diagnostics);
    if (diagnostics->errors > 0) {
        status = STATUS_CONFIG;
    } else if (error) {
        tool_error("%s: %s", options->file, strerror(-error));
        status = STATUS_OS;
    } else {
        status = put(options, text, length);
    }
    free(text);
    return status;
}

/* Whether it is made of rules, which a compiled whitelist has not. */
static bool needs_text(const struct options *options)
{
    return options->startup || options->native || options->format->export == formats_export_oci;
}

/* A stage begins while the program runs, which is the shim's to do: of the formats, only the
 * drop-in that preloads it can say so. */
static bool can_say_stages(const struct options *options, const struct policy *policy)
{
    const struct whitelist *whitelist = &policy->whitelist;
    bool preloads = options->format->export == formats_export_systemd && !options->native;

    if (whitelist->stage_count == 0 || preloads)
        return true;
    const struct stage *stage = &whitelist->stages[0];
    fprintf(stderr, "%s:%u: error: '%s' cannot say the stage '%s'; name a whitelist without it\n",
            stage->place.file, stage->place.line, options->format->name, stage->name);
    return false;
}

/* Whether a start needs to be listed: not where all is allowed that is not denied. */
static bool needs_startup(const struct options *options, const struct policy *policy)
{
    return options->startup ||
           (options->native && policy->rules.default_action.kind != ACTION_ALLOW);
}

static int add_startup(const struct options *options, struct policy *policy,
                       struct startup *startup, struct diagnostics *warnings)
{
    struct loader loader = {STARTER_SANDBOX, false};
    int status = STATUS_OK;

    if (options->native) {
        loader.starter = STARTER_SYSTEMD;
    } else if (options->format->export == formats_export_oci) {
        loader.starter = options->engine ? options->engine->starter : STARTER_ENGINE;
        loader.privileged = !options->unprivileged;
    }
    if (options->native)
        status = startup_measure(startup, policy, options->program, warnings);
    if (status != STATUS_OK)
        return status;
    int error = startup_add(startup, &loader, policy, warnings);
    if (error)
        tool_error("%s: %s", options->file, strerror(-error));
    return error ? STATUS_OS : STATUS_OK;
}

static int export_file(const struct options *options)
{
    struct policy policy;
    struct startup startup = {0};
    struct diagnostics diagnostics = {0};
    int status = policy_open(options->file, &policy);

    if (status == STATUS_OK && needs_text(options) && !policy_has_text(&policy, "this export"))
        status = STATUS_USAGE;
    if (status == STATUS_OK && !can_say_stages(options, &policy))
        status = STATUS_CONFIG;
    bool started = status == STATUS_OK && needs_startup(options, &policy);
    if (started)
        status = add_startup(options, &policy, &startup, &diagnostics);
    if (status == STATUS_OK)
        status = export_policy(options, &policy, started ? &startup : NULL, &diagnostics);
    policy_release(&policy);
    startup_release(&startup);
    diagnostics_release(&diagnostics);
    return status;
}

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(FORMATS[i].name, name) == 0)
            return &FORMATS[i];
    }
    return NULL;
}

static const struct engine *find_engine(const char *name)
{
    for (size_t i = 0; i < sizeof(ENGINES) / sizeof(ENGINES[0]); i++) {
        if (strcmp(ENGINES[i].name, name) == 0)
            return &ENGINES[i];
    }
    return NULL;
}

/* What does not go together. */
static int check_options(const struct options *options)
{
    bool systemd = options->format->export == formats_export_systemd;
    if ((options->native || options->unit) && !systemd)
        return tool_usage("export", "'%s' goes with '--to systemd'",
                          options->native ? "--native" : "--unit");
    if (options->program && !options->native)
        return tool_usage("export", "one whitelist at a time; a program goes with '--native'");
    if (options->startup && !options->format->early)
        return tool_usage("export", "'--startup' goes with '--to oci' and '--to bpf'");
    if ((options->engine || options->unprivileged) &&
        !(options->startup && options->format->export == formats_export_oci))
        return tool_usage("export", "'%s' goes with '--to oci' and '--startup'",
                          options->engine ? "--engine" : "--no-new-privileges");
    if (options->format->binary && !options->output && isatty(STDOUT_FILENO))
        return tool_usage("export", "bytes are nothing for a terminal: '-o OUT' is wanted");
    return STATUS_OK;
}

/* Returns STATUS_OK, or STATUS_USAGE after telling why. */
static int take_option(int option, struct options *options, const char *value)
{
    switch (option) {
    case 't':
        options->format = find_format(value);
        return options->format ? STATUS_OK : tool_usage("export", "unknown format '%s'", value);
    case 'o':
        options->output = value;
        return STATUS_OK;
    case 'u':
        options->unit = value;
        return STATUS_OK;
    case 'e':
        options->engine = find_engine(value);
        return options->engine
                   ? STATUS_OK
                   : tool_usage("export", "unknown engine '%s'; crun, runc and docker are known",
                                value);
    case 'p':
        options->unprivileged = true;
        return STATUS_OK;
    case 'n':
        options->native = true;
        return STATUS_OK;
    default:
        options->startup = true;
        return STATUS_OK;
    }
}

int verb_export(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"to", required_argument, NULL, 't'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"unit", required_argument, NULL, 'u'},
                                            {"native", no_argument, NULL, 'n'},
                                            {"startup", no_argument, NULL, 's'},
                                            {"engine", required_argument, NULL, 'e'},
                                            {"no-new-privileges", no_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct options options = {0};

    opterr = 0;
    for (int option = 0; (option = getopt_long(count, arguments, ":ho:", OPTIONS, NULL)) != -1;) {
        if (option == 'h')
            return help();
        if (option == ':' || option == '?')
            return tool_option("export", option, arguments);
        int status = take_option(option, &options, optarg);
        if (status != STATUS_OK)
            return status;
    }
    if (optind == count)
        return tool_usage("export", "a whitelist is missing");
    options.file = arguments[optind];
    if (optind + 1 < count)
        options.program = arguments + optind + 1;
    if (!options.format)
        return tool_usage("export", "'--to FORMAT' is missing");
    int status = check_options(&options);
    return status == STATUS_OK ? export_file(&options) : status;
}
