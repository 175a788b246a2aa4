#include "import.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/oci_import.h"
#include "formats/strace.h"
#include "formats/systemd_import.h"
#include "learn/store.h"
#include "output_file.h"
#include "policy.h"
#include "tool.h"

struct format {
    const char *name;
    int (*import)(const struct import *import);
    const char *purpose;
    bool whole; /* it makes a whitelist with all its denials, which can't be added to another */
};

static const struct format FORMATS[] = {
    {"strace", strace_import, "what strace -f or strace -c has written", false},
    {"oci", oci_import, "the profiles of runc, crun, Docker, Podman and Kubernetes", true},
    {"systemd", systemd_import, "unit files and drop-ins, or what systemctl cat prints", true},
};

enum { FORMAT_COUNT = sizeof(FORMATS) / sizeof(FORMATS[0]) };

struct options {
    const struct format *format;
    const char *path;
    const char *output;
    struct import_capabilities capabilities;
};

static int help(void)
{
    puts("usage: portcullis import --from FORMAT FILE [-o FILE]\n\n"
         "Makes a whitelist of what another tool has written, or adds to one. FILE may be '-',\n"
         "standard input. Formats:\n");
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        printf("  %-8s %s\n", FORMATS[i].name, FORMATS[i].purpose);
    puts("\n  -o, --output FILE   add to this whitelist; without it, a new one goes to standard\n"
         "                      output. What is made of oci and systemd can't be added to one\n"
         "  --cap CAPABILITY    oci: the program has this capability (repeatable; by default it\n"
         "                      has none): decides what of a profile holds\n\n"
         "Status: 0; 71 and 78 what cannot be read, or is not of that format.");
    return STATUS_OK;
}

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(FORMATS[i].name, name) == 0)
            return &FORMATS[i];
    }
    return NULL;
}

static int print(const struct additions *additions, const struct merge_facts *facts)
{
    char *text = NULL;
    size_t length = 0;

    if (merge_text(NULL, 0, additions, facts, &text, &length) != 0) {
        tool_error("out of memory");
        return STATUS_OS;
    }
    if (!text)
        tool_error("there is nothing to allow in it");
    else
        fwrite(text, 1, length, stdout);
    free(text);
    return text ? STATUS_OK : STATUS_NO;
}

int import_additions(const struct import *import, const struct additions *additions,
                     struct merge_facts facts)
{
    struct stored stored = {0};
    char machine[TOOL_MACHINE_MAX];

    facts.machine = tool_machine(machine);
    facts.likely = true;
    if (!import->output)
        return print(additions, &facts);
    int status = store_additions(import->output, additions, &facts, &stored);
    if (status != STATUS_OK)
        return status;
    if (stored.unchanged)
        tool_note("%s has all of it already", import->output);
    else
        tool_note("added to %s: %zu", import->output, stored.added);
    return STATUS_OK;
}

/* The whitelist that is added to, if there is one yet. */
static int open_output(const char *path, struct policy *policy, const struct rules **rules)
{
    if (!path)
        return STATUS_OK;
    int status = output_file_try(path);
    if (status != STATUS_OK)
        return status;
    if ((access(path, F_OK) != 0 && errno == ENOENT) || store_is_blank(path))
        return STATUS_OK;
    status = policy_open(path, policy);
    *rules = &policy->rules;
    return status;
}

/* What cannot be read twice is copied. */
static FILE *rereadable(FILE *stream)
{
    char piece[16384];
    size_t got = 0;

    if (fseek(stream, 0, SEEK_CUR) == 0)
        return stream;
    FILE *copy = tmpfile();
    while (copy && (got = fread(piece, 1, sizeof(piece), stream)) > 0) {
        if (fwrite(piece, 1, got, copy) != got)
            break;
    }
    if (copy && (ferror(stream) || ferror(copy) || fflush(copy) != 0)) {
        fclose(copy);
        copy = NULL;
    }
    fclose(stream);
    if (copy)
        rewind(copy);
    return copy;
}

static FILE *open_input(const char *path)
{
    struct stat status;
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

    if (stream && fstat(fileno(stream), &status) == 0 && S_ISDIR(status.st_mode)) {
        fclose(stream);
        stream = NULL;
        errno = EISDIR;
    }
    if (stream)
        stream = rereadable(stream);
    if (!stream)
        tool_error("cannot read '%s': %s", path, strerror(errno));
    return stream;
}

static int import_file(const struct options *options)
{
    struct policy policy = {0};
    struct import import = {.path = options->path, .output = options->output};

    import.capabilities = &options->capabilities;
    int status = STATUS_OK;
    if (!options->format->whole)
        status = open_output(options->output, &policy, &import.rules);
    if (status == STATUS_OK) {
        import.stream = open_input(options->path);
        status = import.stream ? options->format->import(&import) : STATUS_OS;
    }
    if (import.stream)
        fclose(import.stream);
    policy_release(&policy);
    return status;
}

static void release_capabilities(struct import_capabilities *capabilities)
{
    for (size_t i = 0; i < capabilities->count; i++)
        cap_free(capabilities->names[i]);
}

/* NAME, with CAP_ or without, in capitals or not. */
static int add_capability(struct import_capabilities *capabilities, const char *name)
{
    char word[64];
    cap_value_t value;

    snprintf(word, sizeof(word), "%s%s", strncasecmp(name, "cap_", 4) == 0 ? "" : "cap_", name);
    if (cap_from_name(word, &value) != 0)
        return tool_usage("import", "there is no capability '%s'", name);
    if (capabilities->count == IMPORT_CAPABILITIES_MAX)
        return tool_usage("import", "more than %d capabilities", IMPORT_CAPABILITIES_MAX);
    char *known = cap_to_name(value);
    if (!known) {
        tool_error("out of memory");
        return STATUS_OS;
    }
    for (char *c = known; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    capabilities->names[capabilities->count++] = known;
    return STATUS_OK;
}

/* Reads the command line. Returns STATUS_OK, or what verb_import() is to return, with *DONE set. */
static int take_options(int count, char **arguments, struct options *options, bool *done)
{
    static const struct option OPTIONS[] = {{"from", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"cap", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int status = STATUS_OK;

    *done = true;
    for (int option = 0; (option = getopt_long(count, arguments, ":f:o:h", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case 'f':
            options->format = find_format(optarg);
            if (!options->format)
                return tool_usage("import", "unknown format '%s'", optarg);
            break;
        case 'o':
            options->output = optarg;
            break;
        case 'c':
            status = add_capability(&options->capabilities, optarg);
            if (status != STATUS_OK)
                return status;
            break;
        case 'h':
            return help();
        default:
            return tool_option("import", option, arguments);
        }
    }
    *done = false;
    return STATUS_OK;
}

int verb_import(int count, char **arguments)
{
    struct options options = {0};
    bool done = false;

    opterr = 0;
    int status = take_options(count, arguments, &options, &done);
    if (!done && status == STATUS_OK) {
        options.path = arguments[optind];
        if (!options.format)
            status = tool_usage("import", "'--from FORMAT' is missing");
        else if (options.capabilities.count > 0 && options.format->import != oci_import)
            status = tool_usage("import", "'--cap' goes with '--from oci'");
        else if (optind + 1 != count)
            status =
                tool_usage("import", optind == count ? "a file is missing" : "one file at a time");
        else
            status = import_file(&options);
    }
    release_capabilities(&options.capabilities);
    return status;
}
