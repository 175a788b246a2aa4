#include <string.h>

#include "../../config/constants.h"
#include "../../config/prototypes.h"
#include "../values.h"
#include "call.h"
#include "lint.h"

/* Where the condition of ENTRY is true for none, or for all, of the values of some argument. */
static void check_range(struct lint *lint, const struct entry *entry)
{
    const struct condition *condition = &entry->condition;
    const char *name = entry->subject.name;
    bool never = false, always = true;

    for (unsigned argument = 0; argument < 6; argument++) {
        struct values values;
        bool known = values_fold(condition, argument, &values) == 0;
        never |= known && values.count == 0;
        always &= known && values.count == 1 && values.blocks[0].mask == 0;
        values_release(&values);
    }
    if (never)
        lint_warn(lint, LINT_NEVER_MATCHES, entry->place,
                  "no call of '%s' can meet this condition, so the line does nothing", name);
    else if (always && entry->section == SECTION_ALLOW)
        lint_warn(lint, LINT_ALWAYS_MATCHES, entry->place,
                  "every call of '%s' meets this condition; if that is meant, write "
                  "'syscalls = %s'",
                  name, name);
    else if (always)
        lint_warn(lint, LINT_ALWAYS_MATCHES, entry->place,
                  "every call of '%s' meets this condition; if that is meant, leave it away", name);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Whether an argument is made of flags, of which there can be more than one. */
static bool is_flags(const struct argument *argument)
{
    const char *name = prototype_text(argument->name);

    return (*prototype_text(argument->field) != '\0' || ends_with(name, "flags") ||
            strcmp(name, "prot") == 0);
}

/* Whether CLAUSE lists whole values of which a call with one more flag is not one. */
static bool compares_whole(const struct clause *clause, enum section section)
{
    bool picks = clause->comparison == COMPARE_EQUAL || clause->comparison == COMPARE_IN;
    bool excludes = clause->comparison == COMPARE_NOT_EQUAL || clause->comparison == COMPARE_NOT_IN;
    bool zero = true;

    for (size_t i = 0; i < clause->count; i++)
        zero &= clause->ranges[i].low == 0 && clause->ranges[i].high == 0;
    return !zero && (clause->mask & clause_bits(clause)) == clause_bits(clause) &&
           (section == SECTION_DENY ? picks : excludes);
}

/* Whether CLAUSE is about the number that is hidden among the flags, under the mask FIELD. */
static bool is_about_field(const struct clause *clause, const char *field)
{
    int64_t mask;
    bool within = constant_find(field, &mask);

    for (size_t i = 0; within && i < clause->count; i++)
        within = ((clause->ranges[i].low | clause->ranges[i].high) & ~(uint64_t)mask) == 0;
    return within;
}

static void warn_flags(struct lint *lint, const struct entry *entry, size_t index,
                       const struct argument *argument)
{
    char text[CALL_TEXT_MAX];
    bool denies = entry->section == SECTION_DENY;
    const char *name = prototype_text(argument->name);
    const char *field = prototype_text(argument->field);
    bool masked = is_about_field(&entry->condition.clauses[index], field);

    lint_warn(lint, LINT_FLAGS_EQUAL, entry->place,
              "'%s' %s nothing else: with one more flag a call gets by; write '%s %s %s'",
              entry_clause(entry, index, text), denies ? "denies" : "keeps out", name,
              masked   ? "&"
              : denies ? "with"
                       : "without",
              masked ? field : "FLAGS");
}

static void check_flags(struct lint *lint, const struct entry *entry)
{
    const struct prototype *prototype = subject_prototype(&entry->subject);

    for (size_t i = 0; prototype && i < entry->condition.count; i++) {
        const struct clause *clause = &entry->condition.clauses[i];
        const struct argument *argument = &prototype->arguments[clause->argument];
        if (is_flags(argument) && compares_whole(clause, entry->section))
            warn_flags(lint, entry, i, argument);
    }
}

void lint_lines(struct lint *lint)
{
    const struct whitelist *whitelist = &lint->policy->whitelist;

    for (size_t i = 0; i < whitelist->entry_count; i++) {
        const struct entry *entry = &whitelist->entries[i];
        if (!entry->conditional || call_number(entry->subject.name) < 0)
            continue;
        check_range(lint, entry);
        check_flags(lint, entry);
    }
}
