#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>

#include "call.h"
#include "lint.h"

#define TAKES_OVER        "it can take over processes that have no filter"
#define CHANGES           "it can change processes that have no filter"
#define TAKES_DESCRIPTORS "it can take descriptors from other processes"
#define PASSES_BY         "what is asked of the kernel through the ring passes no filter"
#define HOLDS_UP          "it can hold the kernel up in the middle of a call"
#define ANSWERS                                                                                    \
    "with SECCOMP_FILTER_FLAG_NEW_LISTENER the program can answer calls in the kernel's place"
#define EXECUTES "it can make memory executable"
#define IS_ROOT  "in a user namespace a program has every capability"
#define IS_ROOT_UNSEEN                                                                             \
    IS_ROOT ", and clone3's flags can't be looked at; without it the C library takes clone"
#define STARTS "a program that serves need not start others"
#define ENTERS "it enters the namespaces of other programs"

enum {
    LISTENER = SECCOMP_FILTER_FLAG_NEW_LISTENER,
    ALL = PROT_READ | PROT_WRITE | PROT_EXEC,
    CODE = PROT_READ | PROT_EXEC,
    ANY = MAP_PRIVATE | MAP_ANONYMOUS,
};

/* A call that should not be allowed lightly, with arguments under which it does its worst. */
static const struct {
    char name[20];
    enum linter linter;
    uint64_t arguments[6];
    const char *text;
    const char *argument; /* the one that makes it harmless without FLAG; NULL if none does */
    const char *flag;
} POWERS[] = {
    {"ptrace", LINT_HARDENING, {PTRACE_SEIZE, 1}, TAKES_OVER, NULL, NULL},
    {"process_vm_writev", LINT_HARDENING, {1}, CHANGES, NULL, NULL},
    {"pidfd_getfd", LINT_HARDENING, {3, 1}, TAKES_DESCRIPTORS, NULL, NULL},
    {"bpf", LINT_HARDENING, {5}, "it puts programs into the kernel", NULL, NULL},
    {"io_uring_setup", LINT_HARDENING, {8}, PASSES_BY, NULL, NULL},
    {"userfaultfd", LINT_HARDENING, {0}, HOLDS_UP, NULL, NULL},
    {"seccomp", LINT_HARDENING, {SECCOMP_SET_MODE_FILTER, LISTENER}, ANSWERS, NULL, NULL},
    {"mmap",
     LINT_EXECUTABLE_MEMORY,
     {0, 4096, ALL, ANY, UINT64_MAX},
     EXECUTES,
     "prot",
     "PROT_EXEC"},
    {"mprotect", LINT_EXECUTABLE_MEMORY, {4096, 4096, CODE}, EXECUTES, "prot", "PROT_EXEC"},
    {"pkey_mprotect", LINT_EXECUTABLE_MEMORY, {4096, 4096, CODE}, EXECUTES, "prot", "PROT_EXEC"},
    {"clone", LINT_NAMESPACES, {CLONE_NEWUSER | SIGCHLD}, IS_ROOT, "flags", "CLONE_NEWUSER"},
    {"clone3", LINT_NAMESPACES, {4096, 88}, IS_ROOT_UNSEEN, NULL, NULL},
    {"unshare", LINT_NAMESPACES, {CLONE_NEWUSER}, IS_ROOT, "flags", "CLONE_NEWUSER"},
    {"setns", LINT_NAMESPACES, {3, CLONE_NEWUSER}, ENTERS, NULL, NULL},
    {"execve", LINT_STAGE_OPEN, {4096, 4096, 4096}, STARTS, NULL, NULL},
    {"execveat", LINT_STAGE_OPEN, {(uint64_t)AT_FDCWD, 4096, 4096, 4096}, STARTS, NULL, NULL},
};

/* What ld.so and the C library of a new program can't do without, and how they call it. */
static const struct {
    char name[12];
    char twin[12]; /* either will do */
    uint64_t arguments[6];
} NEEDS[] = {
    {"mmap", "", {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, 3, 0}},
    {"mprotect", "", {4096, 4096, PROT_READ}},
    {"openat", "open", {(uint64_t)AT_FDCWD, 4096, O_RDONLY | O_CLOEXEC}},
    {"read", "", {3, 4096, 832}},
    {"newfstatat", "fstat", {3, 4096, 4096, AT_EMPTY_PATH}},
    {"close", "", {3}},
    {"arch_prctl", "", {0x1002, 4096}},
};

static struct verdict decide(const struct lint *lint, const char *name, const uint64_t arguments[6])
{
    uint32_t native = seccomp_arch_native();
    struct verdict verdict =
        rules_decide(&lint->policy->rules, native, call_number(name), arguments);

    /* what [allow] refuses, no stage allows */
    return lint->stage > 0 && action_allows(verdict.action)
               ? rules_decide(lint->rules, native, call_number(name), arguments)
               : verdict;
}

static bool allows(const struct lint *lint, const char *name, const uint64_t arguments[6])
{
    return *name != '\0' && action_allows(decide(lint, name, arguments).action);
}

/* The end of a warning: the line that prevents the worst. Beside a group, or under a default that
 * allows, only a denial does. Returns TEXT. */
static const char *advise(size_t index, bool listed, char text[CALL_TEXT_MAX])
{
    const char *name = POWERS[index].name;
    const char *argument = POWERS[index].argument;

    *text = '\0';
    if (argument && listed)
        snprintf(text, CALL_TEXT_MAX, "; '%s = %s without %s' in its place prevents that", name,
                 argument, POWERS[index].flag);
    else if (argument)
        snprintf(text, CALL_TEXT_MAX, "; '%s = EPERM if %s with %s' in [deny] prevents that", name,
                 argument, POWERS[index].flag);
    return text;
}

/* " in the stage 'serving', by @process" */
static const char *where(const struct lint *lint, const struct entry *entry, char text[128])
{
    int used = 0;

    *text = '\0';
    if (lint->stage > 0)
        used = snprintf(text, 128, " in the stage '%s'",
                        lint->policy->whitelist.stages[lint->stage - 1].name);
    if (entry && entry->subject.kind == SUBJECT_GROUP)
        snprintf(text + used, 128 - (size_t)used, "%s by @%.40s", used > 0 ? "," : "",
                 entry->subject.name);
    else if (!entry)
        snprintf(text, 128, " by the default");
    return text;
}

/* Whether the line of ENTRY allows the flag by its name, or its comment says that this was seen.
 * Then nobody needs advice that would take it back. */
static bool is_considered(struct lint *lint, const struct entry *entry, size_t index)
{
    const char *argument = POWERS[index].argument;

    const char *flag = POWERS[index].flag;

    return argument && ((entry->condition_text && strstr(entry->condition_text, flag)) ||
                        lint_remarks(lint, entry->place, flag) ||
                        (entry->condition_text && lint_is_seen(lint, entry->place)));
}

static void check_power(struct lint *lint, size_t index)
{
    const struct settings *settings = &lint->policy->whitelist.settings;
    const char *name = POWERS[index].name;
    struct verdict verdict = decide(lint, name, POWERS[index].arguments);
    const struct entry *entry = verdict.entry;
    bool listed = entry && entry->subject.kind != SUBJECT_GROUP;
    char by[128], advice[CALL_TEXT_MAX];

    if (!action_allows(verdict.action) ||
        (POWERS[index].linter == LINT_STAGE_OPEN && lint->stage == 0) ||
        (lint->stage > 0 && (!entry || !lint_concerns(lint, entry))))
        return;
    lint_warn(lint, POWERS[index].linter, entry ? entry->place : settings->default_place,
              "'%s' is allowed%s: %s%s", name, where(lint, entry, by), POWERS[index].text,
              listed && is_considered(lint, entry, index) ? "" : advise(index, listed, advice));
}

static void check_loader(struct lint *lint, const char *name)
{
    const uint64_t any[6] = {4096, 4096, 4096};
    struct verdict verdict = decide(lint, name, any);
    char missing[CALL_TEXT_MAX] = "";

    if (!action_allows(verdict.action) || !verdict.entry || !lint_concerns(lint, verdict.entry))
        return;
    for (size_t i = 0; i < sizeof(NEEDS) / sizeof(NEEDS[0]); i++) {
        size_t used = strlen(missing);
        if (!allows(lint, NEEDS[i].name, NEEDS[i].arguments) &&
            !allows(lint, NEEDS[i].twin, NEEDS[i].arguments))
            snprintf(missing + used, sizeof(missing) - used, "%s%s", used ? ", " : "",
                     NEEDS[i].name);
    }
    if (*missing != '\0')
        lint_warn(lint, LINT_NO_LOADER, verdict.entry->place,
                  "'%s' is allowed, but not what a new program needs to start (%s); @loader has it",
                  name, missing);
}

void lint_powers(struct lint *lint)
{
    if (lint->rules->default_action.kind == ACTION_LOG)
        return; /* nothing is in force yet */
    for (size_t i = 0; i < sizeof(POWERS) / sizeof(POWERS[0]); i++)
        check_power(lint, i);
    check_loader(lint, "execve");
}
