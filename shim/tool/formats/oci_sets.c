#include "oci_sets.h"

#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BITS = 64,
    SCATTERED_MAX = 12, /* of a block, bits that are open above others that are not */
    SINGLE_MAX = 64,    /* numbers of a range that are compared one by one */
    COMPARISONS_MAX = 4096
};

static const uint64_t HIGHEST = (uint64_t)1 << (BITS - 1);

struct set *set_new(size_t count)
{
    return calloc(1, sizeof(struct set) + count * sizeof(struct block));
}

int set_compare(const struct set *one, const struct set *other)
{
    if (one->count != other->count)
        return one->count < other->count ? -1 : 1;
    return memcmp(one->blocks, other->blocks, one->count * sizeof(*one->blocks));
}

static int compare_sets(const void *one, const void *other)
{
    return set_compare(one, other);
}

const struct set *sets_keep(struct sets *sets, struct set *set)
{
    struct set **found = set ? tsearch(set, &sets->tree, compare_sets) : NULL;

    if (!found || *found != set)
        free(set);
    return found ? *found : NULL;
}

void sets_release(struct sets *sets)
{
    tdestroy(sets->tree, free);
    *sets = (struct sets){0};
}

/* --- blocks -------------------------------------------------------------------------------------
 */

/* The order of blocks with BIT left out of sight: halves of a larger one are neighbours. */
static int compare_but(const void *one, const void *other, void *bit)
{
    const struct block *first = one;
    const struct block *second = other;
    uint64_t seen = ~*(const uint64_t *)bit;

    if (first->mask != second->mask)
        return first->mask < second->mask ? -1 : 1;
    if ((first->value & seen) != (second->value & seen))
        return (first->value & seen) < (second->value & seen) ? -1 : 1;
    return 0;
}

static void join(struct set *set, uint64_t bit)
{
    struct block *blocks = set->blocks;
    size_t kept = 0;

    qsort_r(blocks, set->count, sizeof(*blocks), compare_but, &bit);
    for (size_t i = 0; i < set->count; i++) {
        struct block *last = kept > 0 ? &blocks[kept - 1] : NULL;
        if (!last || compare_but(last, &blocks[i], &bit) != 0) {
            blocks[kept++] = blocks[i];
        } else if (last->value != blocks[i].value) { /* else it is there twice */
            last->mask &= ~bit;
            last->value &= ~bit;
        }
    }
    set->count = kept;
}

void set_simplify(struct set *set)
{
    uint64_t none = 0;
    size_t before;

    do {
        before = set->count;
        for (unsigned i = 0; i < BITS && set->count > 1; i++)
            join(set, (uint64_t)1 << (BITS - 1 - i));
    } while (set->count < before);
    qsort_r(set->blocks, set->count, sizeof(*set->blocks), compare_but, &none);
    if (set->count > 0 && set->blocks[0].mask == 0) /* all numbers: the smallest of masks */
        set->count = 1;
}

/* --- ranges -------------------------------------------------------------------------------------
 */

/* Numbers that lie together. Sorted, and apart, when they are done. */
struct ranges {
    struct range *items; /* owned */
    size_t count;
};

/* How many ranges BLOCK is. */
static size_t count_ranges(const struct block *block)
{
    uint64_t open = ~block->mask;
    unsigned scattered = (unsigned)__builtin_popcountll(open & (open + 1));

    return scattered > SCATTERED_MAX ? COMPARISONS_MAX + 1 : (size_t)1 << scattered;
}

static void add_ranges(struct ranges *ranges, const struct block *block)
{
    uint64_t open = ~block->mask;
    uint64_t scattered = open & (open + 1); /* without those at the lower end */
    uint64_t chosen = 0;

    do {
        uint64_t low = block->value | chosen;
        ranges->items[ranges->count++] = (struct range){low, low | (open & ~scattered)};
        chosen = (chosen - scattered) & scattered; /* the next subset */
    } while (chosen != 0);
}

static int compare_ranges(const void *one, const void *other)
{
    const struct range *first = one;
    const struct range *second = other;

    return first->low < second->low ? -1 : first->low > second->low;
}

static void join_ranges(struct ranges *ranges)
{
    struct range *items = ranges->items;
    size_t kept = 0;

    qsort(items, ranges->count, sizeof(*items), compare_ranges);
    for (size_t i = 0; i < ranges->count; i++) {
        struct range *last = kept > 0 ? &items[kept - 1] : NULL;
        if (last && (last->high == UINT64_MAX || items[i].low <= last->high + 1))
            last->high = items[i].high > last->high ? items[i].high : last->high;
        else
            items[kept++] = items[i];
    }
    ranges->count = kept;
}

/* RANGES becomes the numbers of those blocks that ask for the highest bit. */
static int find_ranges(const struct set *set, struct ranges *ranges)
{
    size_t count = 0;

    *ranges = (struct ranges){0};
    for (size_t i = 0; i < set->count && count <= COMPARISONS_MAX; i++) {
        if ((set->blocks[i].mask & HIGHEST) != 0)
            count += count_ranges(&set->blocks[i]);
    }
    if (count > COMPARISONS_MAX)
        return -ERANGE;
    ranges->items = calloc(count + 1, sizeof(*ranges->items));
    if (!ranges->items)
        return -ENOMEM;
    for (size_t i = 0; i < set->count; i++) {
        if ((set->blocks[i].mask & HIGHEST) != 0)
            add_ranges(ranges, &set->blocks[i]);
    }
    join_ranges(ranges);
    return 0;
}

/* --- comparisons --------------------------------------------------------------------------------
 */

static int add(struct cover *cover, struct scmp_arg_cmp comparison)
{
    if (cover->count == COMPARISONS_MAX)
        return -E2BIG;
    if (cover->count == cover->capacity) {
        size_t capacity = cover->capacity ? 2 * cover->capacity : 8;
        struct scmp_arg_cmp *items = realloc(cover->items, capacity * sizeof(*items));
        if (!items)
            return -ENOMEM;
        cover->items = items;
        cover->capacity = capacity;
    }
    cover->items[cover->count++] = comparison;
    return 0;
}

static int add_range(struct cover *cover, unsigned argument, struct range range)
{
    int error = 0;

    if (range.low == 0 && range.high == UINT64_MAX)
        cover->whole = true;
    else if (range.high == UINT64_MAX && range.low == HIGHEST)
        error = add(cover, (struct scmp_arg_cmp){argument, SCMP_CMP_GT, INT64_MAX, 0});
    else if (range.high == UINT64_MAX && range.low < HIGHEST)
        error = add(cover, (struct scmp_arg_cmp){argument, SCMP_CMP_GE, range.low, 0});
    else if (range.low == 0 && range.high > 0 && range.high < HIGHEST)
        error = add(cover, (struct scmp_arg_cmp){argument, SCMP_CMP_LE, range.high, 0});
    else if (range.high >= HIGHEST || range.high - range.low >= SINGLE_MAX)
        return -ERANGE;
    else
        for (uint64_t value = range.low; value <= range.high && !error; value++)
            error = add(cover, (struct scmp_arg_cmp){argument, SCMP_CMP_EQ, value, 0});
    return error;
}

/* Whether RANGES are all numbers but one, which is not above INT64_MAX. */
static bool lack_one(const struct ranges *ranges)
{
    return ranges->count == 2 && ranges->items[0].low == 0 && ranges->items[1].high == UINT64_MAX &&
           ranges->items[1].low - ranges->items[0].high == 2 && ranges->items[1].low <= HIGHEST;
}

/* Whether they begin at 0 and end at the last number, far apart: libseccomp (2.5.4) ends at an
 * upper limit that does not hold, and does not look at the lower limit behind it. A number that is
 * signed and less than another is such. */
static bool are_both_ends(const struct ranges *ranges)
{
    return ranges->count > 1 && ranges->items[0].low == 0 &&
           ranges->items[ranges->count - 1].high == UINT64_MAX &&
           ranges->items[ranges->count - 1].low > UINT32_MAX;
}

int cover_make(const struct set *set, unsigned argument, struct cover *cover)
{
    struct ranges ranges;

    *cover = (struct cover){0};
    int error = find_ranges(set, &ranges);
    if (!error && lack_one(&ranges)) {
        uint64_t lacking = ranges.items[0].high + 1;
        error = add(cover, (struct scmp_arg_cmp){argument, SCMP_CMP_NE, lacking, 0});
        ranges.count = 0;
    } else if (!error && are_both_ends(&ranges)) {
        error = -ERANGE;
    }
    for (size_t i = 0; i < ranges.count && !error; i++)
        error = add_range(cover, argument, ranges.items[i]);
    for (size_t i = 0; i < set->count && !error; i++) {
        const struct block *block = &set->blocks[i];
        if (block->mask == 0)
            cover->whole = true;
        else if ((block->mask & HIGHEST) == 0)
            error = add(cover, (struct scmp_arg_cmp){argument, SCMP_CMP_MASKED_EQ, block->mask,
                                                     block->value});
    }
    free(ranges.items);
    return error;
}

void cover_release(struct cover *cover)
{
    free(cover->items);
    *cover = (struct cover){0};
}
