/* Random numbers that a printed seed brings back. */
#ifndef PORTCULLIS_TESTS_HELPERS_RANDOM_H
#define PORTCULLIS_TESTS_HELPERS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct rule;

struct random {
    uint64_t state;
};

/* Seeded from PORTCULLIS_SEED, or else by the clock; prints the seed under NAME. */
struct random random_begin(const char *name);

uint64_t random_next(struct random *random);

/* 0 to LIMIT - 1; LIMIT is not 0. */
unsigned random_below(struct random *random, unsigned limit);

/* True once in ODDS times. */
bool random_one_in(struct random *random, unsigned odds);

/* A pattern of WIDTH bits near which mistakes live: ends of types, powers of two, small numbers,
 * few bits; now and then any. */
uint64_t random_edge(struct random *random, unsigned width);

/* Arguments for a call that RULE speaks of: mostly values on and beside the borders of its
 * conditions, flags set and cleared, with garbage above the bits that count. */
void random_arguments(struct random *random, const struct rule *rule, uint64_t arguments[6]);

#endif
