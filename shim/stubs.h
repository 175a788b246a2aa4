/* The functions that stand where the program calls what begins a stage. Once the stage is in they
 * cost a compare and a jump. Written in assembler: they pass on every argument as it came. */
#ifndef PORTCULLIS_SHIM_STUBS_H
#define PORTCULLIS_SHIM_STUBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__aarch64__)
#define STUBS_SUPPORTED 1
#else
#define STUBS_SUPPORTED 0
#endif

enum { STUBS_MAX = 48, STUBS_MAIN = STUBS_MAX - 1, STUB_BYTES = 64, STUBS_PAGE = 4096 };

/* What changes while the program runs. The first page is wiped in the child of a fork, shared with
 * that of a vfork. */
struct stubs_state {
    unsigned char done[STUBS_MAX]; /* the stub's work is done: go straight to the real function */
    uintptr_t lock;                /* the thread that loads a stage, by its thread pointer */
    unsigned char closed;          /* the constructor has not come to its end yet */
    char rest[STUBS_PAGE - STUBS_MAX - sizeof(uintptr_t) - 1];
    /* What __libc_start_main() was to call. On the next page: a constructor of the program's may
     * fork, and its child goes on to main() as well. */
    void *main;
};

/* What the stubs go by: read-only before the program runs. */
struct stubs {
    struct stubs_state *state;
    uintptr_t real[STUBS_MAX]; /* the functions that were replaced */
    const struct stages_plan *plan;
};

/* A page of its own, so that it can be made read-only. */
extern union stubs_page {
    struct stubs stubs;
    char bytes[STUBS_PAGE];
} stubs_page __attribute__((visibility("hidden")));

/* The stub INDEX, below STUBS_MAIN. */
uintptr_t stubs_at(size_t index);

/* What stands for __libc_start_main(): it has the program's main() called by way of the work of the
 * stub STUBS_MAIN. */
uintptr_t stubs_for_main(void);

/* Called by the stub INDEX while it is not done. Defined by stages.c. */
void stubs_reached(size_t index) __attribute__((visibility("hidden")));

#endif
