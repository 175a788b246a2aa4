/* The environment that the kernel gave this process, found without a libc: the host's getenv() may
 * be its own, and musl hands constructors no arguments. Allocates nothing. */
#ifndef PORTCULLIS_SHIM_ENVIRONMENT_H
#define PORTCULLIS_SHIM_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ENVIRONMENT_AUXV_MAX = 128 }; /* entries; the kernel has about 30 */

/* The kernel's auxiliary vector, as it was at exec. */
struct auxv {
    unsigned long words[2 * ENVIRONMENT_AUXV_MAX];
    size_t count; /* of entries, AT_NULL aside */
};

struct environment {
    struct auxv auxv;
    char **variables;                /* borrowed: the array on the process's stack */
    size_t count;                    /* of VARIABLES */
    const unsigned long *stack_auxv; /* borrowed: the copy that the process itself goes by */
    bool secure; /* AT_SECURE: what the environment says is not to be believed */
    bool loader; /* the executable is ld.so itself, as in `ld.so ./program` */
};

/* Finds all of it. ENVIRONMENT is to be a local variable of the process's first thread. Returns
 * NULL, or a text (static storage) that says what failed, with *ERROR the errno or 0. */
const char *environment_open(struct environment *environment, long *error)
    __attribute__((warn_unused_result));

/* The steps of environment_open(), for the tests. The first asks the kernel. The second looks for
 * the process's copy from FLOOR upwards; it needs AUXV filled in and sets the rest. Returns false
 * where it is not there. */
const char *environment_ask_kernel(struct auxv *auxv, long *error)
    __attribute__((warn_unused_result));
bool environment_locate(struct environment *environment, const unsigned long *floor)
    __attribute__((warn_unused_result));

/* The value of the first variable called NAME, as getenv(3) has it, or NULL. Borrowed. */
const char *environment_find(const struct environment *environment, const char *name);

/* Whether LD_PRELOAD names us: OWN_PATH as below. If it does not, we are linked. */
bool environment_preloads(const struct environment *environment, const char *own_path);

/* What the children must not see: every value of PORTCULLIS_WHITELIST, and in every LD_PRELOAD the
 * entries that end in the file name of OWN_PATH (of libportcullis.so, if that is NULL). In place,
 * byte by byte, NULs behind what remains: nothing moves. */
void environment_blank(const struct environment *environment, const char *own_path);

#endif
