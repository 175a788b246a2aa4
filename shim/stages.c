#include "stages.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "../config/triggers.h"
#include "bind.h"
#include "filter.h"
#include "freestanding/end.h"
#include "freestanding/syscall.h"
#include "load.h"
#include "objects.h"
#include "refuse.h"
#include "stages_prefix.h"
#include "stubs.h"

#if STUBS_SUPPORTED

/* What stays, read-only, while the program runs: the programs' instructions lie behind it. */
struct stages_plan {
    struct sock_fprog programs[1 + WHITELIST_STAGES_MAX];
    size_t count; /* of them */
    unsigned flags;
    uint32_t triggers[1 + WHITELIST_STAGES_MAX];
    unsigned char trigger[STUBS_MAX]; /* that the stub stands for */
};

/* Our own dynamic section; the linker makes the symbol. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

static void *map(size_t bytes)
{
    long result = SYSTEM_CALL(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (result < 0 && result > -4096)
        refuse_system("cannot map memory for the stages", -result);
    return (void *)result;
}

static void seal(const void *address, size_t bytes)
{
    long result = SYSTEM_CALL(SYS_mprotect, address, bytes, PROT_READ);

    if (result < 0)
        refuse_system("cannot make the stages' memory read-only", -result);
}

/* --- in the constructor ---------------------------------------------------------------------- */

/* A place for the programs, with what goes in front of them. */
static struct stages_plan *make_plan(const char *path, const struct stages_program *programs,
                                     size_t count, unsigned flags)
{
    size_t prefix = prefix_length(count - 1);
    size_t bytes = sizeof(struct stages_plan);

    for (size_t i = 0; i < count; i++) {
        if (programs[i].count + prefix > FILTER_INSTRUCTIONS_MAX)
            refuse_whitelist(path, "with stages, a filter may have %d instructions",
                             (int)(FILTER_INSTRUCTIONS_MAX - prefix));
        bytes += (prefix + programs[i].count) * sizeof(struct sock_filter);
    }
    struct stages_plan *plan = map(bytes);
    struct sock_filter *instructions = (struct sock_filter *)(plan + 1);
    plan->count = count;
    plan->flags = flags;
    for (size_t i = 0; i < count; i++) {
        plan->triggers[i] = programs[i].triggers;
        plan->programs[i] =
            (struct sock_fprog){(unsigned short)(prefix + programs[i].count), instructions};
        prefix_write(instructions, i, plan->programs, count, flags);
        memcpy(instructions + prefix, programs[i].instructions,
               programs[i].count * sizeof(*instructions));
        instructions += prefix + programs[i].count;
    }
    return plan;
}

/* The stubs that are in use, while they are put in their places. */
struct work {
    const char *path;
    const struct link_map *objects;
    const struct link_map *own;
    struct stages_plan *plan;
    struct binding bindings[STUBS_MAX];
    unsigned char stub[STUBS_MAX]; /* of the binding */
    size_t count;
    char names[512]; /* of the symbols, each with a NUL */
    size_t names_length;
};

static void add_stub(struct work *work, unsigned trigger, const char *symbol, size_t length)
{
    struct binding *binding = &work->bindings[work->count];
    bool is_main = trigger == (unsigned)trigger_find("main");
    size_t index = is_main ? STUBS_MAIN : work->count;

    if (index >= STUBS_MAX || (!is_main && index >= STUBS_MAIN) ||
        work->names_length + length + 1 > sizeof(work->names))
        end_unexpected("more stubs than there are");
    char *name = work->names + work->names_length;
    memcpy(name, symbol, length);
    name[length] = '\0';
    work->names_length += length + 1;
    *binding = (struct binding){.symbol = name,
                                .replacement = is_main ? stubs_for_main() : stubs_at(index)};
    const char *text = bind_find(work->objects, work->own, binding);
    if (text)
        refuse_whitelist(work->path, "no stage can begin with %s here: %s", name, text);
    stubs_page.stubs.real[index] = binding->real;
    work->plan->trigger[index] = (unsigned char)trigger;
    work->stub[work->count++] = (unsigned char)index;
}

/* With musl the constructors run on the way from __libc_start_main() to main(). */
static void check_main(const struct work *work)
{
    struct binding glibc = {.symbol = "gnu_get_libc_version"};
    const char *text = bind_find(work->objects, work->own, &glibc);

    if (text || !glibc.real)
        refuse_whitelist(work->path, "no stage can begin with main here: this C library calls the "
                                     "constructors too late");
}

static void add_stubs(struct work *work)
{
    uint32_t triggers = 0;

    for (size_t i = 1; i < work->plan->count; i++)
        triggers |= work->plan->triggers[i];
    for (unsigned trigger = 0; trigger < trigger_count(); trigger++) {
        if (!(triggers & (UINT32_C(1) << trigger)))
            continue;
        if (strcmp(trigger_name(trigger), "main") == 0)
            check_main(work);
        for (const char *symbol = trigger_symbols(trigger); *symbol != '\0';) {
            const char *end = strchr(symbol, ' ');
            size_t length = end ? (size_t)(end - symbol) : strlen(symbol);
            add_stub(work, trigger, symbol, length);
            symbol += length + (end != NULL);
        }
    }
}

/* A stage that nothing can begin would leave the program under the wider filter for ever. */
static void check_stage(const struct work *work, size_t index, const char *name)
{
    static const char JOINT[] = {' ', 'o', 'r', ' '};
    char names[256] = "";
    size_t length = 0;

    for (size_t i = 0; i < work->count; i++) {
        unsigned trigger = work->plan->trigger[work->stub[i]];
        if ((work->plan->triggers[index] & (UINT32_C(1) << trigger)) && work->bindings[i].slots > 0)
            return;
    }
    for (unsigned trigger = 0; trigger < trigger_count(); trigger++) {
        size_t more = strlen(trigger_name(trigger));
        if (!(work->plan->triggers[index] & (UINT32_C(1) << trigger)) ||
            length + more + 5 > sizeof(names))
            continue;
        if (length > 0) {
            memcpy(names + length, JOINT, sizeof(JOINT));
            length += sizeof(JOINT);
        }
        memcpy(names + length, trigger_name(trigger), more + 1);
        length += more;
    }
    refuse_whitelist(work->path,
                     "the stage '%s' would never begin: no object that is loaded calls %s", name,
                     names);
}

static void make_state(void)
{
    struct stubs_state *state = map(sizeof(*state));
    long result = SYSTEM_CALL(SYS_madvise, state, STUBS_PAGE, MADV_WIPEONFORK);

    if (result < 0)
        refuse_system("cannot have memory that a fork wipes", -result);
    state->closed = 1;
    stubs_page.stubs.state = state;
}

struct sock_fprog *stages_prepare(const struct environment *environment, const char *path,
                                  const struct stages_program *programs, size_t count,
                                  unsigned flags)
{
    const unsigned long *auxv = environment->stack_auxv;
    const struct link_map *objects = objects_first(auxv);
    struct work work = {.path = path, .objects = objects, .own = objects_find(objects, _DYNAMIC)};
    const ElfW(Phdr) *headers = (const void *)(uintptr_t)objects_value(auxv, AT_PHDR);
    long error;

    if (count - 1 > WHITELIST_STAGES_MAX)
        end_unexpected("more stages than there may be");
    if (!work.own || !headers)
        refuse_system("cannot see which objects are loaded", 0);
    work.plan = make_plan(path, programs, count, flags);
    make_state();
    stubs_page.stubs.plan = work.plan;
    add_stubs(&work);
    seal(work.plan, (size_t)((const char *)(work.plan->programs[count - 1].filter +
                                            work.plan->programs[count - 1].len) -
                             (const char *)work.plan));
    seal(&stubs_page, sizeof(stubs_page));
    const char *text = bind_slots(objects, work.own, headers, objects_value(auxv, AT_PHNUM),
                                  work.bindings, work.count, &error);
    if (text)
        refuse_system(text, error);
    for (size_t i = 1; i < count; i++)
        check_stage(&work, i, programs[i].name);
    return &work.plan->programs[0];
}

struct sock_fprog *stages_prepare_compiled(const struct environment *environment, const char *path,
                                           const struct compiled *compiled)
{
    struct stages_program programs[1 + WHITELIST_STAGES_MAX];
    const struct sock_filter *instructions = compiled->instructions;
    size_t count = compiled->header->stage_count;

    if (count > sizeof(programs) / sizeof(programs[0]))
        refuse_whitelist(path, "there are more than %d stages", WHITELIST_STAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct compiled_stage *stage = &compiled->stages[i];
        programs[i] = (struct stages_program){compiled->texts + stage->name,
                                              trigger_set(compiled->texts + stage->when),
                                              instructions, stage->instruction_count};
        instructions += stage->instruction_count;
        if (i > 0 && programs[i].triggers == 0)
            refuse_whitelist(path, "cannot use the compiled whitelist: %s", COMPILED_STAGE_UNKNOWN);
    }
    return stages_prepare(environment, path, programs, count,
                          load_flags((compiled->header->flags & COMPILED_AUDIT) != 0));
}

void stages_open(void)
{
    __atomic_store_n(&stubs_page.stubs.state->closed, 0, __ATOMIC_RELEASE);
}

/* --- while the program runs ------------------------------------------------------------------ */

static uintptr_t thread_pointer(void)
{
    uintptr_t self;

#if defined(__x86_64__)
    __asm__("movq %%fs:0, %0" : "=r"(self));
#elif defined(__aarch64__)
    __asm__("mrs %0, tpidr_el0" : "=r"(self));
#endif
    return self;
}

/* Whether no other process uses this memory: in the child of a vfork() what is noted here would be
 * noted for its parent. A C library tells the kernel of a list for every thread and every child of
 * a fork that has memory of its own; the kernel forgets it in a new process. Without such a list,
 * unshare(2) succeeds where there is one thread and no other user. An outer filter may only
 * pretend. (musl has no such list: with several threads every call asks anew there.) */
static bool is_own_memory(void)
{
    enum { UNSHARE_INVALID = 1 };
    void *list = NULL;
    size_t length = 0;

    if (SYSTEM_CALL(SYS_get_robust_list, 0, &list, &length) == 0 && list)
        return true;
    return SYSTEM_CALL(SYS_unshare, UNSHARE_INVALID) == -EINVAL &&
           SYSTEM_CALL(SYS_unshare, CLONE_VM) == 0;
}

/* Returns false where this thread holds it already, in a signal handler, or where nobody gives it
 * back: the child of a vfork() was killed while it had it. Without it a program may be loaded
 * twice, which changes nothing but time. */
static bool lock(struct stubs_state *state)
{
    enum { SPINS = 100, SPINS_MAX = 50000000 };
    uintptr_t self = thread_pointer();

    for (unsigned i = 1; i <= SPINS_MAX; i++) {
        uintptr_t owner = 0;
        if (__atomic_compare_exchange_n(&state->lock, &owner, self, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
        if (owner == self)
            return false;
        if (i % SPINS == 0)
            SYSTEM_CALL(SYS_sched_yield);
    }
    return false;
}

/* Once a program is in, it answers -EALREADY to another attempt: that's the proof, too. */
static void load_stage(const struct stages_plan *plan, size_t index)
{
    const struct sock_fprog *program = &plan->programs[index];
    long result = SYSTEM_CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan->flags, program);

    if (result > 0)
        refuse_system("cannot filter all threads, because of a filter of its own in thread",
                      -result);
    if (result == 0)
        result = SYSTEM_CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan->flags, program);
    if (result != -EALREADY)
        refuse_system("cannot load the filter of a stage", result < 0 ? -result : 0);
}

void stubs_reached(size_t index)
{
    struct stubs_state *state = stubs_page.stubs.state;
    const struct stages_plan *plan = stubs_page.stubs.plan;

    if (__atomic_load_n(&state->closed, __ATOMIC_ACQUIRE))
        return;
    bool own = is_own_memory();
    bool locked = lock(state);
    for (size_t i = 1; i < plan->count && !(own && state->done[index]); i++) {
        if (plan->triggers[i] & (UINT32_C(1) << plan->trigger[index]))
            load_stage(plan, i);
    }
    if (own)
        __atomic_store_n(&state->done[index], 1, __ATOMIC_RELEASE);
    if (locked)
        __atomic_store_n(&state->lock, 0, __ATOMIC_RELEASE);
}

#else

struct sock_fprog *stages_prepare(const struct environment *environment, const char *path,
                                  const struct stages_program *programs, size_t count,
                                  unsigned flags)
{
    (void)environment;
    (void)programs;
    (void)count;
    (void)flags;
    refuse_whitelist(path, "there are no stages on this architecture");
}

struct sock_fprog *stages_prepare_compiled(const struct environment *environment, const char *path,
                                           const struct compiled *compiled)
{
    (void)compiled;
    return stages_prepare(environment, path, NULL, 0, 0);
}

void stages_open(void)
{
}

#endif
