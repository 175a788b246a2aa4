#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../call.h"
#include "columns.h"
#include "phrase.h"

enum {
    SLOTS = 4 * PHRASE_TUPLES_MAX, /* of the hash; a power of two */
    STRANGERS_MAX = 64,            /* calls with numbers that no kernel has */
    NUMBER_LIMIT = 0x40000000,     /* the language has no numbers from here on */
};

/* All that is known of one system call. */
struct call {
    int number;
    struct columns columns;
    const struct rule *denied; /* has [deny] lines; borrowed */
    struct tuple *tuples;      /* owned; in the order in which they came */
    unsigned count;
    unsigned capacity;
    unsigned last; /* the tuple that was told of last */
    bool owned;    /* a column is the user's */
    bool widened;
    uint8_t slots[SLOTS]; /* a tuple's position plus one; 0: free */
};

_Static_assert(PHRASE_TUPLES_MAX < UINT8_MAX, "a slot is a byte");

struct record {
    const struct rules *rules;
    enum record_arguments arguments;
    struct call *calls[CALL_NUMBERS];      /* owned, by number; NULL: not seen */
    struct call *strangers[STRANGERS_MAX]; /* owned */
    unsigned stranger_count;
    struct call *last; /* the call that was told of last, or NULL */
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

static void close_call(struct call *call)
{
    if (!call)
        return;
    for (unsigned i = 0; i < call->count; i++)
        free(call->tuples[i].site);
    free(call->tuples);
    free(call);
}

void record_close(struct record *record)
{
    if (!record)
        return;
    for (int i = 0; i < CALL_NUMBERS; i++)
        close_call(record->calls[i]);
    for (unsigned i = 0; i < record->stranger_count; i++)
        close_call(record->strangers[i]);
    free(record);
}

static struct call *open_call(const struct record *record, int number)
{
    const struct rule *rule = record->rules ? rules_find(record->rules, number) : NULL;
    struct call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->number = number;
    call->denied = rule && rule->deny_count > 0 ? rule : NULL;
    columns_choose(&call->columns, number, rule, record->arguments);
    for (unsigned i = 0; i < call->columns.count; i++)
        call->owned |= call->columns.items[i].own;
    return call;
}

/* Where the call NUMBER has its place; NULL if there is none left for it. */
static struct call **find_place(struct record *record, int number)
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
static int obtain_call(struct record *record, int number, struct call **call)
{
    struct call **place = find_place(record, number);

    if (!place)
        return -ENOENT;
    if (!*place) {
        *place = open_call(record, number);
        if (!*place)
            return -ENOMEM;
        record->distinct++;
        record->stranger_count += number >= CALL_NUMBERS;
    }
    *call = *place;
    return 0;
}

static void read_values(const struct call *call, const uint64_t arguments[6],
                        uint64_t values[COLUMNS_MAX])
{
    for (unsigned i = 0; i < call->columns.count; i++)
        values[i] = column_value(&call->columns.items[i], arguments);
}

static bool is_same(const struct call *call, const struct tuple *tuple, const uint64_t *values)
{
    return memcmp(tuple->values, values, call->columns.count * sizeof(*values)) == 0;
}

/* The slot that has VALUES, or the free one where they belong. There are always free ones. */
static uint8_t *find_slot(struct call *call, const uint64_t values[COLUMNS_MAX])
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < call->columns.count; i++) {
        hash = (hash ^ values[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    size_t at = hash % SLOTS;
    while (call->slots[at] != 0 && !is_same(call, &call->tuples[call->slots[at] - 1], values))
        at = (at + 1) % SLOTS;
    return &call->slots[at];
}

/* Drops what COLUMN holds, and joins the tuples that are the same without it. */
static void widen(struct call *call, struct column *column)
{
    unsigned kept = 0;

    column->widened = true;
    call->widened = true;
    memset(call->slots, 0, sizeof(call->slots));
    for (unsigned i = 0; i < call->count; i++) {
        struct tuple tuple = call->tuples[i];
        read_values(call, tuple.arguments, tuple.values);
        uint8_t *slot = find_slot(call, tuple.values);
        if (*slot != 0) {
            call->tuples[*slot - 1].count += tuple.count;
            free(tuple.site);
            continue;
        }
        call->tuples[kept++] = tuple;
        *slot = (uint8_t)kept;
    }
    call->count = kept;
    call->last = 0;
}

static unsigned count_values(const struct call *call, unsigned column)
{
    unsigned count = 0;

    for (unsigned i = 0; i < call->count; i++) {
        unsigned k = 0;
        while (k < i && call->tuples[k].values[column] != call->tuples[i].values[column])
            k++;
        count += k == i;
    }
    return count;
}

/* Makes room for one more tuple: the columns with the most values give way. */
static int make_room(struct call *call)
{
    while (call->count == PHRASE_TUPLES_MAX) {
        unsigned widest = 0;
        unsigned most = 0;
        for (unsigned i = 0; i < call->columns.count; i++) {
            unsigned count = count_values(call, i);
            if (count > most) {
                most = count;
                widest = i;
            }
        }
        widen(call, &call->columns.items[widest]);
    }
    if (call->count < call->capacity)
        return 0;
    unsigned capacity = call->capacity ? 2 * call->capacity : 1;
    struct tuple *grown = realloc(call->tuples, capacity * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    call->tuples = grown;
    call->capacity = capacity;
    return 0;
}

/* Remembers a call whose VALUES are new. */
static int add_tuple(struct call *call, const uint64_t arguments[6], uint64_t values[COLUMNS_MAX])
{
    int error = make_room(call);

    if (error)
        return error;
    read_values(call, arguments, values);
    uint8_t *slot = find_slot(call, values);
    if (*slot == 0) {
        struct tuple *tuple = &call->tuples[call->count++];
        *tuple = (struct tuple){0};
        memcpy(tuple->arguments, arguments, sizeof(tuple->arguments));
        memcpy(tuple->values, values, sizeof(tuple->values));
        *slot = (uint8_t)call->count;
    }
    call->last = *slot - 1U;
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

/* Finds the call's tuple, or makes one. */
static int note_call(struct call *call, const uint64_t arguments[6], bool *fresh)
{
    uint64_t values[COLUMNS_MAX] = {0};

    for (unsigned i = 0; call->owned && i < call->columns.count; i++) {
        if (call->columns.items[i].own)
            column_stretch(&call->columns.items[i], arguments);
    }
    read_values(call, arguments, values);
    if (call->count > 0 && is_same(call, &call->tuples[call->last], values)) {
        call->tuples[call->last].count++;
        return 0;
    }
    const uint8_t *slot = find_slot(call, values);
    if (*slot != 0) {
        call->last = *slot - 1U;
    } else {
        int error = add_tuple(call, arguments, values);
        if (error)
            return error;
        *fresh = true;
    }
    call->tuples[call->last].count++;
    return 0;
}

int record_call(struct record *record, int number, const uint64_t arguments[6], bool *fresh)
{
    struct call *call = NULL;
    bool is_fresh = false;
    int error = obtain_call(record, number, &call);

    record->total++;
    record->last = NULL;
    if (fresh)
        *fresh = false;
    if (error == -ENOENT)
        return 0;
    if (!error && is_denied(call->denied, arguments))
        return 0;
    if (!error)
        error = note_call(call, arguments, &is_fresh);
    if (error)
        return error;
    record->last = call;
    if (is_fresh)
        record->last_new = number;
    if (fresh)
        *fresh = is_fresh;
    return 0;
}

int record_site(struct record *record, const char *site)
{
    if (!record->last)
        return 0;
    char *copy = strdup(site);
    if (!copy)
        return -ENOMEM;
    struct tuple *tuple = &record->last->tuples[record->last->last];
    free(tuple->site);
    tuple->site = copy;
    return 0;
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

/* Whether a line of [deny] or of [allow] speaks of every call that TUPLE stands for. The implicitly
 * allowed calls are listed: then the list is the whole of what the program does. */
static bool is_settled(const struct call *call, const struct rule *rule, const struct tuple *tuple)
{
    for (size_t i = 0; i < rule->deny_count; i++) {
        if (columns_match(&call->columns, rule->deny[i].entry, tuple->arguments))
            return true;
    }
    for (size_t i = 0; i < rule->allow_count; i++) {
        if (columns_match(&call->columns, rule->allow[i].entry, tuple->arguments))
            return true;
    }
    return false;
}

static int add_call(const struct call *call, const struct rules *now, struct additions *additions)
{
    const struct rule *rule = now ? rules_find(now, call->number) : NULL;
    const struct tuple *lacking[PHRASE_TUPLES_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < call->count; i++) {
        if (!rule || !is_settled(call, rule, &call->tuples[i]))
            lacking[count++] = &call->tuples[i];
    }
    return count > 0 ? phrase_add(call->number, &call->columns, lacking, count, additions) : 0;
}

int record_additions(const struct record *record, const struct rules *now,
                     struct additions *additions)
{
    int error = 0;

    *additions = (struct additions){0};
    if (now && now->default_action.kind == ACTION_ALLOW)
        return 0;
    for (int i = 0; i < CALL_NUMBERS && !error; i++) {
        if (record->calls[i])
            error = add_call(record->calls[i], now, additions);
    }
    for (unsigned i = 0; i < record->stranger_count && !error; i++)
        error = add_call(record->strangers[i], now, additions);
    return error;
}
