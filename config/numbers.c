#include "numbers.h"

#include <stdint.h>
#include <string.h>

/* libseccomp has a table for twenty architectures, and ours of the prototypes has all their
 * arguments: what they are searched for lies far apart in both. 40 names from this one, all of it
 * in 7 KB, take 10 microseconds less: at the start of a process nothing is in the cache. */

/* A name is an offset into the pool: a pointer would need a relocation. */
struct number {
    uint16_t name;
    int16_t number;
};

/* The names are one literal, longer than ISO C asks of a compiler. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "numbers_table.h"
#pragma GCC diagnostic pop

enum { SLOTS = sizeof(slots) / sizeof(slots[0]), NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
_Static_assert(sizeof(pool) <= UINT16_MAX, "an offset fits");
_Static_assert(NUMBERS > 200 && NUMBERS < SLOTS * 3 / 4, "there are names, and empty slots");
_Static_assert(HIGHEST >= 450 && HIGHEST <= INT16_MAX, "a number fits");

/* The hash is config/numbers.sh's. */
int number_find(const char *name)
{
    uint32_t hash = 0;

    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 31 + (unsigned char)*c;
    for (uint32_t slot = hash % SLOTS; slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        const struct number *number = &numbers[slots[slot] - 1];
        if (strcmp(name, pool + number->name) == 0)
            return number->number;
    }
    return -1;
}

int number_highest(void)
{
    return HIGHEST;
}

size_t number_count(void)
{
    return NUMBERS;
}

const char *number_name(size_t index)
{
    return pool + numbers[index].name;
}
