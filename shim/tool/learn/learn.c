/* portcullis learn: the whitelist writes itself. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../config/reader.h"
#include "../../../config/triggers.h"
#include "../call.h"
#include "../image.h"
#include "../launch.h"
#include "../named.h"
#include "../output_file.h"
#include "../policy.h"
#include "../target.h"
#include "../tool.h"
#include "again.h"
#include "learner.h"
#include "obstacles.h"
#include "store.h"

static const char HELP[] =
    "usage: portcullis learn [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
    "\n"
    "Runs PROGRAM, records which system calls it makes from its entry point on, with all\n"
    "its threads and children, and makes a whitelist of them. Nothing is refused but what\n"
    "[deny] lines refuse, and @fallback.\n"
    "\n"
    "OPTION:\n"
    "  -o FILE             write it to FILE, which is added to if it is there: what it allows\n"
    "                      already runs at full speed; '-' is standard output. Without -o\n"
    "                      the list is printed on standard error, at the end\n"
    "  --arguments WHICH   which arguments become conditions: none, all, or safe (the\n"
    "                      default): those that stay the same from run to run\n"
    "  --stage FUNCTION    make two lists: [allow], and [stage FUNCTION] of what is called from\n"
    "                      the first call of FUNCTION on, in each process. NAME=FUNCTION gives\n"
    "                      the stage a name; FUNCTION may be several, separated by a comma.\n"
    "                      What is seen of FUNCTION are its system calls\n"
    "  --no-children       record nothing of what children execute, and tell what that is\n"
    "  --annotate          add counts, and where each call was first made, as comments\n"
    "  --timeout SECONDS   then end PROGRAM by SIGTERM, and 5 seconds later by SIGKILL\n"
    "  --backend HOW       ptrace (the default), which changes nothing for PROGRAM, or\n"
    "                      notify, which is quicker, but may let a call that a signal\n"
    "                      interrupts fail with EINTR\n"
    "  --verify            afterwards run PROGRAM again, under the whitelist\n"
    "  --quiet             no progress and no summary\n"
    "  -h, --help\n"
    "\n"
    "Status: PROGRAM's own; 78 the whitelist is wrong, 125 the command can't do its work or\n"
    "the whitelist can't be written, 126 PROGRAM can't be run, 127 it is not found, 2 usage.\n"
    "With --verify, once PROGRAM was learned: 0 nothing was refused, 1 something was, or\n"
    "may have been.";

/* A whitelist that allows nothing that is a call. */
static const char NOTHING[] = "[allow]\nsyscalls = 999999\n";

struct learn {
    struct learner_settings settings;
    struct policy policy;
    struct policy nothing; /* with --stage: nothing runs at full speed */
    bool help;
    bool verify;
    const char *output; /* -o, or NULL */
    char **program;     /* and its arguments */
    char *command;      /* owned: the same, for people */
    struct again *shared;
    char path[PATH_MAX];
    char executable[PATH_MAX];
};

static int parse_arguments(const char *text, enum record_arguments *arguments)
{
    static const char *const NAMES[] = {[RECORD_ARGUMENTS_NONE] = "none",
                                        [RECORD_ARGUMENTS_SAFE] = "safe",
                                        [RECORD_ARGUMENTS_ALL] = "all"};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (strcmp(text, NAMES[i]) == 0) {
            *arguments = (enum record_arguments)i;
            return STATUS_OK;
        }
    }
    return tool_usage("learn", "--arguments takes none, safe or all, not '%s'", text);
}

static int parse_backend(const char *text, const struct backend **backend)
{
    static const struct backend *const BACKENDS[] = {&backend_trace, &backend_notify};

    for (size_t i = 0; i < sizeof(BACKENDS) / sizeof(BACKENDS[0]); i++) {
        if (strcmp(text, BACKENDS[i]->name) == 0) {
            *backend = BACKENDS[i];
            return STATUS_OK;
        }
    }
    return tool_usage("learn", "--backend takes ptrace or notify, not '%s'", text);
}

static int parse_timeout(const char *text, double *timeout)
{
    char *end;

    *timeout = strtod(text, &end);
    if (end == text || *end != '\0' || !(*timeout > 0 && *timeout <= INT_MAX))
        return tool_usage("learn", "--timeout takes seconds, more than 0, not '%s'", text);
    return STATUS_OK;
}

/* FUNCTION[,FUNCTION...], or NAME= and that. */
static int parse_stage(char *text, struct learner_stage *stage)
{
    char *equal = strchr(text, '=');
    char *functions = equal ? equal + 1 : text;

    for (char *c = functions; *c != '\0'; c++) {
        if (*c == ',')
            *c = ' ';
    }
    stage->triggers = trigger_set(functions);
    if (stage->triggers == 0)
        return tool_usage("learn", "no stage can begin with '%s'", functions);
    if (equal)
        *equal = '\0';
    else if (strchr(functions, ' '))
        return tool_usage("learn", "--stage takes a NAME= before several functions");
    stage->name = text;
    if (!stage_is_named(text, strlen(text)))
        return tool_usage("learn",
                          "a stage's name is up to %d of a to z, 0 to 9, '-' and '_', not '%s'",
                          STAGE_NAME_MAX, text);
    stage_functions(&(struct stage){.triggers = stage->triggers}, " ", stage->when);
    return STATUS_OK;
}

static int parse(struct learn *learn, int count, char **arguments)
{
    static const struct option OPTIONS[] = {
        {"annotate", no_argument, NULL, 'c'},      {"arguments", required_argument, NULL, 'a'},
        {"backend", required_argument, NULL, 'b'}, {"help", no_argument, NULL, 'h'},
        {"no-children", no_argument, NULL, 'n'},   {"quiet", no_argument, NULL, 'q'},
        {"stage", required_argument, NULL, 's'},   {"timeout", required_argument, NULL, 't'},
        {"verify", no_argument, NULL, 'v'},        {0}};
    struct learner_settings *settings = &learn->settings;
    int status = STATUS_OK;
    int option;

    opterr = 0;
    while (status == STATUS_OK &&
           (option = getopt_long(count, arguments, "+:ho:", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'a':
            status = parse_arguments(optarg, &settings->arguments);
            break;
        case 'b':
            status = parse_backend(optarg, &settings->backend);
            break;
        case 'c':
            settings->annotate = true;
            break;
        case 'h':
            learn->help = true;
            break;
        case 'n':
            settings->no_children = true;
            break;
        case 'o':
            learn->output = optarg;
            break;
        case 'q':
            settings->quiet = true;
            break;
        case 's':
            status = parse_stage(optarg, &settings->stage);
            break;
        case 't':
            status = parse_timeout(optarg, &settings->timeout);
            break;
        case 'v':
            learn->verify = true;
            break;
        default:
            status = tool_option("learn", option, arguments);
        }
    }
    if (status != STATUS_OK || learn->help)
        return status;
    if (optind == count)
        return tool_usage("learn", "a program is missing");
    learn->program = arguments + optind;
    if (learn->verify && (!learn->output || strcmp(learn->output, "-") == 0))
        return tool_usage("learn", "--verify needs '-o FILE'");
    return STATUS_OK;
}

/* OUTPUT as a path that holds in any folder; its links are not followed yet. */
static int make_path(const char *output, char path[PATH_MAX])
{
    char here[PATH_MAX] = "";

    if (*output != '/' && !getcwd(here, sizeof(here)))
        return -errno;
    int length = snprintf(path, PATH_MAX, "%s%s%s", here, *here != '\0' ? "/" : "", output);
    return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Before the file is read: what others have put there is not even looked at. */
static int find_output(struct learn *learn, bool *exists)
{
    struct stat status;
    const char *output = learn->output;

    if (output_file_try(output) != STATUS_OK)
        return STATUS_CANNOT;
    int error = make_path(output, learn->path);
    if (error)
        return output_file_cannot(output, "write", error);
    *exists = stat(output, &status) == 0 && !store_is_blank(output);
    learn->settings.path = learn->path;
    learn->settings.shown = output;
    return STATUS_OK;
}

/* Where the list goes to that goes into no file: out of the way of the program's descriptors. */
static int find_stream(struct learn *learn)
{
    learn->settings.output = STDERR_FILENO;
    if (!learn->output)
        return STATUS_OK;
    learn->settings.output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (learn->settings.output >= 0)
        return STATUS_OK;
    tool_error("cannot write to standard output: %s", strerror(errno));
    return STATUS_CANNOT;
}

/* As policy_open(), for what allows nothing. */
static int open_nothing(struct policy *policy)
{
    int error =
        reader_read_text("", NOTHING, strlen(NOTHING), &policy->whitelist, &policy->diagnostics);

    if (!error)
        error = policy_build("", policy);
    if (error)
        tool_error("cannot make a filter: %s", policy_reason(error));
    return error ? STATUS_OS : STATUS_OK;
}

static int refuse_stage(const struct stage *known, const struct learner_stage *stage)
{
    const struct stage wanted = {.triggers = stage->triggers};
    struct diagnostics diagnostics = {0};
    char functions[2][CALL_TEXT_MAX];

    diagnostic_error(&diagnostics, known->when_place, "the stage '%s' begins with %s, not with %s",
                     known->name, stage_functions(known, " or ", functions[0]),
                     stage_functions(&wanted, " or ", functions[1]));
    tool_tell(&diagnostics);
    diagnostics_release(&diagnostics);
    return STATUS_CONFIG;
}

/* Where the file has the stage, it must be the same one. */
static int find_stage(struct learn *learn)
{
    struct learner_stage *stage = &learn->settings.stage;

    learn->settings.filter = &learn->policy.filter;
    if (!stage->name)
        return STATUS_OK;
    stage->number = policy_stage(&learn->policy, stage->name);
    const struct stage *known =
        stage->number > 0 ? &learn->policy.whitelist.stages[stage->number - 1] : NULL;
    if (known && known->triggers != stage->triggers)
        return refuse_stage(known, stage);
    learn->settings.filter = &learn->nothing.filter;
    return open_nothing(&learn->nothing);
}

static int open_whitelist(struct learn *learn)
{
    char action[CALL_ACTION_MAX];
    bool exists = false;
    int status = STATUS_OK;

    if (!learn->output || strcmp(learn->output, "-") == 0)
        status = find_stream(learn);
    else
        status = find_output(learn, &exists);
    if (status != STATUS_OK || !exists)
        return status != STATUS_OK ? status : open_nothing(&learn->policy);
    learn->settings.listed = true;
    status = policy_open(learn->output, &learn->policy);
    if (status == STATUS_OK && !policy_has_text(&learn->policy, "learn"))
        status = STATUS_USAGE;
    const struct action *otherwise = &learn->policy.rules.default_action;
    if (status == STATUS_OK && action_allows(*otherwise))
        tool_note("warning: %s allows what it does not list ('default = %s'): there is nothing to "
                  "learn for it",
                  learn->output, action_text(*otherwise, action));
    return status;
}

static int join_command(struct learn *learn)
{
    size_t length = 0;
    FILE *stream = open_memstream(&learn->command, &length);

    for (char **word = learn->program; stream && *word; word++)
        fprintf(stream, word == learn->program ? "%s" : " %s", *word);
    if (!stream || fclose(stream) != 0) {
        tool_error("out of memory");
        return STATUS_OS;
    }
    learn->settings.command = learn->command;
    return STATUS_OK;
}

/* From here on there is no way back but exec or exit. */
static int lower_gate(struct learn *learn)
{
    struct gate gate = {.settings = &learn->policy.whitelist.settings,
                        .keep = learn->settings.output};

    learn->settings.policy = &learn->policy;
    int status = learner_join(&learn->settings, &gate);
    if (status != STATUS_OK)
        return status;
    return gate_lower(&gate) == 0 ? STATUS_OK : STATUS_CANNOT;
}

/* A shim that is linked would run in any case, and want a whitelist. */
static int refuse_linked(const char *executable)
{
    if (!image_needs(executable, IMAGE_SHIM))
        return STATUS_OK;
    tool_error("'%s' is linked with %s, which loads a whitelist by itself; learn the program "
               "before you link it so",
               executable, IMAGE_SHIM);
    return STATUS_CANNOT;
}

static int learn_program(struct learn *learn)
{
    int status = open_whitelist(learn);

    if (status == STATUS_OK)
        status = find_stage(learn);
    if (status == STATUS_OK)
        status =
            named_find(&learn->policy.whitelist.settings, learn->program[0], learn->executable);
    if (status == STATUS_OK)
        status = refuse_linked(learn->executable);
    if (status == STATUS_OK)
        status = join_command(learn);
    if (status == STATUS_OK && !(learn->output && strcmp(learn->output, "-") == 0))
        obstacles_look();
    if (status == STATUS_OK)
        status = lower_gate(learn);
    if (status == STATUS_OK)
        status = launch_set_environment(NULL, NULL);
    if (status == STATUS_OK)
        status = launch_execute(learn->executable, learn->program);
    return status;
}

static int learn_first(void *context, int keep)
{
    struct learn *learn = context;

    learn->settings.output = keep;
    return learn_program(learn);
}

static int run_again(void *context, int keep)
{
    const struct learn *learn = context;

    return again_run(learn->output, learn->executable, learn->program, keep, learn->shared);
}

/* Both runs are children's, so that somebody is left to tell. */
static int learn_and_verify(struct learn *learn)
{
    struct again *shared = again_open();

    if (!shared)
        return STATUS_OS;
    learn->shared = shared;
    learn->settings.kept = &shared->kept;
    int status = again_wait(learn_first, learn);
    if (!shared->kept)
        return status;
    tool_note("running it again, under %s", learn->output);
    int again = target_find(learn->program[0], learn->executable);
    if (again == STATUS_OK)
        again = again_wait(run_again, learn);
    if (!shared->told)
        return again != STATUS_OK ? again : STATUS_CANNOT;
    if (!shared->ran) {
        tool_note("not verified: it did not run");
        return again != STATUS_OK ? again : STATUS_CANNOT;
    }
    if (shared->refused > 0)
        tool_note("not verified: %zu call%s refused", shared->refused,
                  shared->refused == 1 ? " was" : "s were");
    else if (shared->unseen)
        tool_note("not verified: a filter of the program's own may have hidden refused calls");
    else
        tool_note("verified: %s allows all that it did", learn->output);
    return shared->refused > 0 || shared->unseen ? STATUS_NO : STATUS_OK;
}

int verb_learn(int count, char **arguments)
{
    struct learn learn = {
        .settings = {.backend = &backend_trace, .arguments = RECORD_ARGUMENTS_SAFE, .output = -1}};
    int status = parse(&learn, count, arguments);

    if (status == STATUS_OK && learn.help)
        puts(HELP);
    else if (status == STATUS_OK && learn.verify)
        status = learn_and_verify(&learn);
    else if (status == STATUS_OK)
        status = learn_program(&learn);
    policy_release(&learn.policy);
    policy_release(&learn.nothing);
    free(learn.command);
    return status;
}
