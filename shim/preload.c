/* The shim: a constructor that loads the whitelist's filter, or ends the process. What is here, and
 * what it calls on its way to a compiled whitelist's filter, lies together and needs no relocation;
 * whatever a text takes lies apart from it (libportcullis.ld). */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "compiled.h"
#include "environment.h"
#include "filter.h"
#include "freestanding/end.h"
#include "freestanding/syscall.h"
#include "load.h"
#include "objects.h"
#include "program.h"
#include "refuse.h"
#include "source.h"
#include "stages.h"

/* Our own dynamic section; the linker makes the symbol. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

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

static const char *whitelist_path(const struct environment *environment)
{
    const char *path = environment_find(environment, "PORTCULLIS_WHITELIST");
    bool empty = path && path[0] == '\0';
    if (environment->secure || !path || empty)
        refuse_path(environment->secure, path,
                    empty && !environment_preloads(environment, own_path(environment)));
    return path;
}

/* Whether the whitelist names this program, or none. */
static bool is_wanted(const struct compiled *compiled, const char *path)
{
    struct program_file self;
    size_t count = compiled->header->program_count;
    if (count == 0)
        return true;
    int result = program_self(&self);
    if (result < 0)
        refuse_system("cannot look at /proc/self/exe", -result);
    bool wanted = false;
    for (size_t i = 0; i < count; i++) {
        const char *program = compiled->texts + compiled->programs[i];
        result = program_is(&self, program);
        if (result < 0)
            refuse_whitelist(path, "cannot look at program '%s': %s", program,
                             program_error(result));
        wanted |= result > 0;
    }
    return wanted;
}

/* Reads up to LENGTH bytes, or to the end; returns how many. */
static size_t read_bytes(const char *path, long descriptor, char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        long got = SYSTEM_CALL(SYS_pread64, descriptor, bytes + done, length - done, done);
        if (got == -EINTR)
            continue;
        if (got < 0 || (size_t)got > length - done)
            refuse_whitelist(path, "cannot read the compiled whitelist: %s",
                             program_error(got < 0 ? (int)got : -EIO));
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return done;
}

/* Loads what DESCRIPTOR has, SIZE bytes, from a copy on the stack: no memory has to be obtained,
 * nor given back after the last system call. */
__attribute__((noinline)) static void enforce(const struct environment *environment,
                                              const char *path, const char *own, long descriptor,
                                              size_t size)
{
    char *bytes = __builtin_alloca_with_align(size, 8 * sizeof(uint64_t));
    size_t length = read_bytes(path, descriptor, bytes, size);
    SYSTEM_CALL(SYS_close, descriptor);

    struct compiled compiled;
    const char *text = compiled_open(bytes, length, &compiled);
    if (text)
        refuse_whitelist(path, "cannot use the compiled whitelist: %s", text);
    if (!environment->loader && !is_wanted(&compiled, path))
        return;

    uint32_t flags = compiled.header->flags;
    struct sock_fprog program = {.len = (unsigned short)compiled.stages[0].instruction_count,
                                 .filter = (struct sock_filter *)(uintptr_t)compiled.instructions};
    struct load load = {.programs = &program,
                        .count = 1,
                        .no_new_privileges = (flags & COMPILED_NO_NEW_PRIVILEGES) != 0,
                        .audit = (flags & COMPILED_AUDIT) != 0,
                        .more = compiled.header->stage_count > 1,
                        .reloads = (flags & COMPILED_CHILDREN_RELOAD) != 0};
    if (load.more)
        load.programs = stages_prepare_compiled(environment, path, &compiled);
    if (!load.reloads)
        environment_blank(environment, own);
    long error;
    text = load_programs(&load, &error);
    if (text)
        refuse_system(text, error);
    if (load.more)
        stages_open();
}

/* Whether DESCRIPTOR begins as a compiled whitelist. Where it can't be read, those who read text
 * say so. */
static bool is_compiled(int descriptor)
{
    char magic[COMPILED_MAGIC_BYTES] = {0};
    long got = SYSTEM_CALL(SYS_pread64, descriptor, magic, sizeof(magic), 0);
    return got == sizeof(magic) && compiled_begins(magic, sizeof(magic));
}

__attribute__((constructor)) static void portcullis(void)
{
    struct environment environment;
    long error;
    const char *text = environment_open(&environment, &error);
    if (text)
        refuse_system(text, error);
    const char *path = whitelist_path(&environment);
    const char *own = own_path(&environment);
    /* Opened once: `portcullis run --no-gate` keeps the file until it is closed. */
    int descriptor =
        (int)SYSTEM_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0 || !is_compiled(descriptor)) {
        source_enforce(&environment, path, descriptor < 0 ? -1 : descriptor, own);
        return;
    }
    /* Zeroed: an outer filter may only pretend to fill it in. */
    struct stat status = {0};
    long result = SYSTEM_CALL(CALL_FSTAT, descriptor, &status);
    if (result < 0 || !S_ISREG(status.st_mode))
        refuse_whitelist(path, "cannot read the compiled whitelist: it is not a regular file");
    if (status.st_size > COMPILED_BYTES_MAX)
        refuse_whitelist(path, "cannot use the compiled whitelist: it is larger than %d KiB",
                         COMPILED_BYTES_MAX >> 10);
    enforce(&environment, path, own, descriptor, (size_t)status.st_size);
}
