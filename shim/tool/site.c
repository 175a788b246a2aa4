#include "site.h"

#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    FRAMES_MAX = 64,
    PLACE_MAX = 256,
};

/* Nothing is looked for but what is mapped: no debugging information from elsewhere. */
static int no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                        const char *file, const char *link, GElf_Word sum, char **found)
{
    (void)module, (void)data, (void)name, (void)base;
    (void)file, (void)link, (void)sum, (void)found;
    return -1;
}

static const Dwfl_Callbacks CALLBACKS = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = no_debuginfo,
};

/* A sum over the code that PROCESS has mapped: where, and from which files. */
static uint64_t sum_maps(pid_t process)
{
    char path[64];
    char *line = NULL;
    size_t size = 0;
    uint64_t sum = 1469598103934665603U; /* FNV-1a */

    snprintf(path, sizeof(path), "/proc/%d/maps", process);
    FILE *file = fopen(path, "re");
    while (file && getline(&line, &size, file) > 0) {
        const char *rights = strchr(line, ' ');
        for (const char *c = line; rights && rights[3] == 'x' && *c != '\0'; c++)
            sum = (sum ^ (unsigned char)*c) * 1099511628211U;
    }
    free(line);
    if (file)
        fclose(file);
    return sum;
}

static void forget(struct site_map *map)
{
    if (map->dwfl)
        dwfl_end(map->dwfl);
    *map = (struct site_map){0};
}

/* Makes MAP know what PROCESS has mapped now. */
static bool learn(struct site_map *map, pid_t process)
{
    uint64_t maps = sum_maps(process);

    if (map->dwfl && map->process == process && map->maps == maps)
        return true;
    forget(map);
    *map = (struct site_map){.dwfl = dwfl_begin(&CALLBACKS), .process = process, .maps = maps};
    if (!map->dwfl || dwfl_linux_proc_report(map->dwfl, process) != 0 ||
        dwfl_report_end(map->dwfl, NULL, NULL) != 0) {
        forget(map);
        return false;
    }
    map->attached = dwfl_linux_proc_attach(map->dwfl, process, true) == 0;
    return true;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static const char *module_name(Dwfl_Module *module, Dwarf_Addr *start)
{
    return file_name(dwfl_module_info(module, NULL, start, NULL, NULL, NULL, NULL, NULL));
}

/* The C library and the loader: nobody's own code. */
static bool is_libc(Dwfl_Module *module)
{
    static const char *const NAMES[] = {"libc.so",   "libc-",    "libpthread", "ld-linux",
                                        "libc.musl", "ld-musl",  "librt.so",   "[vdso",
                                        "libdl.so",  "libdl-2.", "librt-2.",   "linux-vdso"};
    const char *name = module ? module_name(module, NULL) : "";

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (strncmp(name, NAMES[i], strlen(NAMES[i])) == 0)
            return true;
    }
    return false;
}

/* A name for the function at ADDRESS that has no underscores before it, as programs call it; NAME
 * if there is none. */
static const char *public_name(Dwfl_Module *module, const char *name, Dwarf_Addr address)
{
    int count = *name == '_' ? dwfl_module_getsymtab(module) : 0;

    for (int i = 0; i < count; i++) {
        GElf_Sym other;
        const char *alias = dwfl_module_getsym(module, i, &other, NULL);
        if (alias && *alias != '_' && *alias != '\0' && other.st_value == address &&
            GELF_ST_TYPE(other.st_info) == STT_FUNC)
            return alias;
    }
    return name;
}

/* "library!symbol+0x7" for ADDRESS; where it is a return address, what is called from is before
 * it. */
static void tell_place(Dwfl *dwfl, Dwarf_Addr address, bool returns, char text[PLACE_MAX])
{
    Dwarf_Addr inside = address - returns;
    Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, inside) : NULL;
    GElf_Off offset = 0;
    GElf_Sym symbol = {0};
    Dwarf_Addr start = 0;

    if (!module) {
        snprintf(text, PLACE_MAX, "0x%" PRIx64, address);
        return;
    }
    const char *library = module_name(module, &start);
    const char *name = dwfl_module_addrinfo(module, inside, &offset, &symbol, NULL, NULL, NULL);
    if (name && *name != '\0' && (symbol.st_size == 0 || offset < symbol.st_size))
        snprintf(text, PLACE_MAX, "%s!%s+0x%" PRIx64, library,
                 public_name(module, name, inside - offset), offset + returns);
    else
        snprintf(text, PLACE_MAX, "%s+0x%" PRIx64, library, address - start);
}

/* The three frames that matter. */
struct stack {
    Dwfl *dwfl;
    unsigned count;
    bool leaves_libc; /* the call was made there */
    char entry[PLACE_MAX];
    char outside[PLACE_MAX];
};

static int visit_frame(Dwfl_Frame *frame, void *context)
{
    struct stack *stack = context;
    Dwarf_Addr pc = 0;
    bool activation = true;

    if (stack->count >= FRAMES_MAX || !dwfl_frame_pc(frame, &pc, &activation))
        return DWARF_CB_ABORT;
    bool returns = stack->count > 0 && !activation;
    bool libc = is_libc(dwfl_addrmodule(stack->dwfl, pc - returns));
    if (stack->count++ == 0) {
        stack->leaves_libc = libc;
        return DWARF_CB_OK;
    }
    if (libc && stack->leaves_libc) {
        tell_place(stack->dwfl, pc, returns, stack->entry);
        return DWARF_CB_OK;
    }
    tell_place(stack->dwfl, pc, returns, stack->outside);
    return DWARF_CB_ABORT;
}

const char *site_text(struct sites *sites, pid_t process, pid_t thread, bool stopped, uint64_t pc,
                      char *text, size_t size)
{
    char place[PLACE_MAX];
    struct site_map *map = &sites->maps[process % SITES_MAX];
    bool known = learn(map, process);
    struct stack stack = {.dwfl = map->dwfl};

    tell_place(map->dwfl, pc, false, place);
    if (known && stopped && map->attached)
        dwfl_getthread_frames(map->dwfl, thread, visit_frame, &stack);
    snprintf(text, size, "%s%s%s%s%s", place, *stack.entry ? ", called by " : "", stack.entry,
             *stack.outside ? ", called by " : "", stack.outside);
    /* the names of files and symbols are the program's to choose */
    for (char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return text;
}

void sites_need_room(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void sites_release(struct sites *sites)
{
    for (size_t i = 0; i < SITES_MAX; i++)
        forget(&sites->maps[i]);
}
