/* The shim: a constructor that reads the whitelist and loads the filter, or ends the process. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../config/constants.h"
#include "../config/diagnostic.h"
#include "../config/reader.h"
#include "environment.h"
#include "filter.h"
#include "freestanding/arena.h"
#include "freestanding/end.h"
#include "load.h"
#include "objects.h"
#include "program.h"
#include "rules.h"

/* Our own dynamic section; the linker makes the symbol. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

static void say_diagnostic(void *context, const char *text, size_t length)
{
    (void)context;
    end_say(text, length);
}

__attribute__((format(printf, 2, 3))) static _Noreturn void refuse(int status, const char *format,
                                                                   ...)
{
    static const char prefix[] = "portcullis: error: ";
    char text[2 * 4096 + 128]; /* two paths fit in */
    memcpy(text, prefix, sizeof(prefix));
    size_t start = sizeof(prefix) - 1;
    size_t room = sizeof(text) - start - 1;

    va_list arguments;
    va_start(arguments, format);
    size_t length = (size_t)vsnprintf(text + start, room, format, arguments);
    va_end(arguments);
    if (length > room - 1)
        length = room - 1;
    text[start + length] = '\n';
    end_say(text, start + length + 1);
    end_process(status);
}

/* ERROR as load_programs() has it. */
static _Noreturn void refuse_system(const char *text, long error)
{
    const char *name = error > 0 ? constant_errno_name((unsigned)error) : NULL;
    if (error < 0)
        refuse(STATUS_SYSTEM, "%s %ld", text, -error);
    if (error == 0)
        refuse(STATUS_SYSTEM, "%s", text);
    if (!name)
        refuse(STATUS_SYSTEM, "%s: error %ld", text, error);
    refuse(STATUS_SYSTEM, "%s: %s", text, name);
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

static const char *whitelist_path(const struct environment *environment)
{
    const char *path = environment_find(environment, "PORTCULLIS_WHITELIST");
    if (environment->secure)
        refuse(STATUS_WHITELIST, "the program runs with more rights than its user's (setuid, "
                                 "capabilities): PORTCULLIS_WHITELIST is not to be believed");
    if (!path)
        refuse(STATUS_WHITELIST, "PORTCULLIS_WHITELIST is not set; set it to a whitelist's path");
    if (path[0] == '\0')
        refuse(STATUS_WHITELIST, "PORTCULLIS_WHITELIST is empty; set it to a whitelist's path");
    return path;
}

/* The path that we were loaded from, or NULL where ld.so does not tell. */
static const char *own_path(const struct environment *environment)
{
    const struct link_map *objects = objects_first(environment->stack_auxv);
    const struct link_map *own = objects_find(objects, _DYNAMIC);
    const struct link_map *twin = own ? objects_twin(objects, own) : NULL;
    if (twin)
        refuse(STATUS_WHITELIST, "the shim is loaded twice: '%s' and '%s'", own->l_name,
               twin->l_name);
    return own ? own->l_name : NULL;
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
__attribute__((constructor)) static void portcullis(void)
{
    struct environment environment;
    struct whitelist whitelist = {0};
    struct rules rules = {0};
    struct filter filter = {0};
    struct diagnostics diagnostics = {0};

    long error;
    const char *text = environment_open(&environment, &error);
    if (text)
        refuse_system(text, error);
    const char *path = whitelist_path(&environment);
    const char *own = own_path(&environment);
    int result = arena_open();
    if (result < 0)
        refuse_system("cannot map memory", -result);

    result = reader_read_file(path, &whitelist, &diagnostics);
    /* Mistakes end it here. Those that the next stage finds are told as well. */
    if (result == -EINVAL && rules_build(&whitelist, &diagnostics, &rules) == -ENOMEM)
        result = -ENOMEM;
    demand(result, "cannot read the whitelist", &diagnostics);
    result = environment.loader ? 1 : program_wanted(&whitelist.settings, &diagnostics);
    demand(result, "cannot look at /proc/self/exe", &diagnostics);
    if (result == 0) {
        close_arena();
        return;
    }
    result = rules_build(&whitelist, &diagnostics, &rules);
    demand(result, "cannot understand the whitelist", &diagnostics);
    result = filter_build(&rules, (struct place){path, 0}, &diagnostics, &filter);
    demand(result, "cannot build the filter", &diagnostics);
    enforce(&environment, own, &whitelist.settings, &filter);
}
