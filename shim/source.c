#include "source.h"

#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
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

#ifdef __i386__

/* Linked by the linker's usual script: ld.so makes all relocations. */
static void relocate(void)
{
}

#else

/* Of the linker's script: all relocations, and where the data begins whose relocations ld.so was
 * not told of. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
extern const ElfW(Rela) shim_relocations[] __attribute__((visibility("hidden")));
extern const ElfW(Rela) shim_relocations_end[] __attribute__((visibility("hidden")));
extern char shim_cold_data[] __attribute__((visibility("hidden")));

/* Makes what ld.so did not: libseccomp's tables have pointers. All relocations are of the one kind
 * that adds the load address, which the build has checked. */
static void relocate(void)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;

    /* cppcheck-suppress comparePointers ; both are ends of one section */
    for (const ElfW(Rela) *entry = shim_relocations; entry < shim_relocations_end; entry++) {
        uintptr_t place = base + entry->r_offset;
        if (place >= (uintptr_t)shim_cold_data)
            *(uintptr_t *)place = base + (uintptr_t)entry->r_addend;
    }
}

#endif

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

/* The last act. Not inlined: the program's copy is on the stack only now, and as large as it has to
 * be: a frame of 32 KiB is touched page by page, which took 10 microseconds. */
__attribute__((noinline)) static void enforce(const struct environment *environment,
                                              const char *path, const struct settings *settings,
                                              const struct filter *filter)
{
    if (filter->count > FILTER_INSTRUCTIONS_MAX)
        refuse(STATUS_SYSTEM, "the filter has more instructions than the kernel takes");
    size_t size = filter->count * sizeof(*filter->instructions);
    struct sock_filter *instructions = __builtin_alloca(size);
    memcpy(instructions, filter->instructions, size);
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

    relocate();
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
