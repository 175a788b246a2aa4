/* Which stages each process has begun, for who supervises it from outside; and without stages,
 * whether it has the shim.
 *
 * The program has the shim, which loads filters by seccomp(2) as ever; but these calls are answered
 * here, and no filter is loaded: it would refuse, and nobody could tell. What the shim asks to load
 * says which stage begins. */
#ifndef PORTCULLIS_TOOL_BEGUN_H
#define PORTCULLIS_TOOL_BEGUN_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "likeness.h"
#include "policy.h"

struct begun {
    const struct policy *policy; /* borrowed */
    struct wanted wanted;
    struct begun_process *processes; /* owned */
    size_t count;
    size_t capacity;
};

void begun_open(struct begun *begun, const struct policy *policy);

/* The stages that PROCESS has begun: bit N for the number N. One that is new has what its parent
 * had begun when it was made. */
uint32_t begun_stages(struct begun *begun, pid_t process);

/* Whether the shim has asked to load what is in force from the start of PROCESS on. */
bool begun_has_shim(struct begun *begun, pid_t process);

enum begun_answer {
    BEGUN_NONE,   /* the call is not of that kind */
    BEGUN_PASSES, /* it is to be made: the shim needs it, and its filters allow it */
    BEGUN_ERROR,  /* it is not to be made: *ERROR is its answer, 0 or a negative errno */
};

/* For each CALL of THREAD of PROCESS: whether it has to do with the loading of stages. STARTING: of
 * a process that is held at the gate. */
enum begun_answer begun_call(struct begun *begun, pid_t process, pid_t thread,
                             const struct seccomp_data *call, bool starting, int *error);

/* Of what LAYERS (bit 0: [allow], bit N: the stage N) say of CALL, what the kernel would do: the
 * strictest, of equals what the newest says. */
struct verdict begun_decide(const struct policy *policy, uint32_t layers,
                            const struct seccomp_data *call);

/* Makes a filter of all of POLICY's, which allows what each of them does, and refuses all else, and
 * seccomp(2). Returns 0; -ENOMEM; -E2BIG: it would be too long for the kernel. */
int begun_filter(const struct policy *policy, struct filter *filter)
    __attribute__((warn_unused_result));

#endif
