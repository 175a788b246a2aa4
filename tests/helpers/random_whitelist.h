/* Whitelists made up at random, as text; and the calls on which two of them are compared. */
#ifndef PORTCULLIS_TESTS_HELPERS_RANDOM_WHITELIST_H
#define PORTCULLIS_TESTS_HELPERS_RANDOM_WHITELIST_H

#include <stddef.h>
#include <stdint.h>

#include "random.h"

struct rules;

enum { RANDOM_WHITELIST_MAX = 8192, RANDOM_NUMBERS = 600 };

/* Fills TEXT with a whitelist of some plain names and up to LINES lines with conditions, denials
 * among them. Its default is one of DEFAULTS, a word each ended by a blank. */
void random_whitelist(struct random *random, const char *defaults, unsigned lines,
                      char text[RANDOM_WHITELIST_MAX]);

/* A call for TURN, which counts up: first each number below RANDOM_NUMBERS, then those that RULES
 * speak of, with arguments on the borders of their conditions. Returns the number. */
int random_call(struct random *random, const struct rules *rules, size_t turn,
                uint64_t arguments[6]);

#endif
