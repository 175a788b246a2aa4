#include "tracees.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum { CAPACITY_MIN = 64 };

static _Noreturn void give_up(void)
{
    tool_error("out of memory: the program was killed");
    _exit(STATUS_CANNOT);
}

static struct tracee **slot_of(const struct tracees *tracees, pid_t id)
{
    return &tracees->slots[(size_t)(unsigned)id & (tracees->capacity - 1)];
}

struct tracee *tracees_find(const struct tracees *tracees, pid_t id)
{
    struct tracee *tracee = tracees->capacity > 0 ? *slot_of(tracees, id) : NULL;

    while (tracee && tracee->id != id)
        tracee = tracee->next;
    return tracee;
}

static void grow(struct tracees *tracees)
{
    struct tracees grown = {.capacity = tracees->capacity ? 2 * tracees->capacity : CAPACITY_MIN,
                            .count = tracees->count};

    grown.slots = reallocarray(NULL, grown.capacity, sizeof(struct tracee *));
    if (!grown.slots)
        give_up();
    memset(grown.slots, 0, grown.capacity * sizeof(struct tracee *));
    for (size_t i = 0; i < tracees->capacity; i++) {
        struct tracee *next;
        for (struct tracee *tracee = tracees->slots[i]; tracee; tracee = next) {
            struct tracee **slot = slot_of(&grown, tracee->id);
            next = tracee->next;
            tracee->next = *slot;
            *slot = tracee;
        }
    }
    free(tracees->slots);
    *tracees = grown;
}

struct tracee *tracees_add(struct tracees *tracees, const struct tracee *tracee)
{
    struct tracee *added = malloc(sizeof(*added));

    if (!added)
        give_up();
    if (tracees->count >= tracees->capacity)
        grow(tracees);
    struct tracee **slot = slot_of(tracees, tracee->id);
    *added = *tracee;
    added->next = *slot;
    *slot = added;
    tracees->count++;
    return added;
}

void tracees_forget(struct tracees *tracees, pid_t id)
{
    struct tracee **place = tracees->capacity > 0 ? slot_of(tracees, id) : NULL;

    while (place && *place && (*place)->id != id)
        place = &(*place)->next;
    if (!place || !*place)
        return;
    struct tracee *tracee = *place;
    *place = tracee->next;
    free(tracee);
    tracees->count--;
}

static void visit_some(struct tracees *tracees, const pid_t *process,
                       void (*visit)(void *context, struct tracee *tracee), void *context)
{
    for (size_t i = 0; i < tracees->capacity; i++) {
        struct tracee *next;
        for (struct tracee *tracee = tracees->slots[i]; tracee; tracee = next) {
            next = tracee->next;
            if (!process || tracee->process == *process)
                visit(context, tracee);
        }
    }
}

void tracees_visit_all(struct tracees *tracees, void (*visit)(void *context, struct tracee *tracee),
                       void *context)
{
    visit_some(tracees, NULL, visit, context);
}

void tracees_visit(struct tracees *tracees, pid_t process,
                   void (*visit)(void *context, struct tracee *tracee), void *context)
{
    visit_some(tracees, &process, visit, context);
}
