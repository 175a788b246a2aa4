#include "begun.h"

#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "sealed.h"

enum { DEPTH_MAX = 32, UNSHARE_INVALID = 1 };

struct begun_process {
    pid_t id;
    uint64_t start; /* in the ticks of /proc/PID/stat: tells it from another one with its id */
    const struct sock_fprog *address; /* where it keeps the programs, or NULL */
    uint32_t stages;
    uint64_t since[1 + WHITELIST_STAGES_MAX]; /* when it began each of them */
};

void begun_open(struct begun *begun, const struct policy *policy)
{
    *begun = (struct begun){.policy = policy};
    likeness_want(policy, &begun->wanted);
}

/* When PROCESS was made, and by whom: the fields 22 and 4 of proc(5)'s stat. Returns whether it is
 * there. */
static bool read_stat(pid_t process, uint64_t *start, pid_t *parent)
{
    enum { FIELD_STATE = 3, FIELD_PARENT = 4, FIELD_START = 22 };
    char path[64], text[1024];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    const char *at = strrchr(text, ')'); /* its name may have anything in it */
    *parent = 0;
    for (unsigned field = FIELD_STATE; at && field <= FIELD_START; field++) {
        at = strchr(at, ' ');
        at += at != NULL;
        if (at && field == FIELD_PARENT)
            *parent = (pid_t)strtol(at, NULL, 10);
        else if (at && field == FIELD_START)
            *start = strtoull(at, NULL, 10);
    }
    return at != NULL;
}

/* The time as /proc counts it. */
static uint64_t now(void)
{
    struct timespec time;
    uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK);

    clock_gettime(CLOCK_BOOTTIME, &time);
    return (uint64_t)time.tv_sec * per_second +
           (uint64_t)time.tv_nsec / (UINT64_C(1000000000) / per_second);
}

/* The one with this ID, that of a process which had it before included. */
static struct begun_process *find(struct begun *begun, pid_t id)
{
    for (size_t i = begun->count; i > 0; i--) {
        if (begun->processes[i - 1].id == id)
            return &begun->processes[i - 1];
    }
    return NULL;
}

static struct begun_process *add(struct begun *begun, struct begun_process process)
{
    if (begun->count == begun->capacity) {
        size_t capacity = begun->capacity ? 2 * begun->capacity : 64;
        struct begun_process *grown = reallocarray(begun->processes, capacity, sizeof(*grown));
        if (!grown)
            return NULL;
        begun->processes = grown;
        begun->capacity = capacity;
    }
    begun->processes[begun->count] = process;
    return &begun->processes[begun->count++];
}

/* Takes over what PARENT had begun when PROCESS was made. */
static void inherit(struct begun_process *process, const struct begun_process *parent)
{
    process->address = parent->address;
    for (unsigned i = 1; i <= WHITELIST_STAGES_MAX; i++) {
        if ((parent->stages & (UINT32_C(1) << i)) == 0 || parent->since[i] > process->start)
            continue;
        process->stages |= UINT32_C(1) << i;
        process->since[i] = parent->since[i];
    }
}

/* What is known of PROCESS; NULL if it is gone, or there is no memory. */
static struct begun_process *obtain(struct begun *begun, pid_t id, unsigned depth)
{
    struct begun_process process = {.id = id};
    pid_t parent;

    if (depth == 0 || id <= 1 || !read_stat(id, &process.start, &parent))
        return NULL;
    struct begun_process *known = find(begun, id);
    if (known && known->start == process.start)
        return known;
    const struct begun_process *from = obtain(begun, parent, depth - 1);
    if (from)
        inherit(&process, from);
    known = find(begun, id);
    if (!known)
        return add(begun, process);
    *known = process;
    return known;
}

uint32_t begun_stages(struct begun *begun, pid_t process)
{
    const struct begun_process *known = obtain(begun, process, DEPTH_MAX);

    return known ? known->stages : 0;
}

bool begun_has_shim(struct begun *begun, pid_t process)
{
    const struct begun_process *known = obtain(begun, process, DEPTH_MAX);

    return known && known->address;
}

/* As what stands in front of each program has it. */
static bool passes(const struct seccomp_data *call)
{
    return call->nr == SYS_sched_yield ||
           (call->nr == SYS_get_robust_list && (uint32_t)call->args[0] == 0) ||
           (call->nr == SYS_unshare &&
            (call->args[0] == CLONE_VM || call->args[0] == UNSHARE_INVALID));
}

/* Without stages there is one program, which the shim does not keep: as it is now, it may be in
 * memory that can be written. */
static bool has_programs(struct begun *begun, pid_t thread, const struct sock_fprog *address)
{
    size_t index;

    if (begun->wanted.count == 1)
        return sealed_holds(thread, address, &begun->wanted.programs[0]);
    return sealed_compare(thread, address, &begun->wanted, &index) == SEALED_SAME;
}

/* A child of one that is not known any more has its programs where that had them. */
static const struct sock_fprog *look_for_programs(struct begun *begun, pid_t thread,
                                                  const struct sock_fprog *program)
{
    for (size_t i = 1; i < begun->wanted.count; i++) {
        if (has_programs(begun, thread, program - i))
            return program - i;
    }
    return NULL;
}

/* Whether a child's shim, which loads the whitelist again, may do so. */
static bool is_allowed(const struct begun *begun, const struct seccomp_data *call)
{
    return action_allows(begun_decide(begun->policy, 1, call).action);
}

enum begun_answer begun_call(struct begun *begun, pid_t process, pid_t thread,
                             const struct seccomp_data *call, bool starting, int *error)
{
    const struct sock_fprog *program = (const struct sock_fprog *)(uintptr_t)call->args[2];

    if (call->arch != AUDIT_ARCH_X86_64)
        return BEGUN_NONE;
    if (passes(call))
        return BEGUN_PASSES;
    if (call->nr != SYS_seccomp || (uint32_t)call->args[0] != SECCOMP_SET_MODE_FILTER ||
        (uint32_t)call->args[1] != begun->wanted.flags || !program)
        return BEGUN_NONE;
    struct begun_process *known = obtain(begun, process, DEPTH_MAX);
    if (!known)
        return BEGUN_NONE;
    if (starting || (begun->wanted.count == 1 && is_allowed(begun, call))) {
        if (!has_programs(begun, thread, program))
            return BEGUN_NONE;
        known->address = program;
        *error = 0;
        return BEGUN_ERROR;
    }
    if (!known->address)
        known->address = look_for_programs(begun, thread, program);
    for (unsigned i = 1; known->address && i < begun->wanted.count; i++) {
        if (program != known->address + i)
            continue;
        if ((known->stages & (UINT32_C(1) << i)) == 0)
            known->since[i] = now();
        known->stages |= UINT32_C(1) << i;
        *error = -EALREADY;
        return BEGUN_ERROR;
    }
    return BEGUN_NONE;
}

struct verdict begun_decide(const struct policy *policy, uint32_t layers,
                            const struct seccomp_data *call)
{
    struct verdict verdict = {.action = {.kind = ACTION_ALLOW}};

    for (unsigned i = 0; i <= policy->whitelist.stage_count; i++) {
        if ((layers & (UINT32_C(1) << i)) == 0)
            continue;
        struct verdict one = rules_decide(policy_rules(policy, i), call->arch, call->nr,
                                          (const uint64_t *)call->args);
        if (i == 0 || action_strictness(one.action) >= action_strictness(verdict.action))
            verdict = one;
    }
    return verdict;
}

/* Appends PROGRAM to FILTER; where it allows, what comes behind it goes on, if there is any. */
static void append(struct filter *filter, const struct filter *program, bool last)
{
    for (size_t i = 0; i < program->count; i++) {
        struct sock_filter instruction = program->instructions[i];
        unsigned kind = instruction.k & SECCOMP_RET_ACTION_FULL;
        if (!last && instruction.code == (BPF_RET | BPF_K) &&
            (kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG))
            instruction =
                (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(program->count - i - 1));
        filter->instructions[filter->count++] = instruction;
    }
}

int begun_filter(const struct policy *policy, struct filter *filter)
{
    static const struct sock_filter FRONT[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    /* who supervises puts something in front, too */
    const size_t room = 16, front = sizeof(FRONT) / sizeof(FRONT[0]);
    size_t stages = policy->whitelist.stage_count, count = front;

    for (unsigned i = 0; i <= stages; i++)
        count += policy_filter(policy, i)->count;
    *filter = (struct filter){0};
    if (count + room > FILTER_INSTRUCTIONS_MAX)
        return -E2BIG;
    filter->instructions = calloc(count, sizeof(*filter->instructions));
    if (!filter->instructions)
        return -ENOMEM;
    memcpy(filter->instructions, FRONT, sizeof(FRONT));
    filter->count = front;
    for (unsigned i = 0; i <= stages; i++)
        append(filter, policy_filter(policy, i), i == stages);
    return 0;
}
