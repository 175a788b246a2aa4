#include "examine.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../program.h"
#include "call.h"
#include "halt.h"
#include "loader.h"
#include "look.h"
#include "sealed.h"
#include "threads.h"

/* A kernel that holds a call of ours on behalf of a hostile process is not waited for. */
enum { SECONDS_MAX = 3 };

__attribute__((format(printf, 3, 4))) static void find(struct finding *finding, enum answer answer,
                                                       const char *format, ...)
{
    va_list arguments;

    finding->answer = answer;
    finding->weight = WEIGHT_SETTLED;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
}

static void find_gone(struct finding *finding, const char *name, pid_t process)
{
    if (name)
        find(finding, ANSWER_NO, "%s has ended", name);
    else
        find(finding, ANSWER_NO, "there is no process %d", (int)process);
    finding->weight = WEIGHT_GONE;
    finding->final = true;
}

static void find_changed(struct finding *finding, const char *name)
{
    find(finding, ANSWER_UNPROVEN, "%s changed while it was looked at", name);
    finding->weight = WEIGHT_UNSETTLED;
}

/* --- what anybody can see -----------------------------------------------------------------------
 */

/* Whether the process executes a program that the whitelist names. */
static bool is_named(const struct question *question, struct stat *executable)
{
    const struct settings *settings = &question->policy->whitelist.settings;
    struct stat file;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)question->pid);
    if (stat(path, executable) != 0)
        return false;
    for (size_t i = 0; i < settings->program_count; i++) {
        if (stat(program_path(settings->programs[i]), &file) == 0 &&
            file.st_dev == executable->st_dev && file.st_ino == executable->st_ino)
            return true;
    }
    return false;
}

/* A thread lacks a filter. Where the process executes what the whitelist is for, and the shim can't
 * come any more, that is final. Whoever traces it may be about to put a filter in. */
static void look_whether_final(const struct question *question, const struct thread_status *status,
                               struct finding *finding)
{
    struct stat before, after;
    size_t used = strlen(finding->text);

    if (status->tracer != 0 || !is_named(question, &before))
        return;
    enum loader loader = loader_look(question->pid);
    if (loader == LOADER_UNKNOWN || !is_named(question, &after) || before.st_dev != after.st_dev ||
        before.st_ino != after.st_ino)
        return;
    finding->final = true;
    snprintf(finding->text + used, sizeof(finding->text) - used, "; %s",
             loader == LOADER_NONE ? "the program is static, and loads no shim"
                                   : "its loader has finished, and has not loaded the shim");
}

/* Whether the thread with this STATUS has a filter of its own, and NO_NEW_PRIVS; says what it
 * lacks. */
static bool check_status(const struct question *question, pid_t id,
                         const struct thread_status *status, const char *name,
                         struct finding *finding)
{
    if (status->filters == 0)
        find(finding, ANSWER_NO, "thread %d of %s has no filter", (int)id, name);
    else if (status->filters <= question->own)
        find(finding, ANSWER_UNPROVEN,
             "thread %d of %s has no more filters than verify itself, which is under %u: nothing "
             "shows that one of them is its own",
             (int)id, name, question->own);
    else if (!status->no_new_privileges && question->policy->whitelist.settings.no_new_privileges)
        find(finding, ANSWER_NO, "thread %d of %s has no no_new_privs", (int)id, name);
    else
        return true;
    if (status->filters <= question->own)
        look_whether_final(question, status, finding);
    return false;
}

/* A first look that stops nothing. Whether every thread of THREADS, as it happens to be read, has a
 * filter. NAME: the process's. */
static bool check_all(const struct question *question, const struct threads *threads, char name[64],
                      struct finding *finding)
{
    struct thread_status status;

    if (look_thread(question->pid, &status) != 0) {
        find_changed(finding, "the process");
        return false;
    }
    snprintf(name, 64, "%s", status.name);
    /* none: the one that had this id makes way for a thread that executes a program */
    if (status.ended && status.threads == 1) {
        find_gone(finding, name, question->pid);
        return false;
    }
    finding->threads = status.threads;
    for (size_t i = 0; i < threads->count; i++) {
        pid_t id = threads->ids[i];
        if (look_thread(id, &status) != 0 || status.process != question->pid)
            continue;
        if (!status.ended && !check_status(question, id, &status, name, finding))
            return false;
    }
    return true;
}

/* --- what it takes to read filters --------------------------------------------------------------
 */

static void find_unstoppable(const struct halt *halt, const char *name, int error,
                             struct finding *finding)
{
    struct thread_status status = {0};

    if (error == -ESRCH) {
        find_changed(finding, name); /* the next look shows whether it has ended */
    } else if (error == -EPERM) {
        find(finding, ANSWER_UNPROVEN,
             "%s has a filter, but this user may not trace it to read it; run verify as root",
             name);
        finding->acceptable = true;
    } else if (error == -EBUSY) {
        int ignored = look_thread(halt->culprit, &status);
        (void)ignored; /* then it is process 0: gone */
        find(finding, ANSWER_UNPROVEN,
             "%s has a filter, which can't be read while process %d traces it", name,
             (int)status.tracer);
    } else if (error == -ETIMEDOUT && halt->culprit != 0) {
        find(finding, ANSWER_UNPROVEN,
             "thread %d of %s can't be stopped: it waits in the kernel, for a child of vfork(2) or "
             "a disk",
             (int)halt->culprit, name);
        finding->weight = WEIGHT_UNSETTLED;
    } else {
        find(finding, ANSWER_UNPROVEN, "the threads of %s can't be stopped: %s", name,
             error == -ETIMEDOUT ? "new ones keep coming" : strerror(-error));
        finding->weight = WEIGHT_UNSETTLED;
    }
}

static void find_unreadable(struct finding *finding, const char *name, int error)
{
    if (error == -ESRCH || error == -ENOENT) {
        find_changed(finding, name);
        return;
    }
    if (error == -EACCES)
        find(finding, ANSWER_UNPROVEN,
             "%s has a filter, but reading it takes CAP_SYS_ADMIN and an unfiltered verify; run it "
             "as root, outside",
             name);
    else
        find(finding, ANSWER_UNPROVEN, "%s has a filter that can't be read: %s", name,
             strerror(-error));
    finding->acceptable = true;
}

/* Compares with what the shim makes of FILE; of a text, also with what `compile` does. */
static int compare(const struct question *question, pid_t id, struct likeness *likeness,
                   const struct wanted **wanted)
{
    struct likeness other = {0};
    int error = likeness_compare(id, &question->wanted, likeness);

    *wanted = &question->wanted;
    if (!error && (likeness->loaded & 1) == 0 && question->other.count > 0) {
        error = likeness_compare(id, &question->other, &other);
        *wanted = &question->other;
        likeness->loaded = other.loaded & 1 ? other.loaded : 0;
        likeness->address = other.address;
    }
    return error;
}

/* Whether the stages that are to come are the whitelist's. */
static bool is_sealed(const struct question *question, pid_t id, const struct likeness *likeness,
                      const struct wanted *wanted, struct finding *finding)
{
    const struct whitelist *whitelist = &question->policy->whitelist;
    size_t index;

    if (wanted->count == 1)
        return true;
    int result = sealed_compare(id, likeness->address, wanted, &index);
    if (result < 0)
        find(finding, ANSWER_UNPROVEN, "the stages of process %d cannot be read: %s",
             (int)question->pid, strerror(-result));
    else if (result == SEALED_WRITABLE)
        find(finding, ANSWER_NO, "process %d can change the filters of its stages",
             (int)question->pid);
    else if (result == SEALED_OTHER)
        find(finding, ANSWER_NO, "the stage '%s' of process %d is not that of %s",
             index > 0 ? whitelist->stages[index - 1].name : "", (int)question->pid,
             question->file);
    finding->over = result == SEALED_GONE;
    return result == SEALED_SAME || result == SEALED_GONE;
}

/* What one thread has and another has not: all were loaded over all threads. */
static bool are_alike(const struct question *question, const struct halt *halt, const char *name,
                      const uint32_t *loaded, struct finding *finding)
{
    const struct whitelist *whitelist = &question->policy->whitelist;

    for (size_t i = 0; i < halt->count; i++)
        finding->stages |= loaded[i];
    for (size_t i = 0; i < halt->count; i++) {
        uint32_t missing = loaded[i] != 0 ? finding->stages & ~loaded[i] : 0;
        if (missing == 0)
            continue;
        find(finding, ANSWER_NO, "thread %d of %s has not begun the stage '%s', and others have",
             (int)halt->threads[i].id, name, whitelist->stages[__builtin_ctz(missing) - 1].name);
        return false;
    }
    return true;
}

/* Whether the thread ID has the whitelist's own programs; *LOADED: which. FIRST: no other one of
 * the process was compared yet. */
static bool is_alike(const struct question *question, pid_t id, const char *name, bool first,
                     uint32_t *loaded, struct finding *finding)
{
    const struct wanted *wanted;
    struct likeness likeness;
    int error = compare(question, id, &likeness, &wanted);

    if (error) {
        find_unreadable(finding, name, error);
        return false;
    }
    *loaded = likeness.loaded;
    if (likeness.loaded & 1)
        return !first || is_sealed(question, id, &likeness, wanted, finding);
    find(finding, ANSWER_NO,
         "thread %d of %s is filtered, but not by %s: of its %zu filter%s the nearest differs "
         "from instruction %zu of %zu on",
         (int)id, name, question->file, likeness.programs, likeness.programs == 1 ? "" : "s",
         likeness.longest_equal + 1, policy_instructions(question->policy, 0));
    return false;
}

/* "; the stage 'serving' has begun" */
static void add_stages(const struct question *question, struct finding *finding)
{
    const struct whitelist *whitelist = &question->policy->whitelist;
    size_t used = strlen(finding->text);
    char functions[CALL_TEXT_MAX];

    for (unsigned i = 0; i < whitelist->stage_count && used < sizeof(finding->text); i++) {
        bool begun = (finding->stages & (UINT32_C(2) << i)) != 0;
        used += (size_t)snprintf(
            finding->text + used, sizeof(finding->text) - used,
            begun           ? "; the stage '%s' has begun"
            : finding->over ? "; the stage '%s' does not begin in what it executed"
                            : "; the stage '%s' (%s) has not begun yet",
            whitelist->stages[i].name, stage_functions(&whitelist->stages[i], " or ", functions));
    }
}

/* Whether each thread of a process that stands still has the filters. LOADED: for each, which. */
static bool compare_all(const struct question *question, const struct halt *halt, const char *name,
                        uint32_t *loaded, struct finding *finding)
{
    struct thread_status status;
    size_t compared = 0;

    for (size_t i = 0; i < halt->count; i++) {
        pid_t id = halt->threads[i].id;
        if (halt->threads[i].state != HALT_STOPPED)
            continue;
        int error = look_thread(id, &status);
        if (error) {
            find_unreadable(finding, name, error);
            return false;
        }
        if (!check_status(question, id, &status, name, finding))
            return false;
    }
    for (size_t i = 0; i < halt->count; i++) {
        if (halt->threads[i].state != HALT_STOPPED)
            continue;
        if (!is_alike(question, halt->threads[i].id, name, compared == 0, &loaded[i], finding))
            return false;
        compared++;
    }
    finding->threads = compared;
    if (compared == 0)
        find_unreadable(finding, name, -ESRCH);
    return compared > 0 && are_alike(question, halt, name, loaded, finding);
}

static void examine_halted(const struct question *question, const struct halt *halt,
                           const char *name, struct finding *finding)
{
    uint32_t *loaded = calloc(halt->count + 1, sizeof(*loaded));

    if (!loaded)
        find(finding, ANSWER_UNPROVEN, "there is no memory");
    else if (compare_all(question, halt, name, loaded, finding)) {
        find(finding, ANSWER_YES, "%s, %zu thread%s, is filtered by %s", name, finding->threads,
             finding->threads == 1 ? "" : "s", question->file);
        add_stages(question, finding);
    }
    free(loaded);
}

static void examine_filters(const struct question *question, const char *name,
                            struct finding *finding)
{
    struct stat executable;
    struct thread_status status;
    struct halt halt;
    int error = halt_begin(question->pid, &halt);

    /* it may have executed another program since */
    if (!error && look_thread(question->pid, &status) == 0)
        name = status.name;
    if (error)
        find_unstoppable(&halt, name, error, finding);
    else
        examine_halted(question, &halt, name, finding);
    halt_end(&halt);
    /* a wrapper's filter is not the program's */
    finding->acceptable &=
        question->policy->whitelist.settings.program_count == 0 || is_named(question, &executable);
    /* whoever may not read this one won't be allowed to read another */
    finding->final |= finding->acceptable && error != -EPERM;
}

static void examine_process(const struct question *question, struct finding *finding)
{
    struct threads threads;
    char name[64];

    int error = threads_list(question->pid, &threads);
    if (error == -ESRCH && kill(question->pid, 0) != 0 && errno == ESRCH) {
        find_gone(finding, NULL, question->pid);
        return;
    }
    if (error == -ESRCH) {
        find_changed(finding, "the process");
        return;
    }
    if (error) {
        find(finding, ANSWER_UNPROVEN, "process %d can't be looked at: %s", (int)question->pid,
             strerror(-error));
        return;
    }
    bool filtered = check_all(question, &threads, name, finding);
    threads_release(&threads);
    if (!filtered)
        return;
    if (question->file)
        examine_filters(question, name, finding);
    else
        find(finding, ANSWER_UNPROVEN,
             "%s has a filter, but whose? Name the whitelist: verify PID FILE", name);
}

/* --- in a child
 * ----------------------------------------------------------------------------------- */

static _Noreturn void be_child(const struct question *question, struct finding *result)
{
    struct finding finding = {0};
    sigset_t all;

    signal(SIGALRM, SIG_DFL);
    alarm(SECONDS_MAX);
    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    sigprocmask(SIG_SETMASK, &all, NULL);
    examine_process(question, &finding);
    *result = finding;
    _exit(0);
}

/* Waits for CHILD. Returns whether it has done its work. */
static bool has_worked(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void examine(const struct question *question, struct finding *finding)
{
    struct finding *result =
        mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    *finding = (struct finding){0};
    signal(SIGCHLD, SIG_DFL);
    pid_t child = result == MAP_FAILED ? -1 : fork();
    if (child == 0)
        be_child(question, result);
    if (child < 0) {
        find(finding, ANSWER_UNPROVEN, "cannot look at process %d: %s", (int)question->pid,
             strerror(errno));
    } else if (has_worked(child)) {
        *finding = *result;
    } else {
        find(finding, ANSWER_UNPROVEN, "the kernel did not answer about process %d in %d seconds",
             (int)question->pid, SECONDS_MAX);
        finding->weight = WEIGHT_UNSETTLED;
    }
    if (result != MAP_FAILED)
        munmap(result, sizeof(*result));
}
