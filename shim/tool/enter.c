#include "enter.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>

#include "entry.h"
#include "image.h"
#include "look.h"
#include "tool.h"

/* Says why PROCESS does not run. */
static void refuse(pid_t process, const char *what, const char *why)
{
    char program[4096];

    tool_error("'%s' %s: %s", look_program(process, program, sizeof(program)), what, why);
}

/* The shim filters whatever ld.so is given, since it can't tell what that is. */
static bool executes_loader(pid_t process)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/exe", process);
    return image_is_loader(path);
}

/* Whether what runs PROCESS is a loader, or there is none: something else may never come to the
 * entry point. */
static bool has_loader(pid_t process)
{
    char path[64 + PATH_MAX];
    char interpreter[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/exe", process);
    if (!image_interpreter(path, interpreter))
        return true;
    snprintf(path, sizeof(path), "/proc/%d/%s%s", process, *interpreter == '/' ? "root" : "cwd/",
             interpreter);
    return image_is_loader(path);
}

/* THREAD has executed something. */
static void on_exec(struct gate *gate, struct tracee *thread)
{
    const struct settings *settings = gate->settings;
    struct thread_status status;
    uint64_t entry;

    thread->trap = (struct trap){0};
    thread->entered = false;
    thread->preparing = false;
    gate->watch->executed = true;
    if (settings->program_count > 0 &&
        !look_executes(thread->id, settings->programs, settings->program_count)) {
        gate->watch->named |= executes_loader(thread->id);
        watch_go_on(thread, 0);
        return;
    }
    gate->watch->named = true;
    if (!watch_stays(gate) && !has_loader(thread->id)) {
        refuse(thread->id, "cannot be held at its entry point, and was killed",
               "what it names as its loader (PT_INTERP) is none");
        watch_kill(thread->process);
        return;
    }
    int error = look_thread(thread->id, &status);
    if (!error)
        error = entry_find(thread->id, &entry);
    if (!error)
        error = trap_set(&thread->trap, thread->id, entry, status.ignored);
    if (error) {
        refuse(thread->id, "cannot be held at its entry point, and was killed", strerror(-error));
        watch_kill(thread->process);
        return;
    }
    thread->filters = status.filters;
    watch_go_on(thread, 0);
}

static void forget(void *context, struct tracee *tracee)
{
    struct watch *watch = context;

    tracees_forget(&watch->tracees, tracee->id);
}

/* The other threads of a process are gone when one of them executes; nobody tells of the one whose
 * id was taken over. */
void enter_executed(struct gate *gate, pid_t id)
{
    struct watch *watch = gate->watch;
    unsigned long former = (unsigned long)id;

    ptrace(PTRACE_GETEVENTMSG, id, 0, &former);
    const struct tracee *own = tracees_find(&watch->tracees, (pid_t)former);
    struct tracee thread = own ? *own : (struct tracee){0};
    thread.id = thread.process = id;
    thread.exiting = false;
    tracees_visit(&watch->tracees, id, forget, watch);
    struct tracee *added = tracees_add(&watch->tracees, &thread);
    if (added->passed && !watch_stays(gate)) {
        watch_let_go(watch, id, 0);
    } else if (added->passed) {
        added->trap = (struct trap){0};
        if (gate->hooks->executed)
            gate->hooks->executed(gate->hooks->context, id);
        watch_go_on(added, 0);
    } else {
        on_exec(gate, added);
    }
}

struct passing {
    bool stays;
    const struct tracee *first; /* it stands still */
};

static void pass_thread(void *context, struct tracee *tracee)
{
    const struct passing *passing = context;

    if (tracee->passed)
        return;
    tracee->passed = true;
    if (passing->stays)
        tracee->trap = (struct trap){0};
    else if (tracee != passing->first && !tracee->early)
        ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
}

/* The whole process of THREAD may go: what stands still at once, the rest when it stops. */
static void pass(struct gate *gate, const struct tracee *thread)
{
    struct passing passing = {watch_stays(gate), thread};

    if (gate->hooks && gate->hooks->passed)
        gate->hooks->passed(gate->hooks->context, thread->process);
    tracees_visit(&gate->watch->tracees, thread->process, pass_thread, &passing);
    if (passing.stays)
        watch_go_on(passing.first, 0);
    else
        watch_let_go(gate->watch, passing.first->id, 0);
}

/* Returns what speaks against letting THREAD in, or NULL. */
static const char *enter(const struct gate *gate, const struct tracee *thread, char *text,
                         size_t size)
{
    const struct gate_hooks *hooks = gate->hooks;
    bool loads = hooks && hooks->enter;
    int error = loads ? hooks->enter(hooks->context, thread->process) : 0;

    if (error) {
        snprintf(text, size, "its filter cannot be loaded: %s", strerror(-error));
        return text;
    }
    /* the shim has added one to those that were there at exec, or enter(); prepare()'s is one of
     * them */
    unsigned before = gate->shim || loads ? thread->filters : thread->filters - 1;
    return look_for_filter(thread->process, before, gate->settings->no_new_privileges, gate->shim,
                           text, size);
}

/* THREAD stands at its entry point. Where the libraries' constructors are still to run, as with
 * musl, it is held once more behind them. Returns what speaks against that, or NULL. */
static const char *hold_behind(const struct gate *gate, struct tracee *thread)
{
    struct thread_status status;
    uint64_t init = 0;

    if (thread->entered)
        return NULL;
    int error = entry_find_init(thread->id, &init);
    if (error)
        return "it has no _init(), where musl's programs are held";
    if (init == 0)
        return NULL;
    if (gate->shim && !look_maps(thread->process, gate->shim))
        return "the loader has not loaded the shim";
    error = look_thread(thread->id, &status);
    if (!error)
        error = trap_remove(&thread->trap, thread->id, true);
    if (!error)
        error = trap_set(&thread->trap, thread->id, init, status.ignored);
    thread->entered = true;
    return error ? strerror(-error) : NULL;
}

static void stop(struct tracee *thread, const char *why)
{
    refuse(thread->process, "was stopped at its entry point", why);
    thread->ending = true;
    if (trap_exit(&thread->trap, thread->id, STATUS_CANNOT) != 0)
        watch_kill(thread->process);
    else
        watch_go_on(thread, 0);
}

void enter_reached(struct gate *gate, struct tracee *thread)
{
    char text[4096 + 128];
    bool entered = thread->entered;
    const char *why = hold_behind(gate, thread);

    if (!why && thread->entered && !entered) {
        watch_go_on(thread, 0);
        return;
    }
    if (!why)
        why = enter(gate, thread, text, sizeof(text));
    int error = why ? 0 : trap_remove(&thread->trap, thread->id, true);
    if (!why && !error)
        pass(gate, thread);
    else
        stop(thread, why ? why : strerror(-error));
}
