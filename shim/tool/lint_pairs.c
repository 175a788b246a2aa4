#include "call.h"
#include "lint.h"

/* Calls that do the same. MOVED: C libraries went from the old one to the new one, so that a list
 * made with one breaks with another. That is not so for creat, vfork and inotify_init: the
 * functions of that name make the old call in glibc 2.36 as well. ALIKE: whatever one does, the
 * other can do as well, so that a condition on one of them is worth nothing without one on the
 * other. SWAPPED: glibc goes to and fro. Its fstat() was fstat up to 2.32, newfstatat up to 2.38,
 * and is fstat again. */
enum { MOVED = 1, ALIKE = 2, SWAPPED = 4 };

static const struct {
    char old[16];
    char new[16];
    int kind;
} PAIRS[] = {
    {"open", "openat", MOVED | ALIKE},
    {"openat", "openat2", ALIKE},
    {"stat", "newfstatat", MOVED | ALIKE},
    {"lstat", "newfstatat", MOVED | ALIKE},
    {"fstat", "newfstatat", SWAPPED},
    {"access", "faccessat", ALIKE},
    {"faccessat", "faccessat2", ALIKE},
    {"mkdir", "mkdirat", ALIKE},
    {"mknod", "mknodat", ALIKE},
    {"rmdir", "unlinkat", ALIKE},
    {"unlink", "unlinkat", ALIKE},
    {"rename", "renameat", ALIKE},
    {"renameat", "renameat2", ALIKE},
    {"link", "linkat", ALIKE},
    {"symlink", "symlinkat", ALIKE},
    {"readlink", "readlinkat", ALIKE},
    {"chmod", "fchmodat", ALIKE},
    {"fchmodat", "fchmodat2", ALIKE},
    {"chown", "fchownat", ALIKE},
    {"lchown", "fchownat", ALIKE},
    {"utime", "utimensat", MOVED | ALIKE},
    {"utimes", "utimensat", MOVED | ALIKE},
    {"futimesat", "utimensat", MOVED | ALIKE},
    {"getdents", "getdents64", MOVED},
    {"pipe", "pipe2", MOVED | ALIKE},
    {"dup2", "dup3", ALIKE},
    {"fork", "clone", MOVED},
    {"clone", "clone3", ALIKE},
    {"execve", "execveat", ALIKE},
    {"accept", "accept4", ALIKE},
    {"poll", "ppoll", ALIKE},
    {"select", "pselect6", MOVED | ALIKE},
    {"epoll_create", "epoll_create1", ALIKE},
    {"epoll_wait", "epoll_pwait", ALIKE},
    {"eventfd", "eventfd2", MOVED | ALIKE},
    {"signalfd", "signalfd4", MOVED | ALIKE},
    {"inotify_init", "inotify_init1", ALIKE},
    {"mprotect", "pkey_mprotect", ALIKE},
    {"preadv", "preadv2", ALIKE},
    {"pwritev", "pwritev2", ALIKE},
};

/* What the lines say of a call. */
enum stand { STAND_UNLISTED, STAND_ALLOWED, STAND_CONDITIONAL, STAND_DENIED };

/* *ENTRY: the line that says it, or NULL. */
static enum stand find_stand(const struct rules *rules, const char *name,
                             const struct entry **entry)
{
    int number = call_number(name);
    const struct rule *rule = number < 0 ? NULL : rules_find(rules, number);

    *entry = NULL;
    for (size_t i = 0; rule && i < rule->deny_count; i++) {
        *entry = rule->deny[i].entry;
        if (!(*entry)->conditional)
            return STAND_DENIED;
    }
    bool constrained = *entry != NULL;
    for (size_t i = 0; rule && i < rule->allow_count; i++) {
        if (!constrained || !rule->allow[i].entry->conditional)
            *entry = rule->allow[i].entry;
        if (!rule->allow[i].entry->conditional)
            return constrained ? STAND_CONDITIONAL : STAND_ALLOWED;
    }
    return *entry ? STAND_CONDITIONAL : STAND_UNLISTED;
}

/* FREE is the line of NAME, which has no condition; STRICT the one of OTHER, which has one. */
static void warn_gap(struct lint *lint, const struct entry *free, const char *name,
                     const struct entry *strict, const char *other)
{
    const struct entry *before;

    /* what a stage allows may have a condition in [allow] */
    if (find_stand(&lint->policy->rules, name, &before) == STAND_ALLOWED &&
        lint_concerns(lint, free) &&
        lint_warn(lint, LINT_OLD_PAIR, free->place,
                  "'%s' is allowed without a condition, and can do what the condition on '%s' is "
                  "to prevent",
                  name, other))
        diagnostic_note(lint->diagnostics, strict->place, "the condition on '%s'", other);
}

/* ENTRY allows NAME, and nothing is said of OTHER. */
static void warn_moved(struct lint *lint, const struct entry *entry, const char *name,
                       const char *other, const char *callers)
{
    if (lint_concerns(lint, entry))
        lint_warn(lint, LINT_OLD_PAIR, entry->place,
                  "'%s' is allowed, but not '%s', which %s call instead", name, other, callers);
}

static bool is_allowed(enum stand stand)
{
    return stand == STAND_ALLOWED || stand == STAND_CONDITIONAL;
}

static void check_pair(struct lint *lint, const char *old, const char *new, int kind)
{
    const struct rules *rules = lint->rules;
    const struct entry *old_entry, *new_entry;
    enum stand one = find_stand(rules, old, &old_entry);
    enum stand two = find_stand(rules, new, &new_entry);
    bool open = rules->default_action.kind == ACTION_ALLOW;
    bool denials = open && lint->stage == 0;

    if (denials && (kind & ALIKE) && one == STAND_DENIED && two == STAND_UNLISTED)
        lint_warn(lint, LINT_OLD_PAIR, old_entry->place,
                  "'%s' is denied, but not '%s', which does the same", old, new);
    if (denials && (kind & ALIKE) && two == STAND_DENIED && one == STAND_UNLISTED)
        lint_warn(lint, LINT_OLD_PAIR, new_entry->place,
                  "'%s' is denied, but not '%s', which does the same", new, old);
    if (!open && (kind & MOVED) && is_allowed(one) && two == STAND_UNLISTED &&
        !lint_is_seen(lint, old_entry->place))
        warn_moved(lint, old_entry, old, new, "newer C libraries");
    if (!open && (kind & SWAPPED) && is_allowed(one) && two == STAND_UNLISTED)
        warn_moved(lint, old_entry, old, new, "other releases of glibc");
    if (!open && (kind & SWAPPED) && is_allowed(two) && one == STAND_UNLISTED)
        warn_moved(lint, new_entry, new, old, "other releases of glibc");
    if ((kind & ALIKE) && one == STAND_ALLOWED && two == STAND_CONDITIONAL)
        warn_gap(lint, old_entry, old, new_entry, new);
    if ((kind & ALIKE) && two == STAND_ALLOWED && one == STAND_CONDITIONAL)
        warn_gap(lint, new_entry, new, old_entry, old);
}

void lint_pairs(struct lint *lint)
{
    if (lint->rules->default_action.kind == ACTION_LOG)
        return; /* nothing is in force yet */
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++)
        check_pair(lint, PAIRS[i].old, PAIRS[i].new, PAIRS[i].kind);
}
