#include "region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS = 6, REGIONS_MAX = 200000 };

/* A line, as the values that it leaves to each argument. */
struct views {
    const struct entry *entry;
    struct values values[ARGUMENTS]; /* owned; empty, and not asked, where no clause is on it */
    bool asked[ARGUMENTS];
    bool forgotten;
};

enum overlap { OVERLAP_NONE, OVERLAP_PART, OVERLAP_WHOLE };

/* Where a region must be cut before a line says the same of all of it. */
struct cut {
    unsigned argument;
    uint64_t bit;
};

struct walk {
    const struct opinion *opinions[2];
    bool (*visit)(void *context, const struct region *region, const struct verdict *first,
                  const struct verdict *second);
    void *context;
    size_t regions;
};

static int form_view(const struct entry *entry, struct views *view)
{
    const struct condition *condition = &entry->condition;
    int error = 0;

    *view = (struct views){.entry = entry};
    for (size_t i = 0; i < condition->count && !error; i++) {
        unsigned argument = condition->clauses[i].argument;
        if (view->asked[argument])
            continue;
        view->asked[argument] = true;
        error = values_fold(condition, argument, &view->values[argument]);
    }
    return error;
}

int opinion_form(const struct rules *rules, int number, struct opinion *opinion)
{
    const struct rule *rule = rules_find(rules, number);
    int error = 0;

    *opinion = (struct opinion){.rules = rules, .rule = rule};
    if (!rule)
        return 0;
    opinion->views = calloc(rule->deny_count + rule->allow_count + 1, sizeof(*opinion->views));
    if (!opinion->views)
        return -ENOMEM;
    for (size_t i = 0; i < rule->deny_count && !error; i++)
        error = form_view(rule->deny[i].entry, &opinion->views[opinion->count++]);
    for (size_t i = 0; i < rule->allow_count && !error; i++)
        error = form_view(rule->allow[i].entry, &opinion->views[opinion->count++]);
    return error;
}

void opinion_forget(struct opinion *opinion, const struct entry *entry)
{
    for (size_t i = 0; i < opinion->count; i++)
        opinion->views[i].forgotten |= opinion->views[i].entry == entry;
}

void opinion_release(struct opinion *opinion)
{
    for (size_t i = 0; i < opinion->count; i++) {
        for (unsigned argument = 0; argument < ARGUMENTS; argument++)
            values_release(&opinion->views[i].values[argument]);
    }
    free(opinion->views);
    *opinion = (struct opinion){0};
}

/* How VALUES and BLOCK meet; for a part, BIT is one that BLOCK leaves open and VALUES asks for. */
static enum overlap meet(const struct values *values, const struct block *block, uint64_t *bit)
{
    enum overlap overlap = OVERLAP_NONE;

    for (size_t i = 0; i < values->count; i++) {
        const struct block *one = &values->blocks[i];
        if (((one->value ^ block->value) & one->mask & block->mask) != 0)
            continue;
        uint64_t open = one->mask & ~block->mask;
        if (open == 0)
            return OVERLAP_WHOLE;
        if (overlap == OVERLAP_NONE) {
            overlap = OVERLAP_PART;
            *bit = (uint64_t)1 << (63 - __builtin_clzll(open));
        }
    }
    return overlap;
}

static enum overlap meet_line(const struct views *view, const struct region *region,
                              struct cut *cut)
{
    enum overlap overlap = OVERLAP_WHOLE;

    for (unsigned argument = 0; argument < ARGUMENTS; argument++) {
        uint64_t bit = 0;
        if (!view->asked[argument])
            continue;
        enum overlap one = meet(&view->values[argument], &region->arguments[argument], &bit);
        if (one == OVERLAP_NONE)
            return OVERLAP_NONE;
        if (one == OVERLAP_PART && overlap == OVERLAP_WHOLE) {
            overlap = OVERLAP_PART;
            *cut = (struct cut){argument, bit};
        }
    }
    return overlap;
}

static struct verdict rest_of(const struct opinion *opinion)
{
    const struct rule *rule = opinion->rule;

    if (rule && rule->implicit)
        return (struct verdict){{.kind = ACTION_ALLOW}, REASON_IMPLICIT, NULL};
    if (rule && rule->fallback)
        return (struct verdict){{ACTION_ERRNO, ENOSYS}, REASON_FALLBACK, NULL};
    return (struct verdict){opinion->rules->default_action, REASON_DEFAULT, NULL};
}

/* Returns whether all of REGION gets one VERDICT; if not, where to CUT. */
static bool decide(const struct opinion *opinion, const struct region *region,
                   struct verdict *verdict, struct cut *cut)
{
    for (size_t i = 0; i < opinion->count; i++) {
        const struct views *view = &opinion->views[i];
        if (view->forgotten)
            continue;
        enum overlap overlap = meet_line(view, region, cut);
        if (overlap == OVERLAP_PART)
            return false;
        if (overlap == OVERLAP_NONE)
            continue;
        bool denies = view->entry->section == SECTION_DENY;
        *verdict = (struct verdict){view->entry->action, denies ? REASON_DENIED : REASON_ALLOWED,
                                    view->entry};
        return true;
    }
    *verdict = rest_of(opinion);
    return true;
}

bool region_decide(const struct opinion *opinion, const struct region *region,
                   struct verdict *verdict)
{
    struct cut cut;

    return decide(opinion, region, verdict, &cut);
}

static bool walk_region(struct walk *walk, const struct region *region)
{
    struct verdict verdicts[2];
    struct cut cut = {0, 0};

    if (++walk->regions > REGIONS_MAX)
        return false;
    if (decide(walk->opinions[0], region, &verdicts[0], &cut) &&
        (!walk->opinions[1] || decide(walk->opinions[1], region, &verdicts[1], &cut)))
        return walk->visit(walk->context, region, &verdicts[0],
                           &verdicts[walk->opinions[1] != NULL]);
    struct region half = *region;
    struct block *block = &half.arguments[cut.argument];
    block->mask |= cut.bit;
    if (!walk_region(walk, &half))
        return false;
    block->value |= cut.bit;
    return walk_region(walk, &half);
}

bool region_visit(const struct opinion *first, const struct opinion *second,
                  bool (*visit)(void *context, const struct region *region,
                                const struct verdict *first, const struct verdict *second),
                  void *context)
{
    struct walk walk = {{first, second}, visit, context, 0};
    const struct region all = {0};

    return walk_region(&walk, &all);
}

void region_example(const struct region *region, uint64_t arguments[6])
{
    for (unsigned i = 0; i < ARGUMENTS; i++)
        arguments[i] = region->arguments[i].value;
}

static bool is_not_it(void *context, const struct region *region, const struct verdict *verdict,
                      const struct verdict *same)
{
    (void)region;
    (void)same;
    return verdict->entry != context;
}

bool opinion_uses(const struct opinion *opinion, const struct entry *entry)
{
    return !region_visit(opinion, NULL, is_not_it, (void *)(uintptr_t)entry);
}

static bool is_same_without(void *context, const struct region *region, const struct verdict *with,
                            const struct verdict *without)
{
    (void)region;
    return with->entry != context || (without->entry && with->action.kind == without->action.kind &&
                                      with->action.error == without->action.error);
}

/* A copy of OPINION without ENTRY's line, whose views alone are its own. */
static bool copy_without(const struct opinion *opinion, const struct entry *entry,
                         struct opinion *copy)
{
    *copy = *opinion;
    copy->views = malloc((opinion->count + 1) * sizeof(*copy->views));
    if (!copy->views)
        return false;
    memcpy(copy->views, opinion->views, opinion->count * sizeof(*copy->views));
    opinion_forget(copy, entry);
    return true;
}

bool opinion_needs(const struct opinion *opinion, const struct entry *entry)
{
    struct opinion without;

    if (!copy_without(opinion, entry, &without))
        return true;
    bool same = region_visit(opinion, &without, is_same_without, (void *)(uintptr_t)entry);
    free(without.views);
    return !same;
}

/* A single call that meets the condition of VIEW's line. */
static struct region point_of(const struct views *view)
{
    struct region point = {0};

    for (unsigned argument = 0; argument < ARGUMENTS; argument++) {
        const struct values *values = &view->values[argument];
        uint64_t value = values->count > 0 ? values->blocks[0].value : 0;
        point.arguments[argument] = (struct block){UINT64_MAX, value};
    }
    return point;
}

const struct entry *opinion_rival(const struct opinion *opinion, const struct entry *entry)
{
    struct opinion without;
    struct verdict verdict = {.entry = NULL};

    if (!copy_without(opinion, entry, &without))
        return NULL;
    for (size_t i = 0; i < opinion->count; i++) {
        if (opinion->views[i].entry == entry) {
            struct region point = point_of(&opinion->views[i]);
            region_decide(&without, &point, &verdict);
        }
    }
    free(without.views);
    return verdict.entry;
}
