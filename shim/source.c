#include "source.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "../config/diagnostic.h"
#include "../config/reader.h"
#include "filter.h"
#include "freestanding/arena.h"
#include "freestanding/end.h"
#include "load.h"
#include "program.h"
#include "refuse.h"
#include "rules.h"

static void say_diagnostic(void *context, const char *text, size_t length)
{
    (void)context;
    end_say(text, length);
}

/* Goes on where a step of the pipeline succeeded, and nothing was found wrong on the way. */
static void demand(int result, const char *step, const struct diagnostics *diagnostics)
{
    if (diagnostics->errors > 0) {
        diagnostics_tell(diagnostics, say_diagnostic, NULL);
        end_process(STATUS_WHITELIST);
    }
    if (result < 0)
        refuse_system(step, -result);
}

static void close_arena(void)
{
    int result = arena_release();
    if (result < 0)
        refuse_system("cannot give back the memory that was needed", -result);
}

/* The last act. Not inlined: the program's copy, 32 KiB, is on the stack only now. */
__attribute__((noinline)) static void enforce(const struct environment *environment,
                                              const char *path, const struct settings *settings,
                                              const struct filter *filter)
{
    struct sock_filter instructions[FILTER_INSTRUCTIONS_MAX];
    if (filter->count > FILTER_INSTRUCTIONS_MAX)
        refuse(STATUS_SYSTEM, "the filter has more instructions than the kernel takes");
    memcpy(instructions, filter->instructions, filter->count * sizeof(*instructions));
    struct sock_fprog program = {.len = (unsigned short)filter->count, .filter = instructions};
    struct load load = {.programs = &program,
                        .count = 1,
                        .no_new_privileges = settings->no_new_privileges,
                        .audit = settings->audit};
    enum children children = settings->children;

    close_arena();
    if (children == CHILDREN_INHERIT)
        environment_blank(environment, path);
    long error;
    const char *text = load_programs(&load, &error);
    if (text)
        refuse_system(text, error);
}

/* What every stage allocates is given back at once, with the arena. */
void source_enforce(const struct environment *environment, const char *path, const char *own)
{
    struct whitelist whitelist = {0};
    struct rules rules = {0};
    struct filter filter = {0};
    struct diagnostics diagnostics = {0};

    int result = arena_open();
    if (result < 0)
        refuse_system("cannot map memory", -result);
    result = reader_read_file(path, &whitelist, &diagnostics);
    /* Mistakes end it here. Those that the next stage finds are told as well. */
    if (result == -EINVAL && rules_build(&whitelist, &diagnostics, &rules) == -ENOMEM)
        result = -ENOMEM;
    demand(result, "cannot read the whitelist", &diagnostics);
    result = environment->loader ? 1 : program_wanted(&whitelist.settings, &diagnostics);
    demand(result, "cannot look at /proc/self/exe", &diagnostics);
    if (result == 0) {
        close_arena();
        return;
    }
    result = rules_build(&whitelist, &diagnostics, &rules);
    demand(result, "cannot understand the whitelist", &diagnostics);
    result = filter_build(&rules, (struct place){path, 0}, &diagnostics, &filter);
    demand(result, "cannot build the filter", &diagnostics);
    enforce(environment, own, &whitelist.settings, &filter);
}
