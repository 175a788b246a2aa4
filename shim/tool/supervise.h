/* What those share that supervise a program from the gate's watcher: its filter. */
#ifndef PORTCULLIS_TOOL_SUPERVISE_H
#define PORTCULLIS_TOOL_SUPERVISE_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../filter.h"
#include "../rules.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP /* Linux 6.6 */
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, __u64)
#endif

/* A call that is answered in front of the whitelist's lines. */
struct supervise_case {
    int number;
    unsigned arch;  /* AUDIT_ARCH_...; 0: any */
    uint16_t test;  /* of the first argument's lower half: BPF_JEQ, BPF_JSET; 0: none */
    uint32_t value; /* that it is to be equal to, or to have a bit of */
    unsigned action;
};

/* Makes of FILTER one in which every refusal has become ACTION (a SECCOMP_RET_...), but for the one
 * that is KEPT (another one, or ACTION itself); which kills for HOLD_FATAL_CALL (hold.h); and in
 * front of which the COUNT elements of CASES stand. Returns 0 or -ENOMEM. SUPERVISING is to be
 * released in any case. */
int supervise_filter(const struct filter *filter, unsigned action, unsigned kept,
                     const struct supervise_case *cases, size_t count, struct filter *supervising)
    __attribute__((warn_unused_result));

/* Makes a filter by which what RULES refuse as @fallback, or as newer than this build, fails with
 * ENOSYS, and all else is allowed. Returns as supervise_filter(). */
int supervise_fallback(const struct rules *rules, struct filter *fallback)
    __attribute__((warn_unused_result));

/* Makes this process ready for one that is put in later, and tries whether the kernel would take
 * it. Returns 0, or a negative errno after telling why; NAME as below. */
int supervise_prepare(bool no_new_privileges, const char *name) __attribute__((warn_unused_result));

/* Loads it into this process; FLAGS are seccomp(2)'s. NAME is who wants it, for messages. Returns
 * the listener, where the flags ask for one, or 0; or a negative errno after telling why. */
int supervise_load(const struct filter *filter, unsigned flags, bool no_new_privileges,
                   const char *name) __attribute__((warn_unused_result));

/* --- by notification ------------------------------------------------------------------------- */

struct notifier {
    bool killable; /* a call that was received is not interrupted by signals any more */
    int listener;
    struct seccomp_notif *request;       /* owned; as long as the kernel's */
    struct seccomp_notif_resp *response; /* owned; likewise */
    struct seccomp_notif_sizes sizes;
};

/* Asks the kernel what it has. Returns STATUS_OK, or STATUS_CANNOT after telling why; NAME as
 * above. */
int notifier_open(struct notifier *notifier, const char *name) __attribute__((warn_unused_result));

/* The flags to load the filter with. */
unsigned notifier_flags(const struct notifier *notifier);

/* In the watcher. */
void notifier_listen(struct notifier *notifier, int listener);

/* Takes the next request. Returns false if it has gone meanwhile. */
bool notifier_receive(struct notifier *notifier);

/* Whether the thread that made it still waits: what is found out about its id before this is true
 * of the thread that made it, not of a later one with the same id. */
bool notifier_waits(const struct notifier *notifier);

/* Answers it: ERROR is a negative errno, or 0; FLAGS SECCOMP_USER_NOTIF_FLAG_CONTINUE or 0. Returns
 * whether there still was somebody to answer. */
bool notifier_answer(struct notifier *notifier, int error, unsigned flags);

void notifier_close(struct notifier *notifier);

#endif
