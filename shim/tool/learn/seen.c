#include "seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "phrase.h"

struct seen *seen_open(int number, const struct rule *rule, enum record_arguments arguments)
{
    struct seen *seen = calloc(1, sizeof(*seen));

    if (!seen)
        return NULL;
    seen->number = number;
    seen->denied = rule && rule->deny_count > 0 ? rule : NULL;
    columns_choose(&seen->columns, number, rule, arguments);
    for (unsigned i = 0; i < seen->columns.count; i++)
        seen->owned |= seen->columns.items[i].own;
    return seen;
}

void seen_close(struct seen *seen)
{
    if (!seen)
        return;
    for (unsigned i = 0; i < seen->count; i++)
        free(seen->tuples[i].site);
    free(seen->tuples);
    free(seen);
}

static void read_values(const struct seen *seen, const uint64_t arguments[6],
                        uint64_t values[COLUMNS_MAX])
{
    for (unsigned i = 0; i < seen->columns.count; i++)
        values[i] = column_value(&seen->columns.items[i], arguments);
}

static bool is_same(const struct seen *seen, const struct tuple *tuple, const uint64_t *values)
{
    return memcmp(tuple->values, values, seen->columns.count * sizeof(*values)) == 0;
}

/* The slot that has VALUES, or the free one where they belong. There are always free ones. */
static uint8_t *find_slot(struct seen *seen, const uint64_t values[COLUMNS_MAX])
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < seen->columns.count; i++) {
        hash = (hash ^ values[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    size_t at = hash % SEEN_SLOTS;
    while (seen->slots[at] != 0 && !is_same(seen, &seen->tuples[seen->slots[at] - 1], values))
        at = (at + 1) % SEEN_SLOTS;
    return &seen->slots[at];
}

/* Drops what COLUMN holds, and joins the tuples that are the same without it. */
static void widen(struct seen *seen, struct column *column)
{
    unsigned kept = 0;

    column->widened = true;
    memset(seen->slots, 0, sizeof(seen->slots));
    for (unsigned i = 0; i < seen->count; i++) {
        struct tuple tuple = seen->tuples[i];
        read_values(seen, tuple.arguments, tuple.values);
        uint8_t *slot = find_slot(seen, tuple.values);
        if (*slot != 0) {
            seen->tuples[*slot - 1].count += tuple.count;
            free(tuple.site);
            continue;
        }
        seen->tuples[kept++] = tuple;
        *slot = (uint8_t)kept;
    }
    seen->count = kept;
    seen->last = 0;
}

static unsigned count_values(const struct seen *seen, unsigned column)
{
    unsigned count = 0;

    for (unsigned i = 0; i < seen->count; i++) {
        unsigned k = 0;
        while (k < i && seen->tuples[k].values[column] != seen->tuples[i].values[column])
            k++;
        count += k == i;
    }
    return count;
}

/* Makes room for one more tuple: the columns with the most values give way. */
static int make_room(struct seen *seen)
{
    while (seen->count == TUPLES_MAX) {
        unsigned widest = 0;
        unsigned most = 0;
        for (unsigned i = 0; i < seen->columns.count; i++) {
            unsigned count = count_values(seen, i);
            if (count > most) {
                most = count;
                widest = i;
            }
        }
        widen(seen, &seen->columns.items[widest]);
    }
    if (seen->count < seen->capacity)
        return 0;
    unsigned capacity = seen->capacity ? 2 * seen->capacity : 1;
    struct tuple *grown = realloc(seen->tuples, capacity * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    seen->tuples = grown;
    seen->capacity = capacity;
    return 0;
}

/* Remembers a call whose VALUES are new. */
static int add_tuple(struct seen *seen, const uint64_t arguments[6], uint64_t values[COLUMNS_MAX])
{
    int error = make_room(seen);

    if (error)
        return error;
    read_values(seen, arguments, values);
    uint8_t *slot = find_slot(seen, values);
    if (*slot == 0) {
        struct tuple *tuple = &seen->tuples[seen->count++];
        *tuple = (struct tuple){0};
        memcpy(tuple->arguments, arguments, sizeof(tuple->arguments));
        memcpy(tuple->values, values, sizeof(tuple->values));
        *slot = (uint8_t)seen->count;
    }
    seen->last = *slot - 1U;
    return 0;
}

static bool is_denied(const struct rule *rule, const uint64_t arguments[6])
{
    for (size_t i = 0; rule && i < rule->deny_count; i++) {
        if (condition_matches(&rule->deny[i].entry->condition, arguments))
            return true;
    }
    return false;
}

int seen_call(struct seen *seen, const uint64_t arguments[6], bool *fresh)
{
    uint64_t values[COLUMNS_MAX] = {0};

    *fresh = false;
    if (is_denied(seen->denied, arguments))
        return -EPERM;
    for (unsigned i = 0; seen->owned && i < seen->columns.count; i++) {
        if (seen->columns.items[i].own)
            column_stretch(&seen->columns.items[i], arguments);
    }
    read_values(seen, arguments, values);
    if (seen->count > 0 && is_same(seen, &seen->tuples[seen->last], values)) {
        seen->tuples[seen->last].count++;
        return 0;
    }
    const uint8_t *slot = find_slot(seen, values);
    if (*slot != 0) {
        seen->last = *slot - 1U;
    } else {
        int error = add_tuple(seen, arguments, values);
        if (error)
            return error;
        *fresh = true;
    }
    seen->tuples[seen->last].count++;
    return 0;
}

int seen_site(struct seen *seen, const char *site)
{
    struct tuple *tuple = &seen->tuples[seen->last];
    char *copy = strdup(site);

    if (!copy)
        return -ENOMEM;
    free(tuple->site);
    tuple->site = copy;
    return 0;
}

/* Whether a line of [deny] or of [allow] speaks of every call that TUPLE stands for. The implicitly
 * allowed calls are listed: then the list is the whole of what the program does. */
static bool is_settled(const struct seen *seen, const struct rule *rule, const struct tuple *tuple)
{
    for (size_t i = 0; i < rule->deny_count; i++) {
        if (columns_match(&seen->columns, rule->deny[i].entry, tuple->arguments))
            return true;
    }
    for (size_t i = 0; i < rule->allow_count; i++) {
        if (columns_match(&seen->columns, rule->allow[i].entry, tuple->arguments))
            return true;
    }
    return false;
}

int seen_add(const struct seen *seen, const struct rule *rule, bool short_of_room,
             struct additions *additions)
{
    const struct tuple *lacking[TUPLES_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < seen->count; i++) {
        if (!rule || !is_settled(seen, rule, &seen->tuples[i]))
            lacking[count++] = &seen->tuples[i];
    }
    if (count == 0)
        return 0;
    return phrase_add(seen->number, &seen->columns, lacking, count, short_of_room, additions);
}
