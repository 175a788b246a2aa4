/* What crun and runc make of a seccomp profile: libseccomp's filter for its JSON. */
#ifndef PORTCULLIS_TESTS_HELPERS_ENGINE_H
#define PORTCULLIS_TESTS_HELPERS_ENGINE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

struct engine {
    struct sock_filter *program; /* owned */
    size_t count;
};

/* Takes JSON in the runtime's shape, or in the engines' with includes and excludes, of which those
 * for x86-64 and for no capability at all are taken. Returns 0; -EINVAL for what is no profile; or
 * what libseccomp failed with. ENGINE is to be released in any case. */
int engine_build(const char *json, struct engine *engine) __attribute__((warn_unused_result));

/* What the filter answers: a SECCOMP_RET_ word. */
uint32_t engine_answer(const struct engine *engine, uint32_t architecture, int number,
                       const uint64_t arguments[6]);

void engine_release(struct engine *engine);

#endif
