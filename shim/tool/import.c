#include "import.h"

#include <errno.h>
#include <getopt.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "formats/strace.h"
#include "learn/store.h"
#include "policy.h"
#include "tool.h"

struct format {
    const char *name;
    int (*import)(const struct import *import);
    const char *purpose;
};

static const struct format FORMATS[] = {
    {"strace", strace_import, "what strace -f or strace -c has written"},
};

enum { FORMAT_COUNT = sizeof(FORMATS) / sizeof(FORMATS[0]) };

struct options {
    const struct format *format;
    const char *path;
    const char *output;
};

static int help(void)
{
    puts("usage: portcullis import --from FORMAT FILE [-o FILE]\n\n"
         "Makes a whitelist of what another tool has written, or adds to one. FILE may be '-',\n"
         "standard input. Formats:\n");
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        printf("  %-8s %s\n", FORMATS[i].name, FORMATS[i].purpose);
    puts("\n  -o, --output FILE   add to this whitelist; without it, a new one goes to standard\n"
         "                      output\n\n"
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
    struct utsname system = {0};
    char machine[256];

    uname(&system);
    snprintf(machine, sizeof(machine), "%s %s %s, glibc %s", system.sysname, system.release,
             system.machine, gnu_get_libc_version());
    facts.machine = machine;
    facts.likely = true;
    if (!import->output)
        return print(additions, &facts);
    int status = store_additions(import->output, additions, &facts, &stored);
    if (status != STATUS_OK)
        return status;
    if (stored.unchanged)
        fprintf(stderr, "portcullis: %s has all of it already\n", import->output);
    else
        fprintf(stderr, "portcullis: added to %s: %zu\n", import->output, stored.added);
    return STATUS_OK;
}

/* The whitelist that is added to, if there is one yet. */
static int open_output(const char *path, struct policy *policy, const struct rules **rules)
{
    if (!path || (access(path, F_OK) != 0 && errno == ENOENT) || store_is_blank(path))
        return STATUS_OK;
    int status = policy_open(path, policy);
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
        tool_error("cannot read %s: %s", path, strerror(errno));
    return stream;
}

static int import_file(const struct options *options)
{
    struct policy policy = {0};
    struct import import = {.path = options->path, .output = options->output};

    int status = open_output(options->output, &policy, &import.rules);
    if (status == STATUS_OK) {
        import.stream = open_input(options->path);
        status = import.stream ? options->format->import(&import) : STATUS_OS;
    }
    if (import.stream)
        fclose(import.stream);
    policy_release(&policy);
    return status;
}

int verb_import(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"from", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct options options = {0};

    opterr = 0;
    for (int option = 0; (option = getopt_long(count, arguments, ":f:o:h", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case 'f':
            options.format = find_format(optarg);
            if (!options.format)
                return tool_usage("import", "unknown format '%s'", optarg);
            break;
        case 'o':
            options.output = optarg;
            break;
        case 'h':
            return help();
        case ':':
            return tool_usage("import", "option '%s' needs a value", arguments[optind - 1]);
        default:
            return tool_usage("import", "unknown option '%s'", arguments[optind - 1]);
        }
    }
    if (!options.format)
        return tool_usage("import", "'--from FORMAT' is missing");
    if (optind + 1 != count)
        return tool_usage("import", optind == count ? "a file is missing" : "one file at a time");
    options.path = arguments[optind];
    return import_file(&options);
}
