/* Classic BPF as seccomp(2) runs it, in user space: what a program would answer, without a kernel.
 */
#ifndef PORTCULLIS_TESTS_HELPERS_BPF_H
#define PORTCULLIS_TESTS_HELPERS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the kernel would accept the program: its length, its instructions, its jumps. */
bool bpf_valid(const struct sock_filter *program, size_t count);

/* What the program, which must be valid, answers to a call: a SECCOMP_RET_ word. *STEPS, unless it
 * is NULL, becomes the number of instructions that ran. */
uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
                 size_t *steps);

#endif
