#include "supervise.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../config/numbers.h"
#include "../compiled.h"
#include "../load.h"
#include "hold.h"
#include "tool.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static long seccomp(unsigned operation, unsigned flags, void *arguments)
{
    return syscall(SYS_seccomp, operation, flags, arguments);
}

enum { CASE_MAX = 7 }; /* instructions */

static const struct sock_filter NUMBER =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));

static void put(struct filter *filter, struct sock_filter instruction)
{
    filter->instructions[filter->count++] = instruction;
}

/* "If it is that call: that action." The number is loaded, before and afterwards. */
static void put_case(struct filter *filter, const struct supervise_case *wanted)
{
    const unsigned arch = wanted->arch ? 2 : 0;
    const unsigned test = wanted->test ? 2 : 0;
    const unsigned reload = arch || test ? 1 : 0;

    put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)wanted->number, 0,
                                             (uint8_t)(arch + test + 1 + reload)));
    if (arch) {
        put(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                 offsetof(struct seccomp_data, arch)));
        put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted->arch, 0,
                                                 (uint8_t)(test + 1)));
    }
    if (test) {
        put(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                 offsetof(struct seccomp_data, args)));
        put(filter,
            (struct sock_filter)BPF_JUMP(BPF_JMP | wanted->test | BPF_K, wanted->value, 0, 1));
    }
    put(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, wanted->action));
    if (reload)
        put(filter, NUMBER);
}

int supervise_filter(const struct filter *filter, unsigned action, unsigned kept,
                     const struct supervise_case *cases, size_t count, struct filter *supervising)
{
    static const struct supervise_case FATAL = {.number = HOLD_FATAL_CALL,
                                                .action = SECCOMP_RET_KILL_PROCESS};
    const size_t front = 1 + CASE_MAX * (1 + count);

    *supervising = (struct filter){calloc(filter->count + front, sizeof(*filter->instructions)), 0};
    if (!supervising->instructions)
        return -ENOMEM;
    put(supervising, NUMBER);
    put_case(supervising, &FATAL);
    for (size_t i = 0; i < count; i++)
        put_case(supervising, &cases[i]);
    for (size_t i = 0; i < filter->count; i++) {
        struct sock_filter instruction = filter->instructions[i];
        unsigned kind = instruction.k & SECCOMP_RET_ACTION_FULL;
        if (instruction.code == (BPF_RET | BPF_K) && kind != SECCOMP_RET_ALLOW &&
            kind != SECCOMP_RET_LOG && instruction.k != kept)
            instruction.k = action;
        put(supervising, instruction);
    }
    return 0;
}

/* What this architecture's calls of the language's numbers get that are newer than this build. */
static void put_newer(struct filter *filter)
{
    enum { NUMBERS_END = 0x40000000 };
    const struct sock_filter lines[] = {
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NUMBERS_END, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (unsigned)number_highest(), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };

    memcpy(&filter->instructions[filter->count], lines, sizeof(lines));
    filter->count += sizeof(lines) / sizeof(lines[0]);
}

int supervise_fallback(const struct rules *rules, struct filter *fallback)
{
    enum { NEWER = 4 }; /* instructions */
    const struct sock_filter native[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, compiled_machine(), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    const size_t front = sizeof(native) / sizeof(native[0]);

    *fallback = (struct filter){calloc(front + 2 * rules->count + NEWER, sizeof(native[0])), front};
    if (!fallback->instructions)
        return -ENOMEM;
    memcpy(fallback->instructions, native, sizeof(native));
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];
        bool newer = rules_is_newer(rule->number);
        if (rule->fallback || newer)
            put_case(fallback,
                     &(struct supervise_case){.number = rule->number,
                                              .action = newer ? SECCOMP_RET_ALLOW
                                                              : SECCOMP_RET_ERRNO | ENOSYS});
    }
    put_newer(fallback);
    return 0;
}

static int set_no_new_privileges(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return 0;
    int error = errno;
    tool_error("cannot set no_new_privs: %s", strerror(error));
    return -error;
}

/* Whether seccomp(2) may be called at all; says why not. */
static bool may_load(unsigned flags, const char *name)
{
    if (!load_is_fatal(flags))
        return true;
    tool_error("cannot load the filter for %s: an outer filter kills processes that call "
               "seccomp(2)" LOAD_ALLOW_SECCOMP,
               name);
    return false;
}

int supervise_prepare(bool no_new_privileges, const char *name)
{
    /* who may load a program is told that this is none */
    struct sock_filter no_end = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
    struct sock_fprog program = {1, &no_end};
    int error = no_new_privileges ? set_no_new_privileges() : 0;

    if (error)
        return error;
    if (!may_load(SECCOMP_FILTER_FLAG_TSYNC, name))
        return -EPERM;
    error = seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) < 0 ? errno : 0;
    if (error == EINVAL)
        return 0;
    if (error == 0)
        error = EPERM; /* an outer filter only pretends */
    tool_error("cannot load the filter for %s: %s", name, strerror(error));
    return -error;
}

int supervise_load(const struct filter *filter, unsigned flags, bool no_new_privileges,
                   const char *name)
{
    struct sock_fprog program = {(unsigned short)filter->count, filter->instructions};
    int unprepared = no_new_privileges ? set_no_new_privileges() : 0;

    if (unprepared)
        return unprepared;
    if (!may_load(flags, name))
        return -EPERM;
    long listener = seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener >= 0)
        return (int)listener;
    int error = errno;
    if (error == EBUSY)
        tool_error("%s cannot run under another listener to system calls: %s", name,
                   strerror(error));
    else
        tool_error("cannot load the filter for %s: %s", name, strerror(error));
    return -error;
}

/* --- by notification ------------------------------------------------------------------------- */

static bool can_notify(void)
{
    unsigned action = SECCOMP_RET_USER_NOTIF;

    return seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Flags that the kernel knows and a program that is none. */
static bool is_killable(void)
{
    unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

    return seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

int notifier_open(struct notifier *notifier, const char *name)
{
    struct seccomp_notif_sizes *sizes = &notifier->sizes;

    *notifier = (struct notifier){.listener = -1};
    if (!may_load(SECCOMP_FILTER_FLAG_NEW_LISTENER, name))
        return STATUS_CANNOT;
    if (!can_notify() || seccomp(SECCOMP_GET_NOTIF_SIZES, 0, sizes) != 0) {
        tool_error("%s needs a kernel that notifies of system calls: %s", name, strerror(errno));
        return STATUS_CANNOT;
    }
    notifier->killable = is_killable();
    notifier->request = calloc(1, larger(sizes->seccomp_notif, sizeof(*notifier->request)));
    notifier->response = calloc(1, larger(sizes->seccomp_notif_resp, sizeof(*notifier->response)));
    if (notifier->request && notifier->response)
        return STATUS_OK;
    tool_error("out of memory");
    return STATUS_CANNOT;
}

unsigned notifier_flags(const struct notifier *notifier)
{
    return SECCOMP_FILTER_FLAG_NEW_LISTENER |
           (notifier->killable ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0U);
}

void notifier_listen(struct notifier *notifier, int listener)
{
    notifier->listener = listener;
    /* both sides take turns: quicker on one processor; Linux 6.6 */
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

bool notifier_receive(struct notifier *notifier)
{
    memset(notifier->request, 0, notifier->sizes.seccomp_notif);
    return ioctl(notifier->listener, SECCOMP_IOCTL_NOTIF_RECV, notifier->request) == 0;
}

bool notifier_waits(const struct notifier *notifier)
{
    return ioctl(notifier->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notifier->request->id) == 0;
}

bool notifier_answer(struct notifier *notifier, int error, unsigned flags)
{
    memset(notifier->response, 0, notifier->sizes.seccomp_notif_resp);
    notifier->response->id = notifier->request->id;
    notifier->response->error = error;
    notifier->response->flags = flags;
    return ioctl(notifier->listener, SECCOMP_IOCTL_NOTIF_SEND, notifier->response) == 0;
}

void notifier_close(struct notifier *notifier)
{
    free(notifier->request);
    free(notifier->response);
    *notifier = (struct notifier){.listener = -1};
}
