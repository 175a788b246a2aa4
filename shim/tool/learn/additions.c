#include "additions.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A copy of TEXT; NULL stays NULL. Returns false if there is no memory. */
static bool copy(const char *text, char **result)
{
    *result = text ? strdup(text) : NULL;
    return *result || !text;
}

static void release(struct addition *addition)
{
    free(addition->name);
    free(addition->condition);
    free(addition->site);
    free(addition->note);
}

/* By name; then what has no condition, then by the condition's text. */
static int compare(const struct addition *addition, const char *name, const char *condition)
{
    int order = strcmp(addition->name, name);

    if (order != 0)
        return order;
    return strcmp(addition->condition ? addition->condition : "", condition ? condition : "");
}

/* Where an addition stands or belongs: behind its equals if BEHIND. */
static size_t place_of(const struct additions *additions, const char *name, const char *condition,
                       bool behind)
{
    size_t low = 0;
    size_t high = additions->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&additions->items[middle], name, condition) < (behind ? 1 : 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool make_room(struct additions *additions)
{
    if (additions->count < additions->capacity)
        return true;
    size_t capacity = additions->capacity ? 2 * additions->capacity : 32;
    struct addition *grown = realloc(additions->items, capacity * sizeof(*grown));
    if (!grown)
        return false;
    additions->items = grown;
    additions->capacity = capacity;
    return true;
}

int additions_add(struct additions *additions, const char *name, const char *condition,
                  uint64_t count, const char *site)
{
    struct addition addition = {.count = count};
    bool copied = copy(name, &addition.name);

    copied = copy(condition, &addition.condition) && copied;
    copied = copy(site, &addition.site) && copied;
    if (!copied || !make_room(additions)) {
        release(&addition);
        return -ENOMEM;
    }
    size_t at = place_of(additions, name, condition, true);
    memmove(&additions->items[at + 1], &additions->items[at],
            (additions->count - at) * sizeof(*additions->items));
    additions->items[at] = addition;
    additions->count++;
    return 0;
}

int additions_note(struct additions *additions, const char *name, const char *condition,
                   const char *note)
{
    size_t at = place_of(additions, name, condition, false);
    char *text;

    if (!copy(note, &text))
        return -ENOMEM;
    free(additions->items[at].note);
    additions->items[at].note = text;
    return 0;
}

void additions_release(struct additions *additions)
{
    for (size_t i = 0; i < additions->count; i++)
        release(&additions->items[i]);
    free(additions->items);
    *additions = (struct additions){0};
}
