/* Names for addresses, from files that a hostile program chose. */
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "site_view.h"
#include "worker.h"

enum {
    FRAMES_MAX = 64,
    PLACE_MAX = 256,
    THREAD = 1, /* any number will do */
    KEPT_MAX = 8,
};

/* What is known of a process's libraries, until its maps are others. */
struct kept {
    struct namer *namer;
    Dwfl *dwfl; /* owned */
    bool attached;
    pid_t process;
    uint64_t maps;
};

struct namer {
    struct site_view *view;
    int channel;
    Elf *own;                   /* this program's: which machine it is */
    struct kept kept[KEPT_MAX]; /* by the process's id, modulo KEPT_MAX */
};

/* --- what libdw asks for --------------------------------------------------------------------- */

/* Returns the file of the module that begins at BASE, or -1. */
static int ask_for_file(const struct namer *namer, Dwarf_Addr base)
{
    struct worker_message message = {.word = SITE_OPEN};
    const struct site_view *view = namer->view;
    int file = -1;

    while (message.number < view->count && message.number < SITE_MODULES_MAX &&
           view->modules[message.number].start != base)
        message.number++;
    if (!worker_send(namer->channel, &message, -1) ||
        !worker_receive(namer->channel, &message, &file, -1))
        _exit(1);
    return file;
}

/* FILE is mapped, and closed. */
static Elf *read_elf(int file)
{
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);

    if (elf)
        elf_cntl(elf, ELF_C_FDDONE);
    close(file);
    return elf;
}

/* As an ELF file, and as nothing else: libdw would unpack what is packed. */
static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                    char **path, Elf **elf)
{
    (void)module, (void)name, (void)path;
    int file = ask_for_file(*data, base);
    *elf = file < 0 ? NULL : read_elf(file);
    return -1;
}

/* Nothing is looked for but what is mapped: no debugging information from elsewhere. */
static int no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                        const char *file, const char *link, GElf_Word sum, char **found)
{
    (void)module, (void)data, (void)name, (void)base;
    (void)file, (void)link, (void)sum, (void)found;
    return -1;
}

static const Dwfl_Callbacks CALLBACKS = {.find_elf = find_elf, .find_debuginfo = no_debuginfo};

static pid_t next_thread(Dwfl *dwfl, void *namer, void **thread)
{
    bool first = *thread == NULL;

    (void)dwfl;
    *thread = namer;
    return first ? THREAD : 0;
}

static bool get_thread(Dwfl *dwfl, pid_t id, void *namer, void **thread)
{
    (void)dwfl;
    *thread = namer;
    return id == THREAD;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *word, void *context)
{
    const struct site_view *view = ((const struct namer *)context)->view;
    uint64_t offset = address - view->stack_start;
    uint64_t length = view->stack_length;

    (void)dwfl;
    if (length > sizeof(view->stack) || length < sizeof(*word) || offset > length - sizeof(*word))
        return false;
    memcpy(word, view->stack + offset, sizeof(*word));
    return true;
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
    const struct site_view *view = ((const struct namer *)context)->view;
    Dwarf_Word registers[SITE_REGISTERS];

    for (size_t i = 0; i < SITE_REGISTERS; i++)
        registers[i] = view->registers[i];
    return dwfl_thread_state_registers(thread, 0, SITE_REGISTERS, registers);
}

static const Dwfl_Thread_Callbacks THREADS = {.next_thread = next_thread,
                                              .get_thread = get_thread,
                                              .memory_read = read_memory,
                                              .set_initial_registers = set_registers};

static void forget(struct kept *kept)
{
    if (kept->dwfl)
        dwfl_end(kept->dwfl);
    *kept = (struct kept){0};
}

static bool report_modules(struct namer *namer, Dwfl *dwfl)
{
    const struct site_view *view = namer->view;

    for (uint32_t i = 0; i < view->count && i < SITE_MODULES_MAX; i++) {
        const struct site_module *module = &view->modules[i];
        void **data;
        Dwfl_Module *reported = dwfl_report_module(dwfl, module->name, module->start, module->end);
        if (!reported)
            return false;
        dwfl_module_info(reported, &data, NULL, NULL, NULL, NULL, NULL, NULL);
        *data = namer;
    }
    return dwfl_report_end(dwfl, NULL, NULL) == 0;
}

/* What is known of PROCESS, as it is mapped now; what still is where it was is not read again. */
static struct kept *obtain(struct namer *namer, pid_t process)
{
    struct kept *kept = &namer->kept[(unsigned)process % KEPT_MAX];
    uint64_t maps = namer->view->maps;

    if (kept->dwfl && kept->process == process && kept->maps == maps)
        return kept;
    if (kept->dwfl && kept->process == process)
        dwfl_report_begin(kept->dwfl);
    else
        forget(kept);
    kept->process = process;
    kept->maps = maps;
    if (!kept->dwfl)
        kept->dwfl = dwfl_begin(&CALLBACKS);
    if (!kept->dwfl || !report_modules(namer, kept->dwfl))
        forget(kept);
    else if (!kept->attached)
        kept->attached = dwfl_attach_state(kept->dwfl, namer->own, process, &THREADS, namer);
    return kept;
}

/* --- places ---------------------------------------------------------------------------------- */

/* The module that ADDRESS is in. */
static Dwfl_Module *find_module(Dwfl *dwfl, Dwarf_Addr address)
{
    Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address) : NULL;
    Dwarf_Addr start;
    Dwarf_Addr end;

    if (!module)
        return NULL;
    dwfl_module_info(module, NULL, &start, &end, NULL, NULL, NULL, NULL);
    return address >= start && address < end ? module : NULL;
}

static const char *module_name(Dwfl_Module *module, Dwarf_Addr *start)
{
    const char *name = dwfl_module_info(module, NULL, start, NULL, NULL, NULL, NULL, NULL);
    const char *slash = strchr(name, '/');

    return slash ? slash + 1 : name;
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
    Dwfl_Module *module = find_module(dwfl, inside);
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
    bool libc = is_libc(find_module(stack->dwfl, pc - returns));
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

static void name_place(struct namer *namer, pid_t process)
{
    struct site_view *view = namer->view;
    char place[PLACE_MAX];
    const struct kept *kept = obtain(namer, process);
    struct stack stack = {.dwfl = kept->dwfl};

    tell_place(kept->dwfl, view->pc, false, place);
    if (view->has_registers && kept->attached)
        dwfl_getthread_frames(kept->dwfl, THREAD, visit_frame, &stack);
    snprintf(view->text, sizeof(view->text), "%s%s%s%s%s", place,
             *stack.entry ? ", called by " : "", stack.entry, *stack.outside ? ", called by " : "",
             stack.outside);
}

void site_name(int channel, void *context)
{
    const struct site_namer *settings = context;
    struct worker_message message;

    elf_version(EV_CURRENT);
    int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct namer namer = {
        .view = settings->view, .channel = channel, .own = own < 0 ? NULL : read_elf(own)};
    if (!confine(settings->filter))
        return;
    while (worker_receive(channel, &message, NULL, -1)) {
        name_place(&namer, message.process);
        message.word = SITE_DONE;
        if (!worker_send(channel, &message, -1))
            return;
    }
}
