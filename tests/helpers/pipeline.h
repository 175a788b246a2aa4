/* The whole way of a whitelist, for tests: from text or a file to BPF, and what that would answer.
 */
#ifndef PORTCULLIS_TESTS_HELPERS_PIPELINE_H
#define PORTCULLIS_TESTS_HELPERS_PIPELINE_H

#include <glob.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../config/diagnostic.h"
#include "../../config/whitelist.h"
#include "../../shim/filter.h"
#include "../../shim/rules.h"

/* This architecture, as struct seccomp_data has it. */
#if defined(__i386__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#endif

struct pipeline {
    struct whitelist whitelist;
    struct rules rules;
    struct filter filter;
    struct filter once; /* as it would be compiled, after pipeline_compile() */
    struct diagnostics diagnostics;
    bool valid; /* the whitelist is; if there is no filter all the same, it is too long */
};

/* Finds the right whitelists of the tests, the examples' and those that are shipped. For
 * globfree(3). Returns as glob(3). */
int pipeline_whitelists(glob_t *found) __attribute__((warn_unused_result));

/* Both return what the first stage that failed returned, or 0. PIPELINE is to be released in any
 * case. */
int pipeline_read_file(const char *path, struct pipeline *pipeline)
    __attribute__((warn_unused_result));
/* The same with the lines of a stage, by its number, in place of [allow]'s. */
int pipeline_read_stage(const char *path, unsigned stage, struct pipeline *pipeline)
    __attribute__((warn_unused_result));
int pipeline_read_text(const char *text, struct pipeline *pipeline)
    __attribute__((warn_unused_result));

/* Makes the program of a compiled whitelist as well. Returns what filter_build_once() does. */
int pipeline_compile(struct pipeline *pipeline) __attribute__((warn_unused_result));

void pipeline_release(struct pipeline *pipeline);

/* All messages, one a line; to be freed. */
char *pipeline_messages(const struct pipeline *pipeline);

/* The SECCOMP_RET_ word of an action. */
uint32_t pipeline_word(struct action action);

/* What the rules say, and what the program answers. */
uint32_t pipeline_decide(const struct pipeline *pipeline, uint32_t architecture, int number,
                         const uint64_t arguments[6]);
uint32_t pipeline_simulate(const struct pipeline *pipeline, uint32_t architecture, int number,
                           const uint64_t arguments[6]);
uint32_t pipeline_simulate_once(const struct pipeline *pipeline, uint32_t architecture, int number,
                                const uint64_t arguments[6]);

#endif
