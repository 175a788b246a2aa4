#include "record.h"

#include <errno.h>
#include <stdlib.h>

#include "../call.h"
#include "seen.h"
#include "swapped.h"

enum {
    STRANGERS_MAX = 64,        /* calls with numbers that no kernel has */
    NUMBER_LIMIT = 0x40000000, /* the language has no numbers from here on */
    COST_MAX = 200, /* of all additions, in comparisons: a filter has 4,096 instructions */
};

struct record {
    const struct rules *rules; /* borrowed; or NULL */
    enum record_arguments arguments;
    struct seen *calls[CALL_NUMBERS];      /* owned, by number; NULL: not seen */
    struct seen *strangers[STRANGERS_MAX]; /* owned */
    unsigned stranger_count;
    struct seen *last; /* what was told of last, or NULL */
    uint64_t total;
    unsigned distinct;
    int last_new;
};

struct record *record_open(const struct rules *rules, enum record_arguments arguments)
{
    struct record *record = calloc(1, sizeof(*record));

    if (record) {
        record->rules = rules;
        record->arguments = arguments;
        record->last_new = -1;
    }
    return record;
}

void record_close(struct record *record)
{
    if (!record)
        return;
    for (int i = 0; i < CALL_NUMBERS; i++)
        seen_close(record->calls[i]);
    for (unsigned i = 0; i < record->stranger_count; i++)
        seen_close(record->strangers[i]);
    free(record);
}

/* Where the call NUMBER has its place; NULL if there is none left for it. */
static struct seen **find_place(struct record *record, int number)
{
    if (number >= 0 && number < CALL_NUMBERS)
        return &record->calls[number];
    if (number < 0 || number >= NUMBER_LIMIT)
        return NULL;
    for (unsigned i = 0; i < record->stranger_count; i++) {
        if (record->strangers[i]->number == number)
            return &record->strangers[i];
    }
    return record->stranger_count < STRANGERS_MAX ? &record->strangers[record->stranger_count]
                                                  : NULL;
}

/* The call NUMBER, made where there is none. Returns 0; -ENOENT if it is not to be remembered;
 * -ENOMEM. */
static int obtain_call(struct record *record, int number, struct seen **seen)
{
    struct seen **place = find_place(record, number);

    if (!place)
        return -ENOENT;
    if (!*place) {
        const struct rule *rule = record->rules ? rules_find(record->rules, number) : NULL;
        *place = seen_open(number, rule, record->arguments);
        if (!*place)
            return -ENOMEM;
        record->stranger_count += number >= CALL_NUMBERS;
    }
    *seen = *place;
    return 0;
}

int record_call(struct record *record, int number, const uint64_t arguments[6], bool *fresh)
{
    struct seen *seen = NULL;
    bool is_fresh = false;
    int error = obtain_call(record, number, &seen);

    record->total++;
    record->last = NULL;
    if (!error)
        error = seen_call(seen, arguments, &is_fresh);
    if (fresh)
        *fresh = is_fresh;
    if (error)
        return error == -ENOMEM ? error : 0;
    record->last = seen;
    record->distinct += is_fresh && seen->total == 0;
    seen->total++;
    if (is_fresh)
        record->last_new = number;
    return 0;
}

int record_site(struct record *record, const char *site)
{
    return record->last ? seen_site(record->last, site) : 0;
}

uint64_t record_total(const struct record *record)
{
    return record->total;
}

unsigned record_distinct(const struct record *record)
{
    return record->distinct;
}

int record_last_new(const struct record *record)
{
    return record->last_new;
}

/* What each call adds to the filter. */
struct room {
    int costs[CALL_NUMBERS];
    bool is_short[CALL_NUMBERS]; /* it goes without conditions */
};

/* Adds the call NUMBER. Returns 0 or -ENOMEM. */
static int add_call(const struct record *record, const struct rules *now, int number,
                    struct room *room, struct additions *additions)
{
    const struct rule *rule = now ? rules_find(now, number) : NULL;
    int cost = seen_add(record->calls[number], rule, room->is_short[number], additions);

    room->costs[number] = cost;
    return cost < 0 ? cost : 0;
}

static int add_calls(const struct record *record, const struct rules *now, struct room *room,
                     struct additions *additions)
{
    int error = 0;

    for (int i = 0; !error && i < CALL_NUMBERS; i++) {
        if (record->calls[i])
            error = add_call(record, now, i, room, additions);
    }
    for (unsigned i = 0; !error && i < record->stranger_count; i++) {
        struct seen *seen = record->strangers[i];
        const struct rule *rule = now ? rules_find(now, seen->number) : NULL;
        int cost = seen_add(seen, rule, false, additions);
        error = cost < 0 ? cost : 0;
    }
    return error;
}

/* Whether all of it fits. If not, the call that costs most is in *DEAREST. */
static bool fits(const struct room *room, int *dearest)
{
    int total = 0;

    *dearest = 0;
    for (int i = 0; i < CALL_NUMBERS; i++) {
        total += room->costs[i];
        if (room->costs[i] > room->costs[*dearest])
            *dearest = i;
    }
    return total <= COST_MAX;
}

/* What was seen, in as many lines as a filter has room for. */
static int add_seen(const struct record *record, const struct rules *now,
                    struct additions *additions)
{
    struct room room = {0};
    int dearest;

    int error = add_calls(record, now, &room, additions);
    if (error || fits(&room, &dearest))
        return error;
    additions_release(additions);
    do {
        struct additions unused = {0};
        room.is_short[dearest] = true;
        error = add_call(record, now, dearest, &room, &unused);
        additions_release(&unused);
    } while (!error && !fits(&room, &dearest) && !room.is_short[dearest]);
    return error ? error : add_calls(record, now, &room, additions);
}

int record_additions(const struct record *record, const struct rules *now,
                     struct additions *additions)
{
    *additions = (struct additions){0};
    if (now && now->default_action.kind == ACTION_ALLOW)
        return 0;
    int error = add_seen(record, now, additions);
    return error ? error : swapped_add(additions, now);
}
