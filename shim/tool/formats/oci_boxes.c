#include "oci_boxes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../call.h"

enum { ARGUMENTS = 6, BOXES_MAX = 1 << 14 };

/* What the visits of regions share. */
struct collector {
    struct boxes *boxes;
    struct action default_action;
    int error;
};

static bool add_region(void *context, const struct region *region, const struct verdict *verdict,
                       const struct verdict *same)
{
    struct collector *collector = context;
    struct boxes *boxes = collector->boxes;
    struct box box = {verdict->action, verdict->entry, {NULL}};

    (void)same;
    if (action_equals(verdict->action, collector->default_action))
        return true;
    if (boxes->count == BOXES_MAX)
        return false;
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        struct set *set = set_new(1);
        if (set)
            set->blocks[set->count++] = region->arguments[i];
        box.sets[i] = sets_keep(&boxes->sets, set);
        if (!box.sets[i])
            collector->error = -ENOMEM;
    }
    if (boxes->count == boxes->capacity && !collector->error) {
        size_t capacity = boxes->capacity ? 2 * boxes->capacity : 64;
        struct box *items = realloc(boxes->items, capacity * sizeof(*items));
        if (!items)
            collector->error = -ENOMEM;
        else
            boxes->items = items;
        boxes->capacity = items ? capacity : boxes->capacity;
    }
    if (!collector->error)
        boxes->items[boxes->count++] = box;
    return !collector->error;
}

/* Orders boxes so that those that differ in the set of one ARGUMENT only are neighbours. */
static int compare_boxes(const void *one, const void *other, void *argument)
{
    const struct box *first = one;
    const struct box *second = other;

    if (first->action.kind != second->action.kind)
        return first->action.kind < second->action.kind ? -1 : 1;
    if (first->action.error != second->action.error)
        return first->action.error < second->action.error ? -1 : 1;
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        if (i == *(const unsigned *)argument)
            continue;
        int order = set_compare(first->sets[i], second->sets[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

/* The union of ARGUMENT's sets of COUNT boxes; NULL if there is no memory. */
static const struct set *unite(struct boxes *boxes, const struct box *items, size_t count,
                               unsigned argument)
{
    size_t blocks = 0;

    for (size_t i = 0; i < count; i++)
        blocks += items[i].sets[argument]->count;
    struct set *set = set_new(blocks);
    if (!set)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const struct set *one = items[i].sets[argument];
        memcpy(&set->blocks[set->count], one->blocks, one->count * sizeof(*one->blocks));
        set->count += one->count;
    }
    set_simplify(set);
    return sets_keep(&boxes->sets, set);
}

/* Makes one box of those that differ in ARGUMENT only. Returns 0 or -ENOMEM. */
static int merge(struct boxes *boxes, unsigned argument)
{
    struct box *items = boxes->items;
    size_t kept = 0;
    size_t end;

    if (boxes->count == 0)
        return 0;
    qsort_r(items, boxes->count, sizeof(*items), compare_boxes, &argument);
    for (size_t i = 0; i < boxes->count; i = end) {
        end = i + 1;
        while (end < boxes->count && compare_boxes(&items[i], &items[end], &argument) == 0)
            end++;
        struct box box = items[i];
        if (end - i > 1)
            box.sets[argument] = unite(boxes, &items[i], end - i, argument);
        if (!box.sets[argument])
            return -ENOMEM;
        items[kept++] = box;
    }
    boxes->count = kept;
    return 0;
}

/* What is cut apart last is put together first; and again, as long as that helps. */
static int merge_all(struct boxes *boxes)
{
    size_t before;
    int error = 0;

    do {
        before = boxes->count;
        for (unsigned i = ARGUMENTS; i-- > 0 && !error;)
            error = merge(boxes, i);
    } while (boxes->count < before && !error);
    return error;
}

int oci_boxes_make(const struct rules *rules, const struct rule *rule, struct boxes *boxes)
{
    struct collector collector = {boxes, rules->default_action, 0};
    struct opinion opinion;
    bool whole = false;

    *boxes = (struct boxes){0};
    int error = opinion_form(rules, rule->number, &opinion);
    opinion_simplify(&opinion);
    if (error)
        whole = true;
    else if (rule->implicit || rule->fallback)
        whole = region_visit(&opinion, NULL, add_region, &collector);
    else /* what several lines allow may be said twice */
        whole = region_visit_denied(&opinion, add_region, &collector) &&
                region_visit_allowed(&opinion, add_region, &collector);
    opinion_release(&opinion);
    error = error ? error : collector.error;
    if (!error && !whole)
        error = -E2BIG;
    return error ? error : merge_all(boxes);
}

void oci_boxes_release(struct boxes *boxes)
{
    sets_release(&boxes->sets);
    free(boxes->items);
    *boxes = (struct boxes){0};
}
