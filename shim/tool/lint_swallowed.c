#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../config/groups.h"
#include "call.h"
#include "lint.h"
#include "region.h"

/* A call with more lines than this is left alone: it would take too long. */
enum { LINES_MAX = 64 };

/* That ENTRY speaks of the call of a rule. */
struct use {
    const struct entry *entry;
    size_t rule;
};

struct uses {
    struct opinion *opinions; /* owned, each; by the rule's position */
    bool *known;              /* owned: whether the opinion can be asked */
    struct use *uses;         /* owned; by entry, the last line first */
    size_t count;
};

static int compare_uses(const void *one, const void *other)
{
    const struct use *a = one, *b = other;

    if (a->entry != b->entry)
        return a->entry < b->entry ? 1 : -1;
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static void collect(struct uses *uses, const struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];
        uses->known[i] = opinion_form(rules, rule->number, &uses->opinions[i]) == 0 &&
                         rule->allow_count + rule->deny_count <= LINES_MAX;
        for (size_t k = 0; k < rule->allow_count; k++)
            uses->uses[uses->count++] = (struct use){rule->allow[k].entry, i};
        for (size_t k = 0; k < rule->deny_count; k++)
            uses->uses[uses->count++] = (struct use){rule->deny[k].entry, i};
    }
    qsort(uses->uses, uses->count, sizeof(*uses->uses), compare_uses);
}

static bool begin(struct uses *uses, const struct rules *rules)
{
    size_t total = 1;

    for (size_t i = 0; i < rules->count; i++)
        total += rules->rules[i].allow_count + rules->rules[i].deny_count;
    uses->opinions = calloc(rules->count + 1, sizeof(*uses->opinions));
    uses->known = calloc(rules->count + 1, sizeof(*uses->known));
    uses->uses = calloc(total, sizeof(*uses->uses));
    if (!uses->opinions || !uses->known || !uses->uses)
        return false;
    collect(uses, rules);
    return true;
}

static void end(struct uses *uses, const struct rules *rules)
{
    for (size_t i = 0; uses->opinions && i < rules->count; i++)
        opinion_release(&uses->opinions[i]);
    free(uses->opinions);
    free(uses->known);
    free(uses->uses);
}

/* Whether the filter would be another one without the line of the COUNT uses at USE, all one
 * entry's. */
static bool is_needed(const struct uses *uses, const struct use *use, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct opinion *opinion = &uses->opinions[use[i].rule];
        const struct entry *entry = use[i].entry;
        if (!uses->known[use[i].rule])
            return true;
        if (entry->section == SECTION_DENY ? opinion_uses(opinion, entry)
                                           : opinion_needs(opinion, entry))
            return true;
    }
    return false;
}

/* Whether some value of the condition's arguments meets it; if not, there is a warning already. */
static bool can_match(const struct entry *entry)
{
    for (unsigned argument = 0; argument < 6; argument++) {
        struct values values;
        bool empty = values_fold(&entry->condition, argument, &values) == 0 && values.count == 0;
        values_release(&values);
        if (empty)
            return false;
    }
    return true;
}

/* Whitelists are put together from others, which say the same now and then: what a file says twice
 * is told of, and a condition that is of no use because of another file, but not that two files
 * agree, that one denies what another allows, or that a file is included twice. */
static bool is_meant(const struct entry *entry, const struct entry *other)
{
    bool same_file = strcmp(entry->place.file, other->place.file) == 0;

    if (!same_file)
        return !entry->conditional || other->section != entry->section;
    return entry->place.line == other->place.line &&
           strcmp(entry->subject.name, other->subject.name) == 0;
}

/* The ways to a file may differ: a.ini, folder/../a.ini. */
static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;

    return strcmp(one, other) == 0 || (stat(one, &a) == 0 && stat(other, &b) == 0 &&
                                       a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* Whether the very line of the whitelist's entry at INDEX stands before it already: its file is
 * included by two ways. Then that one is needed or not, and is told of in its turn. */
static bool is_again(const struct whitelist *whitelist, size_t index)
{
    const struct entry *entry = &whitelist->entries[index];

    for (size_t i = 0; i < index; i++) {
        const struct entry *other = &whitelist->entries[i];
        if (other->place.line == entry->place.line && other->subject.kind == entry->subject.kind &&
            strcmp(other->subject.name, entry->subject.name) == 0 &&
            is_same_file(other->place.file, entry->place.file))
            return true;
    }
    return false;
}

/* OTHER: a line that does the same; NULL if there is not one alone. */
static void warn(struct lint *lint, const struct entry *entry, const struct entry *other)
{
    bool group = entry->subject.kind == SUBJECT_GROUP;
    const char *name = entry->subject.name;
    const char *why = "the lines before it decide";

    if (other && is_meant(entry, other))
        return;
    if (group && entry->section == SECTION_ALLOW) {
        lint_warn(lint, LINT_IDLE_GROUP, entry->place,
                  "'@%s' adds nothing: other lines decide about all of its calls", name);
        return;
    }
    if (!can_match(entry))
        return;
    if (other)
        why = other->section == SECTION_DENY ? "it is denied in any case"
                                             : "another line allows as much";
    if (lint_warn(lint, LINT_SWALLOWED, entry->place, "this line changes nothing for '%s%s': %s",
                  group ? "@" : "", name, why) &&
        other)
        diagnostic_note(lint->diagnostics, other->place, "%s here%s%s",
                        other->section == SECTION_DENY ? "denied" : "allowed",
                        other->subject.kind == SUBJECT_GROUP ? ", by @" : "",
                        other->subject.kind == SUBJECT_GROUP ? other->subject.name : "");
}

/* What no rule has repeats the line before it, or is a call that is not known here. */
static void warn_repeated(struct lint *lint, const struct entry *entry)
{
    if (entry->subject.kind == SUBJECT_GROUP)
        warn(lint, entry, NULL);
    else if (call_number(entry->subject.name) >= 0)
        lint_warn(lint, LINT_SWALLOWED, entry->place, "'%s' is listed a second time",
                  entry->subject.name);
}

void lint_swallowed(struct lint *lint)
{
    const struct whitelist *whitelist = &lint->policy->whitelist;
    const struct rules *rules = lint->rules;
    struct uses uses = {0};
    size_t at = 0;

    /* From the last line on, so that of two that say the same the second is told of. */
    for (size_t i = begin(&uses, rules) ? whitelist->entry_count : 0; i > 0; i--) {
        const struct entry *entry = &whitelist->entries[i - 1];
        size_t count = 0;
        while (at + count < uses.count && uses.uses[at + count].entry == entry)
            count++;
        if (!lint_concerns(lint, entry)) {
            /* told of in its turn */
        } else if (count == 0) {
            warn_repeated(lint, entry);
        } else if (!is_needed(&uses, &uses.uses[at], count)) {
            if (!is_again(whitelist, i - 1))
                warn(lint, entry, opinion_rival(&uses.opinions[uses.uses[at].rule], entry));
            for (size_t k = 0; k < count; k++)
                opinion_forget(&uses.opinions[uses.uses[at + k].rule], entry);
        }
        at += count;
    }
    end(&uses, rules);
}
