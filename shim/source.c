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
#include "stages.h"

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

/* The last act: the arena goes, and with it all that was read. */
static void load_last(const struct environment *environment, const char *own, struct load load,
                      enum children children)
{
    close_arena();
    load.reloads = children == CHILDREN_RELOAD;
    if (!load.reloads)
        environment_blank(environment, own);
    long error;
    const char *text = load_programs(&load, &error);
    if (text)
        refuse_system(text, error);
    if (load.more)
        stages_open();
}

/* The last act. Not inlined: the program's copy is on the stack only now, and as large as it has to
 * be: a frame of 32 KiB is touched page by page, which took 10 microseconds. */
__attribute__((noinline)) static void enforce(const struct environment *environment,
                                              const char *own, const struct settings *settings,
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
    load_last(environment, own, load, settings->children);
}

/* Rules for [allow] and for each stage; the mistakes of all are reported. */
static int understand(const struct whitelist *whitelist, struct diagnostics *diagnostics,
                      struct rules rules[1 + WHITELIST_STAGES_MAX])
{
    for (unsigned i = 0; i <= whitelist->stage_count; i++) {
        int result = rules_build_stage(whitelist, i, diagnostics, &rules[i]);
        if (result < 0 && result != -EINVAL)
            return result;
    }
    return diagnostics->errors > 0 ? -EINVAL : 0;
}

static void build(const struct rules *rules, const char *path, struct diagnostics *diagnostics,
                  struct filter *filter)
{
    int result = filter_build(rules, (struct place){path, 0}, diagnostics, filter);
    demand(result, "cannot build the filter", diagnostics);
}

/* With filters for later. */
static void enforce_stages(const struct environment *environment, const char *path, const char *own,
                           const struct whitelist *whitelist, const struct rules *rules,
                           struct diagnostics *diagnostics)
{
    struct stages_program programs[1 + WHITELIST_STAGES_MAX] = {0};
    const struct settings *settings = &whitelist->settings;
    unsigned flags = load_flags(settings->audit);

    for (size_t i = 0; i <= whitelist->stage_count; i++) {
        const struct stage *stage = i > 0 ? &whitelist->stages[i - 1] : NULL;
        struct filter filter;
        build(&rules[i], path, diagnostics, &filter);
        programs[i] =
            (struct stages_program){stage ? stage->name : NULL, stage ? stage->triggers : 0,
                                    filter.instructions, filter.count};
    }
    struct load load = {
        .programs = stages_prepare(environment, path, programs, 1 + whitelist->stage_count, flags),
        .count = 1,
        .no_new_privileges = true,
        .audit = settings->audit,
        .more = true};
    load_last(environment, own, load, settings->children);
}

/* What every step allocates is given back at once, with the arena. */
void source_enforce(const struct environment *environment, const char *path, int descriptor,
                    const char *own)
{
    struct whitelist whitelist = {0};
    struct rules rules[1 + WHITELIST_STAGES_MAX];
    struct diagnostics diagnostics = {0};

    relocate();
    int result = arena_open();
    if (result < 0)
        refuse_system("cannot map memory", -result);
    result = reader_read_open(path, descriptor, &whitelist, &diagnostics);
    /* Mistakes end it here. Those that the next step finds are told as well. */
    if (result == -EINVAL && understand(&whitelist, &diagnostics, rules) == -ENOMEM)
        result = -ENOMEM;
    demand(result, "cannot read the whitelist", &diagnostics);
    result = environment->loader ? 1 : program_wanted(&whitelist.settings, &diagnostics);
    demand(result, "cannot look at /proc/self/exe", &diagnostics);
    if (result == 0) {
        close_arena();
        return;
    }
    result = understand(&whitelist, &diagnostics, rules);
    demand(result, "cannot understand the whitelist", &diagnostics);
    if (whitelist.stage_count > 0) {
        enforce_stages(environment, path, own, &whitelist, rules, &diagnostics);
        return;
    }
    struct filter filter;
    build(&rules[0], path, &diagnostics, &filter);
    enforce(environment, own, &whitelist.settings, &filter);
}
