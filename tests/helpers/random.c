#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../shim/rules.h"

struct random random_begin(const char *name)
{
    const char *wish = getenv("PORTCULLIS_SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct random random = {(uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec};
    if (wish && *wish)
        random.state = strtoull(wish, NULL, 0);
    fprintf(stderr, "# %s: PORTCULLIS_SEED=%llu\n", name, (unsigned long long)random.state);
    return random;
}

/* splitmix64 */
uint64_t random_next(struct random *random)
{
    uint64_t mixed = random->state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

unsigned random_below(struct random *random, unsigned limit)
{
    return (unsigned)((random_next(random) >> 32) * limit >> 32);
}

bool random_one_in(struct random *random, unsigned odds)
{
    return random_below(random, odds) == 0;
}

static uint64_t low_bits(unsigned count)
{
    return count >= 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

uint64_t random_edge(struct random *random, unsigned width)
{
    uint64_t bit = (uint64_t)1 << random_below(random, width);
    uint64_t value;
    switch (random_below(random, 8)) {
    case 0:
        value = random_below(random, 10);
        break;
    case 1:
        value = -(uint64_t)random_below(random, 10);
        break;
    case 2:
        value = bit + random_below(random, 3) - 1;
        break;
    case 3:
        value = -bit + random_below(random, 3) - 1;
        break;
    case 4:
        value = bit | (uint64_t)1 << random_below(random, width);
        break;
    case 5:
        value = ~(bit | (uint64_t)1 << random_below(random, width));
        break;
    case 6:
        value = random_next(random) >> random_below(random, 64);
        break;
    default:
        value = random_next(random);
        break;
    }
    return value & low_bits(width);
}

/* A value that the clause has an opinion of. */
static uint64_t near_clause(struct random *random, const struct clause *clause)
{
    const struct range *range = &clause->ranges[random_below(random, (unsigned)clause->count)];
    uint64_t border = random_one_in(random, 2) ? range->low : range->high;
    uint64_t bit = (uint64_t)1 << random_below(random, clause->width);
    switch (random_below(random, 8)) {
    case 0:
        return border - 1;
    case 1:
        return border + 1;
    case 2:
        return border ^ bit;
    case 3: /* the same in the eyes of the mask */
        return border | (random_next(random) & ~clause->mask);
    case 4:
        return range->low + (range->high > range->low
                                 ? random_next(random) % (range->high - range->low)
                                 : random_next(random) & ~clause->mask);
    case 5: /* some of the flags */
        return border & random_next(random);
    default:
        return border;
    }
}

/* What stands above the bits that count. */
static uint64_t fill_upper(struct random *random, uint64_t value, unsigned width)
{
    uint64_t upper = ~low_bits(width);
    switch (random_below(random, 4)) {
    case 0:
        return value & ~upper;
    case 1: /* as the compiler widens a signed number */
        return value >> (width - 1) & 1 ? value | upper : value & ~upper;
    default:
        return (value & ~upper) | (random_next(random) & upper);
    }
}

static const struct condition *any_condition(struct random *random, const struct rule *rule)
{
    size_t lines = rule->allow_count + rule->deny_count;
    if (lines == 0)
        return NULL;
    size_t chosen = random_below(random, (unsigned)lines);
    return chosen < rule->allow_count ? &rule->allow[chosen].entry->condition
                                      : &rule->deny[chosen - rule->allow_count].entry->condition;
}

void random_arguments(struct random *random, const struct rule *rule, uint64_t arguments[6])
{
    for (unsigned i = 0; i < 6; i++)
        arguments[i] = random_edge(random, random_one_in(random, 2) ? 32 : 64);
    /* One line as a whole, so that conjunctions are met as well as missed, then a stray clause. */
    const struct condition *condition = any_condition(random, rule);
    for (size_t i = 0; condition && i < condition->count; i++) {
        const struct clause *clause = &condition->clauses[i];
        arguments[clause->argument] =
            fill_upper(random, near_clause(random, clause), clause->width);
    }
    condition = any_condition(random, rule);
    if (condition && condition->count > 0 && random_one_in(random, 3)) {
        const struct clause *clause =
            &condition->clauses[random_below(random, (unsigned)condition->count)];
        arguments[clause->argument] =
            fill_upper(random, near_clause(random, clause), clause->width);
    }
}
