#include "list_search.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "backward.h"
#include "compiled.h"

enum {
    CHAIN_MAX = 8, /* values that are asked for one after the other */
    HALF_BITS = 32,
};

static int add_range(struct list *list, uint64_t low, uint64_t high)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        struct range *grown = realloc(list->ranges, capacity * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        list->ranges = grown;
        list->capacity = capacity;
    }
    list->ranges[list->count++] = (struct range){low, high};
    return 0;
}

int list_add(struct list *list, const struct clause *clause)
{
    int error = 0;

    for (size_t i = 0; i < clause->count && !error; i++) {
        struct range range = clause->ranges[i];
        /* in the order of a signed type it may lie across zero */
        if (range.low <= range.high) {
            error = add_range(list, range.low, range.high);
            continue;
        }
        error = add_range(list, range.low, clause_bits(clause));
        if (!error)
            error = add_range(list, 0, range.high);
    }
    return error;
}

uint64_t list_half(uint64_t value)
{
    return value >> HALF_BITS;
}

void list_release(struct list *list)
{
    free(list->ranges);
    *list = (struct list){0};
}

/* Lets the range at AT sink to its place in the heap of COUNT ranges, the largest first. */
static void sink(struct range *ranges, size_t at, size_t count)
{
    struct range range = ranges[at];

    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && ranges[child + 1].low > ranges[child].low)
            child++;
        if (ranges[child].low <= range.low)
            break;
        ranges[at] = ranges[child];
    }
    ranges[at] = range;
}

/* A heap sort: the shim has no qsort(3). */
static void sort(struct range *ranges, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sink(ranges, at, count);
    for (size_t end = count; end-- > 1;) {
        struct range largest = ranges[0];
        ranges[0] = ranges[end];
        ranges[end] = largest;
        sink(ranges, 0, end);
    }
}

/* Sorts, and joins what touches. */
static void normalize(struct list *list)
{
    struct range *ranges = list->ranges;
    size_t count = 0;

    sort(ranges, list->count);
    for (size_t i = 0; i < list->count; i++) {
        struct range *last = count > 0 ? &ranges[count - 1] : NULL;
        if (last && (last->high == UINT64_MAX || ranges[i].low <= last->high + 1))
            last->high = ranges[i].high > last->high ? ranges[i].high : last->high;
        else
            ranges[count++] = ranges[i];
    }
    list->count = count;
}

/* For the lower halves of the argument's values. */
struct search {
    struct backward program;
    const struct range *ranges;
    uint32_t found;
    uint32_t missing;
};

/* Asks for a range; goes on at NO. */
static int ask(struct search *search, const struct range *range, int yes, int no)
{
    uint32_t low = (uint32_t)range->low;
    uint32_t high = (uint32_t)range->high;

    if (low == high)
        return backward_compare(&search->program, BPF_JEQ, low, yes, no);
    int below =
        high == UINT32_MAX ? yes : backward_compare(&search->program, BPF_JGT, high, no, yes);
    return low == 0 ? below : backward_compare(&search->program, BPF_JGE, low, below, no);
}

/* Searches the ranges from BEGIN to before END, the values in the accumulator. */
static int halve(struct search *search, size_t begin, size_t end)
{
    size_t middle = begin + (end - begin) / 2;

    if (end - begin > CHAIN_MAX) {
        int above = halve(search, middle, end);
        int below = halve(search, begin, middle);
        return backward_compare(&search->program, BPF_JGE, (uint32_t)search->ranges[middle].low,
                                above, below);
    }
    int yes = backward_answer(&search->program, search->found);
    int place = backward_answer(&search->program, search->missing);
    for (size_t i = end; i-- > begin;)
        place = ask(search, &search->ranges[i], yes, place);
    return place;
}

static struct sock_filter load(size_t offset)
{
    return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* Loads a half of the argument; NEXT goes on with it. */
static int load_half(struct search *search, const struct clause *clause, bool upper, int next)
{
    size_t argument = offsetof(struct seccomp_data, args) + clause->argument * sizeof(uint64_t);
    uint64_t bits = clause_bits(clause);

    if (bits < UINT32_MAX)
        next = backward_before(
            &search->program,
            (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (uint32_t)bits), next);
    return backward_before(&search->program, load(argument + (upper ? sizeof(uint32_t) : 0)), next);
}

/* All ranges have the same upper half. */
static int search_argument(struct search *search, const struct clause *clause, size_t count)
{
    int place = load_half(search, clause, false, halve(search, 0, count));

    if (clause_bits(clause) <= UINT32_MAX)
        return place;
    int no = backward_answer(&search->program, search->missing);
    place = backward_compare(&search->program, BPF_JEQ, (uint32_t)list_half(search->ranges[0].low),
                             place, no);
    return load_half(search, clause, true, place);
}

/* Begins as libseccomp's programs do: with the architecture, and the number. */
static void make(struct search *search, int number, const struct clause *clause, size_t count,
                 uint32_t foreign)
{
    struct backward *program = &search->program;
    int argument = search_argument(search, clause, count);
    int refuse = backward_emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, foreign));
    int no = backward_emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, search->missing));
    int asked = backward_compare(program, BPF_JEQ, (uint32_t)number, argument, no);
    int known = backward_before(program, load(offsetof(struct seccomp_data, nr)), asked);
    backward_compare(program, BPF_JEQ, compiled_machine(), known, refuse);
    backward_emit(program, load(offsetof(struct seccomp_data, arch)));
}

int list_search(struct list *list, int number, const struct clause *clause,
                const struct list_answers *answers, struct filter *filter)
{
    struct search search = {
        .found = answers->found, .missing = answers->missing, .program.capacity = 4096};

    *filter = (struct filter){0};
    normalize(list);
    search.ranges = list->ranges;
    search.program.made = calloc((size_t)search.program.capacity, sizeof(struct sock_filter));
    if (!search.program.made)
        return -ENOMEM;
    make(&search, number, clause, list->count, answers->foreign);
    int error = search.program.failed ? -E2BIG : 0;
    if (!error)
        filter->instructions = calloc((size_t)search.program.count, sizeof(*filter->instructions));
    if (filter->instructions) {
        backward_take(&search.program, filter->instructions);
        filter->count = (size_t)search.program.count;
    } else if (!error) {
        error = -ENOMEM;
    }
    free(search.program.made);
    return error;
}
