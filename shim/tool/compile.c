/* portcullis compile: a whitelist made ready, so that a start costs next to nothing. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output_file.h"
#include "policy.h"
#include "tool.h"

static const char HELP[] =
    "usage: portcullis compile FILE -o OUT\n"
    "\n"
    "Compiles the whitelist FILE, with all that it includes, into OUT. PORTCULLIS_WHITELIST, and\n"
    "every verb that takes a whitelist, takes either; a process that is started with OUT is\n"
    "filtered alike, and sooner, as nothing is left to be read but a ready BPF program.\n"
    "\n"
    "OUT has the settings, the program, and a digest of every file that it was made from, so that\n"
    "'check' and 'verify' can tell when one of them has changed. It is for this architecture\n"
    "alone. Its own digest tells a damaged file from a whole one; it is no signature.\n"
    "\n"
    "  -o, --output OUT  write to OUT, which is replaced at once or not at all\n"
    "\n"
    "Status: 0; 78 for a mistake in FILE; 71 if OUT cannot be written.";

/* In the shape that is loaded soonest. FILTERS: one for [allow], one for each stage. */
static int build(const char *file, const struct policy *policy, struct diagnostics *diagnostics,
                 struct filter *filters)
{
    int error = 0;

    for (size_t i = 0; !error && i <= policy->whitelist.stage_count; i++)
        error = filter_build_once(i == 0 ? &policy->rules : &policy->stages[i - 1].rules,
                                  (struct place){file, 0}, diagnostics, &filters[i]);
    return error;
}

/* Compiles POLICY, which was read from FILE. */
static int make_of(const struct policy *policy, const char *file, struct artifact *artifact)
{
    struct filter filters[1 + WHITELIST_STAGES_MAX] = {0};
    struct diagnostics diagnostics = {0};
    int error = build(file, policy, &diagnostics, filters);
    bool mistaken = diagnostics.errors > 0;

    tool_tell(&diagnostics);
    if (!error)
        error = artifact_make(&policy->whitelist, filters, artifact);
    if (error && !mistaken)
        tool_error("%s: cannot compile it: %s", file,
                   error == -E2BIG ? "the result is too large" : strerror(-error));
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        filter_release(&filters[i]);
    diagnostics_release(&diagnostics);
    if (mistaken)
        return STATUS_CONFIG;
    return error ? STATUS_OS : STATUS_OK;
}

/* Compiles FILE in memory. ARTIFACT is to be released in any case. */
static int make(const char *file, struct artifact *artifact)
{
    struct policy policy;
    int status = policy_open(file, &policy);

    if (status == STATUS_OK && !policy_has_text(&policy, "compile"))
        status = STATUS_USAGE;
    if (status == STATUS_OK)
        status = make_of(&policy, file, artifact);
    policy_release(&policy);
    return status;
}

static bool are_equal(const struct artifact *one, const struct artifact *other)
{
    return one->length == other->length && memcmp(one->bytes, other->bytes, one->length) == 0;
}

/* Twice: should a source change between being read and being digested, the two differ. */
static int compile(const char *file, const char *out)
{
    struct artifact first = {0}, second = {0};
    int status = make(file, &first);

    if (status == STATUS_OK)
        status = make(file, &second);
    if (status == STATUS_OK && !are_equal(&first, &second)) {
        tool_error("%s: it is being changed", file);
        status = STATUS_OS;
    }
    if (status == STATUS_OK &&
        output_file_write(out, OUTPUT_REPLACE, first.bytes, first.length) != STATUS_OK)
        status = STATUS_OS;
    artifact_release(&first);
    artifact_release(&second);
    return status;
}

int verb_compile(int count, char **arguments)
{
    static const struct option OPTIONS[] = {
        {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *out = NULL;

    opterr = 0;
    for (int option; (option = getopt_long(count, arguments, ":ho:", OPTIONS, NULL)) != -1;) {
        if (option == 'h') {
            puts(HELP);
            return STATUS_OK;
        }
        if (option == ':')
            return tool_usage("compile", "'%s' takes a path", arguments[optind - 1]);
        if (option == '?')
            return tool_option("compile", option, arguments);
        out = optarg;
    }
    if (optind + 1 != count)
        return tool_usage("compile", "one whitelist is wanted");
    if (!out || *out == '\0')
        return tool_usage("compile", "where to? '-o OUT' is missing");
    return compile(arguments[optind], out);
}
