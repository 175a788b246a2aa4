#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/groups.h"
#include "../../../config/reader.h"
#include "../../../config/writer.h"
#include "../../filter.h"
#include "../../rules.h"
#include "../call.h"
#include "draft.h"

enum { LINES_MAX = 8192 };

/* The text in the making: [allow] and [deny] grow side by side. */
struct page {
    struct draft *draft;
    FILE *allow;
    FILE *deny;
};

static bool same_values(const struct values *one, const struct values *other)
{
    return one->count == other->count &&
           (one->count == 0 ||
            memcmp(one->blocks, other->blocks, one->count * sizeof(*one->blocks)) == 0);
}

/* Appends OTHER's blocks to VALUES. */
static int unite(struct values *values, struct values *other)
{
    struct block *blocks =
        reallocarray(values->blocks, values->count + other->count, sizeof(*blocks));

    if (!blocks)
        return -ENOMEM;
    memcpy(blocks + values->count, other->blocks, other->count * sizeof(*blocks));
    values->blocks = blocks;
    values->count += other->count;
    values->capacity = values->count;
    return 0;
}

/* Makes ONE of both where they differ in one argument alone: 1 if it did, 0, or -ENOMEM. */
static int join(struct draft_rule *one, struct draft_rule *other)
{
    unsigned different = DRAFT_ARGUMENTS;

    if (!action_equals(one->action, other->action))
        return 0;
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
        if (one->asked[i] != other->asked[i])
            return 0;
        if (same_values(&one->values[i], &other->values[i]))
            continue;
        if (different != DRAFT_ARGUMENTS)
            return 0;
        different = i;
    }
    if (different != DRAFT_ARGUMENTS && unite(&one->values[different], &other->values[different]))
        return -ENOMEM;
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++)
        values_release(&other->values[i]);
    return 1;
}

static int join_all(struct draft_call *call)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < call->count; i++) {
            for (size_t k = i + 1; k < call->count; k++) {
                int joined = join(&call->rules[i], &call->rules[k]);
                if (joined < 0)
                    return joined;
                if (joined == 0)
                    continue;
                memmove(&call->rules[k], &call->rules[k + 1],
                        (call->count - k - 1) * sizeof(*call->rules));
                call->count--;
                k--;
                again = true;
            }
        }
    }
    return 0;
}

static bool values_meet(const struct values *one, const struct values *other)
{
    for (size_t i = 0; i < one->count; i++) {
        for (size_t k = 0; k < other->count; k++) {
            const struct block *a = &one->blocks[i];
            const struct block *b = &other->blocks[k];
            if (((a->value ^ b->value) & a->mask & b->mask) == 0)
                return true;
        }
    }
    return false;
}

static bool rules_meet(const struct draft_rule *one, const struct draft_rule *other)
{
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
        if (one->asked[i] && other->asked[i] && !values_meet(&one->values[i], &other->values[i]))
            return false;
    }
    return true;
}

/* Which of two rules on one call holds is libseccomp's secret. */
static int check_meetings(const struct draft *draft, const struct draft_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        for (size_t k = i + 1; k < call->count; k++) {
            if (action_equals(call->rules[i].action, call->rules[k].action) ||
                !rules_meet(&call->rules[i], &call->rules[k]))
                continue;
            diagnostic_error(draft->diagnostics, (struct place){draft->file, 0},
                             "two rules on '%s' with different actions are about some of the same "
                             "arguments: which of them holds depends on libseccomp",
                             call->name);
            return -EINVAL;
        }
    }
    return 0;
}

static void put_line(const struct page *page, const struct draft_call *call, struct action action,
                     const char *condition)
{
    char text[WRITER_ACTION_MAX];

    if (action.kind == ACTION_ALLOW && condition)
        fprintf(page->allow, "%s = %s\n", call->name, condition);
    else if (action.kind == ACTION_ALLOW)
        fprintf(page->allow, "syscalls = %s\n", call->name);
    else
        fprintf(page->deny, "%s = %s%s%s\n", call->name, writer_action(action, text),
                condition ? " if " : "", condition ? condition : "");
}

/* A line for each choice of one clause an argument. */
static void put_product(const struct page *page, const struct draft_call *call,
                        const struct draft_rule *rule, char **const clauses[DRAFT_ARGUMENTS],
                        const int counts[DRAFT_ARGUMENTS])
{
    int chosen[DRAFT_ARGUMENTS] = {0};
    unsigned turn = 0;

    while (turn < DRAFT_ARGUMENTS) {
        char condition[1024] = "";
        size_t used = 0;
        for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
            if (rule->asked[i] && used < sizeof(condition))
                used += (size_t)snprintf(condition + used, sizeof(condition) - used, "%s%s",
                                         used ? " and " : "", clauses[i][chosen[i]]);
        }
        put_line(page, call, rule->action, condition);
        for (turn = 0; turn < DRAFT_ARGUMENTS; turn++) {
            if (rule->asked[turn] && ++chosen[turn] < counts[turn])
                break;
            chosen[turn] = 0;
        }
    }
}

static int put_rule(const struct page *page, const struct draft_call *call,
                    const struct draft_rule *rule)
{
    char **clauses[DRAFT_ARGUMENTS] = {NULL};
    int counts[DRAFT_ARGUMENTS] = {0};
    size_t lines = 1;
    int error = 0;

    for (unsigned i = 0; i < DRAFT_ARGUMENTS && !error; i++) {
        if (!rule->asked[i])
            continue;
        counts[i] = draft_clauses(page->draft, call, i, &rule->values[i], &clauses[i]);
        if (counts[i] < 0) {
            error = counts[i];
            counts[i] = 0;
            clauses[i] = NULL;
        }
        lines *= (size_t)(counts[i] > 0 ? counts[i] : 1);
        if (lines > LINES_MAX)
            error = -E2BIG;
    }
    if (!error)
        put_product(page, call, rule, clauses, counts);
    if (error == -E2BIG) {
        diagnostic_error(page->draft->diagnostics, (struct place){page->draft->file, 0},
                         "the rules on '%s' would take more than %d lines", call->name, LINES_MAX);
        error = -EINVAL;
    }
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
        for (int k = 0; k < counts[i]; k++)
            free(clauses[i][k]);
        free(clauses[i]);
    }
    return error;
}

static int put_call(const struct page *page, struct draft_call *call)
{
    int error = 0;

    if (call->plain) {
        if (!action_equals(call->action, page->draft->default_action))
            put_line(page, call, call->action, NULL);
        return 0;
    }
    error = join_all(call);
    if (!error)
        error = check_meetings(page->draft, call);
    for (size_t i = 0; i < call->count && !error; i++)
        error = put_rule(page, call, &call->rules[i]);
    return error;
}

static const struct draft_call *find(const struct draft *draft, int number)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (draft->calls[i].number == number &&
            (!draft->calls[i].plain ||
             !action_equals(draft->calls[i].action, draft->default_action)))
            return &draft->calls[i];
    }
    return NULL;
}

static bool has_rules(const struct draft *draft, const char *name)
{
    const struct draft_call *call = find(draft, call_number(name));

    return call && !call->plain && call->count > 0;
}

/* Whether the language refuses NAME for the sake of an older call that has conditions. */
static bool has_guarded_twin(const struct draft *draft, const char *name)
{
    if (strcmp(name, "clone3") == 0)
        return has_rules(draft, "clone");
    return strcmp(name, "openat2") == 0 && (has_rules(draft, "openat") || has_rules(draft, "open"));
}

/* Says of a member of @exit or @fallback, for which the language has rules of its own, what the
 * default is: the source has no such rules. */
static void put_member(const struct page *page, const char *name, bool implicit)
{
    const struct draft *draft = page->draft;
    struct action action = draft->default_action;
    struct place place = {draft->file, 0};
    int number = call_number(name);
    const struct draft_call *call = number >= 0 ? find(draft, number) : NULL;
    char copy[CALL_NAME_MAX];
    const struct draft_call line = {.number = number, .name = copy};

    snprintf(copy, sizeof(copy), "%s", name);
    if (number < 0 || (call && (call->plain || !implicit)))
        return;
    if (call) {
        diagnostic_error(draft->diagnostics, place,
                         "'%s' has conditions; here it is allowed unless denied", name);
        return;
    }
    if (action.kind == ACTION_LOG ||
        (action.kind == ACTION_ERRNO && action.error == ENOSYS && !implicit))
        return;
    if (action.kind != ACTION_ALLOW)
        put_line(page, &line, action, NULL);
    else if (has_guarded_twin(draft, name))
        fprintf(page->allow, "syscalls = %s\n", name);
}

static void put_members(const struct page *page, const char *group, bool implicit)
{
    const char *members = group_members((size_t)group_find(group));
    char name[CALL_NAME_MAX];

    while ((members = call_next(members, name)))
        put_member(page, name, implicit);
}

/* The whitelist's text, as the reader takes it; to be freed. */
static int compose(struct draft *draft, char **text, size_t *length)
{
    char *sections[2] = {NULL, NULL};
    size_t lengths[2];
    char action[WRITER_ACTION_MAX];
    struct page page = {draft, open_memstream(&sections[0], &lengths[0]),
                        open_memstream(&sections[1], &lengths[1])};
    FILE *whole = open_memstream(text, length);
    int error = page.allow && page.deny && whole ? 0 : -ENOMEM;

    for (size_t i = 0; i < draft->count && !error; i++)
        error = put_call(&page, &draft->calls[i]);
    if (!error) {
        put_members(&page, "exit", true);
        put_members(&page, "fallback", false);
    }
    if ((page.allow && fclose(page.allow) != 0) || (page.deny && fclose(page.deny) != 0))
        error = -ENOMEM;
    if (!error)
        fprintf(whole,
                "[filter]\ndefault = %s\naudit = %s\nno-new-privileges = %s\n"
                "[allow]\n%s[deny]\n%s",
                writer_action(draft->default_action, action), draft->audit ? "yes" : "no",
                draft->privileges ? "no" : "yes", sections[0], sections[1]);
    if (whole && fclose(whole) != 0)
        error = -ENOMEM;
    free(sections[0]);
    free(sections[1]);
    return error;
}

static void put(void *context, const char *text, size_t length)
{
    fwrite(text, 1, length, context);
}

/* Reads TEXT as whoever gets it will, and writes it as people have it. */
static int finish(const struct draft *draft, const char *text, size_t length, const char *head,
                  FILE *output)
{
    struct diagnostics *diagnostics = draft->diagnostics;
    struct whitelist whitelist;
    struct rules rules = {0};
    struct filter filter = {0};
    int error = reader_read_text(draft->file, text, length, &whitelist, diagnostics);

    if (!error)
        error = rules_build(&whitelist, diagnostics, &rules);
    if (!error)
        error = filter_build(&rules, (struct place){draft->file, 0}, diagnostics, &filter);
    if (!error) {
        fputs(head, output);
        error = writer_write(&whitelist, put, output);
    }
    filter_release(&filter);
    rules_release(&rules);
    whitelist_release(&whitelist);
    return error;
}

int draft_write(struct draft *draft, const char *head, FILE *output)
{
    char *text = NULL;
    size_t length = 0;
    int error = compose(draft, &text, &length);

    if (!error && draft->diagnostics->errors > 0)
        error = -EINVAL;
    if (!error)
        error = finish(draft, text, length, head, output);
    if (!error && draft->wide > 0)
        diagnostic_warning(draft->diagnostics, (struct place){draft->file, 0},
                           "%lu comparisons look at all 64 bits of an argument of which the kernel "
                           "takes fewer; here they look at those",
                           (unsigned long)draft->wide);
    free(text);
    return error;
}
