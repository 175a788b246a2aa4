#include <string.h>

#include "../../config/triggers.h"
#include "call.h"
#include "lint.h"
#include "region.h"

/* What the walk over the calls of one number looks for. */
struct search {
    const struct entry *entry; /* only what this line of the stage decides; NULL: all */
    bool decides;              /* it does decide some calls */
    bool both;                 /* [allow] and the stage allow some of them */
    bool taken;                /* [allow] allows some of them, and the stage does not */
};

static bool look(void *context, const struct region *region, const struct verdict *before,
                 const struct verdict *stage)
{
    struct search *search = context;
    bool allowed = action_allows(before->action);

    (void)region;
    if (search->entry && stage->entry != search->entry)
        return true;
    search->decides = true;
    search->both |= allowed && action_allows(stage->action);
    search->taken |= allowed && !action_allows(stage->action);
    return true;
}

/* Looks at all calls of NUMBER. Returns false where it takes too long to tell. */
static bool search_calls(const struct lint *lint, int number, struct search *search)
{
    struct opinion before, stage = {0};
    bool known = opinion_form(&lint->policy->rules, number, &before) == 0 &&
                 opinion_form(lint->rules, number, &stage) == 0 &&
                 region_visit(&before, &stage, look, search);

    opinion_release(&before);
    opinion_release(&stage);
    return known;
}

static bool takes_away(const struct lint *lint, int number)
{
    struct search search = {0};

    return !search_calls(lint, number, &search) || search.taken;
}

static void check_idle(struct lint *lint, const struct stage *stage)
{
    const struct rules *rules = &lint->policy->rules;

    for (int number = 0; number < CALL_NUMBERS; number++) {
        if ((call_is_known(number) || rules_find(rules, number)) && takes_away(lint, number))
            return;
    }
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->rules[i].number >= CALL_NUMBERS && takes_away(lint, rules->rules[i].number))
            return;
    }
    lint_warn(lint, LINT_STAGE_IDLE, stage->place,
              "the stage '%s' takes nothing away: it allows all that [allow] does", stage->name);
}

/* Whether what WORDS names, separated by a space, can be called in the stage, any of it. */
static bool allows_any(const struct lint *lint, const char *words)
{
    char name[CALL_NAME_MAX];

    while ((words = call_next(words, name))) {
        struct search search = {0};
        int number = call_number(name);
        if (number >= 0 && (!search_calls(lint, number, &search) || search.both))
            return true;
    }
    return false;
}

static void check_triggers(struct lint *lint, const struct stage *stage)
{
    for (size_t i = 0; i < trigger_count(); i++) {
        const char *calls = trigger_calls(i);
        size_t first = strcspn(calls, " ");
        if (!(stage->triggers & (UINT32_C(1) << i)) || *calls == '\0' || allows_any(lint, calls))
            continue;
        lint_warn(lint, LINT_STAGE_TRIGGER, stage->when_place,
                  "the stage '%s' begins with %s(), but refuses the system call '%.*s', so the "
                  "first call of it fails",
                  stage->name, trigger_name(i), (int)first, calls);
    }
}

/* Whether ENTRY allows nothing of what [allow] does. */
static bool is_vain(const struct lint *lint, const struct entry *entry)
{
    struct search search = {.entry = entry};

    for (size_t i = 0; i < lint->rules->count && !search.both; i++) {
        const struct rule *rule = &lint->rules->rules[i];
        for (size_t k = 0; k < rule->allow_count; k++) {
            if (rule->allow[k].entry == entry && !search_calls(lint, rule->number, &search))
                return false;
        }
    }
    return search.decides && !search.both;
}

static void check_entry(struct lint *lint, const struct entry *entry)
{
    bool group = entry->subject.kind == SUBJECT_GROUP;

    if (is_vain(lint, entry))
        lint_warn(lint, LINT_STAGE_VAIN, entry->place,
                  "'%s%s' is refused in this stage all the same: [allow] does not allow it",
                  group ? "@" : "", entry->subject.name);
}

void lint_stage(struct lint *lint)
{
    const struct whitelist *whitelist = &lint->policy->whitelist;
    const struct stage *stage = &whitelist->stages[lint->stage - 1];

    if (lint->rules->default_action.kind == ACTION_LOG)
        return; /* nothing is in force yet */
    check_idle(lint, stage);
    check_triggers(lint, stage);
    for (size_t i = 0; i < whitelist->entry_count; i++) {
        if (lint_concerns(lint, &whitelist->entries[i]))
            check_entry(lint, &whitelist->entries[i]);
    }
}
