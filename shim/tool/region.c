#include "region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

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

    *opinion = (struct opinion){.rules = rules, .rule = rule, .number = number};
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

static struct verdict rest_of(const struct opinion *opinion)
{
    const struct rule *rule = opinion->rule;

    if (rule && rule->implicit)
        return (struct verdict){{.kind = ACTION_ALLOW}, REASON_IMPLICIT, NULL};
    if (rule && rule->fallback)
        return (struct verdict){{ACTION_ERRNO, ENOSYS}, REASON_FALLBACK, NULL};
    if (!rule && rules_is_newer(opinion->number))
        return (struct verdict){{ACTION_ERRNO, ENOSYS}, REASON_NEWER, NULL};
    return (struct verdict){opinion->rules->default_action, REASON_DEFAULT, NULL};
}

static bool is_unconditional(const struct views *view)
{
    for (unsigned argument = 0; argument < ARGUMENTS; argument++) {
        if (view->asked[argument])
            return false;
    }
    return true;
}

void opinion_simplify(struct opinion *opinion)
{
    struct action after = rest_of(opinion).action;
    bool one = true; /* all that gets to the lines behind gets AFTER */

    for (size_t i = opinion->count; i-- > 0;) {
        struct views *view = &opinion->views[i];
        if (view->forgotten)
            continue;
        if (is_unconditional(view)) {
            for (size_t k = i + 1; k < opinion->count; k++)
                opinion->views[k].forgotten = true;
            after = view->entry->action;
            one = true;
        } else if (one && action_equals(view->entry->action, after)) {
            view->forgotten = true;
        } else {
            one = false;
        }
    }
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

/* A copy whose views alone are its own: free() is for them. */
static bool copy_opinion(const struct opinion *opinion, struct opinion *copy)
{
    *copy = *opinion;
    copy->views = malloc((opinion->count + 1) * sizeof(*copy->views));
    if (!copy->views)
        return false;
    memcpy(copy->views, opinion->views, opinion->count * sizeof(*copy->views));
    return true;
}

/* A copy of OPINION with its denials alone. */
static bool copy_denials(const struct opinion *opinion, struct opinion *copy)
{
    if (!copy_opinion(opinion, copy))
        return false;
    for (size_t i = 0; i < copy->count; i++)
        copy->views[i].forgotten |= copy->views[i].entry->section != SECTION_DENY;
    return true;
}

/* What a line allows is visited where no denial is in the way. */
struct sieve {
    bool (*visit)(void *context, const struct region *region, const struct verdict *verdict,
                  const struct verdict *same);
    void *context;
    bool denied;                /* the denials are wanted, */
    const struct entry *allows; /* or what this line leaves */
};

static bool sift(void *context, const struct region *region, const struct verdict *verdict,
                 const struct verdict *same)
{
    const struct sieve *sieve = context;

    (void)same;
    if ((verdict->reason == REASON_DENIED) != sieve->denied)
        return true;
    if (sieve->denied)
        return sieve->visit(sieve->context, region, verdict, verdict);
    struct verdict allowed = {sieve->allows->action, REASON_ALLOWED, sieve->allows};
    return sieve->visit(sieve->context, region, &allowed, &allowed);
}

bool region_visit_denied(const struct opinion *opinion,
                         bool (*visit)(void *context, const struct region *region,
                                       const struct verdict *verdict, const struct verdict *same),
                         void *context)
{
    struct sieve sieve = {visit, context, true, NULL};
    struct opinion denials;

    if (!copy_denials(opinion, &denials))
        return false;
    bool whole = region_visit(&denials, NULL, sift, &sieve);
    free(denials.views);
    return whole;
}

/* Each product of a block of VIEW's for each argument from ARGUMENT on. */
static bool walk_line(struct walk *walk, const struct views *view, unsigned argument,
                      struct region *region)
{
    while (argument < ARGUMENTS && !view->asked[argument])
        argument++;
    if (argument == ARGUMENTS)
        return walk_region(walk, region);
    const struct values *values = &view->values[argument];
    bool whole = true;
    for (size_t i = 0; i < values->count && whole; i++) {
        region->arguments[argument] = values->blocks[i];
        whole = walk_line(walk, view, argument + 1, region);
    }
    return whole;
}

bool region_visit_allowed(const struct opinion *opinion,
                          bool (*visit)(void *context, const struct region *region,
                                        const struct verdict *verdict, const struct verdict *same),
                          void *context)
{
    struct sieve sieve = {visit, context, false, NULL};
    struct opinion denials;
    bool whole = true;

    if (!copy_denials(opinion, &denials))
        return false;
    struct walk walk = {{&denials, NULL}, sift, &sieve, 0};
    for (size_t i = 0; i < opinion->count && whole; i++) {
        const struct views *view = &opinion->views[i];
        struct region region = {0};
        sieve.allows = view->entry;
        if (!view->forgotten && view->entry->section != SECTION_DENY)
            whole = walk_line(&walk, view, 0, &region);
    }
    free(denials.views);
    return whole;
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

/* A copy of OPINION without ENTRY's line. */
static bool copy_without(const struct opinion *opinion, const struct entry *entry,
                         struct opinion *copy)
{
    if (!copy_opinion(opinion, copy))
        return false;
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
