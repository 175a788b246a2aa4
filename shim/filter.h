/* Rules to BPF; the only owner of a scmp_filter_ctx. */
#ifndef PORTCULLIS_SHIM_FILTER_H
#define PORTCULLIS_SHIM_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "../config/diagnostic.h"
#include "rules.h"

enum { FILTER_INSTRUCTIONS_MAX = 4096 }; /* BPF_MAXINSNS: the kernel's limit for one program */

/* A program for seccomp(2). A zeroed structure is an empty one. */
struct filter {
    struct sock_filter *instructions; /* owned */
    size_t count;
};

/* What a filter gives for ACTION: SECCOMP_RET_, which libseccomp calls SCMP_ACT_. */
uint32_t filter_word(struct action action);

/* Compiles RULES; PLACE is where a mistake of the whole whitelist is reported. Returns 0; -EINVAL
 * after reporting that the program is too long; -ENOMEM; or what memfd_create(2), read(2) or
 * libseccomp failed with. FILTER is to be released in any case. */
int filter_build(const struct rules *rules, struct place place, struct diagnostics *diagnostics,
                 struct filter *filter) __attribute__((warn_unused_result));

/* The same, in the shape that the kernel likes best, whatever it takes to make it: for a program
 * that is made once and loaded often. */
int filter_build_once(const struct rules *rules, struct place place,
                      struct diagnostics *diagnostics, struct filter *filter)
    __attribute__((warn_unused_result));

void filter_release(struct filter *filter);

#endif
