/* A BPF program that is made from its end: the places that a jump leads to are there before it. A
 * place is counted from the end. */
#ifndef PORTCULLIS_SHIM_BACKWARD_H
#define PORTCULLIS_SHIM_BACKWARD_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backward {
    struct sock_filter *made; /* borrowed, with room for CAPACITY; the last instruction first */
    int count;
    int capacity;
    bool failed; /* it became too long; nothing is made any more */
};

/* All return the place of what they made, or found. */
int backward_emit(struct backward *program, struct sock_filter instruction);

/* What returns ANSWER. */
int backward_answer(struct backward *program, uint32_t answer);

/* A comparison of the accumulator with VALUE: OPERATION is BPF_JEQ or the like. */
int backward_compare(struct backward *program, uint16_t operation, uint32_t value, int yes, int no);

/* INSTRUCTION, behind which the program goes on at PLACE. */
int backward_before(struct backward *program, struct sock_filter instruction, int place);

/* The instructions in their order: as many as were made. */
void backward_take(const struct backward *program, struct sock_filter *code);

#endif
