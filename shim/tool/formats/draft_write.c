#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/groups.h"
#include "../../../config/reader.h"
#include "../../../config/writer.h"
#include "../../filter.h"
#include "../../rules.h"
#include "../call.h"
#include "../learn/swapped.h"
#include "draft.h"

enum {
    LINES_MAX = 8192,
    /* values that are compared with each other: enough for all that fits into a filter */
    WORK_MAX = 1 << 26,
    /* rules that a condition may become in a filter; where it takes more, and that is possible, its
     * complement is denied */
    RULES_MAX = 256,
};

/* The text in the making: [allow] and [deny] grow side by side. */
struct page {
    struct draft *draft;
    struct part {
        FILE *stream;
        unsigned *lines; /* owned; of what is read, for each line that is written */
        size_t count;
        size_t capacity;
    } allow, deny;
    bool full; /* there was no memory for LINES */
};

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

static size_t count_values(const struct draft_rule *rule)
{
    size_t count = 1;

    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++)
        count += rule->values[i].count;
    return count;
}

/* Which of two rules on one call holds is libseccomp's secret. */
static int check_pair(struct draft *draft, const struct draft_call *call,
                      const struct draft_rule *one, const struct draft_rule *other)
{
    struct place place = {draft->file, other->line};

    if (action_equals(one->action, other->action))
        return 0;
    draft->work += count_values(one) * count_values(other);
    if (draft->work > WORK_MAX)
        diagnostic_error(draft->diagnostics, place,
                         "the rules on '%s' are too many to be compared with each other",
                         call->name);
    else if (rules_meet(one, other))
        diagnostic_error(draft->diagnostics, place,
                         "two rules on '%s' with different actions are about some of the same "
                         "arguments: which of them holds depends on libseccomp",
                         call->name);
    else
        return 0;
    return -EINVAL;
}

static int check_meetings(struct draft *draft, const struct draft_call *call)
{
    int error = 0;

    for (size_t i = 0; i < call->count && !error; i++) {
        for (size_t k = i + 1; k < call->count && !error; k++)
            error = check_pair(draft, call, &call->rules[i], &call->rules[k]);
        draft->work += call->count;
    }
    return error;
}

/* What is written next to PART is of LINE. */
static void note_line(struct page *page, struct part *part, unsigned line)
{
    if (part->count == part->capacity) {
        size_t capacity = part->capacity ? 2 * part->capacity : 256;
        unsigned *lines = reallocarray(part->lines, capacity, sizeof(*lines));
        if (!lines) {
            page->full = true;
            return;
        }
        part->lines = lines;
        part->capacity = capacity;
    }
    part->lines[part->count++] = line;
}

static void put_line(struct page *page, const struct draft_call *call, struct action action,
                     unsigned line, const char *condition)
{
    char text[WRITER_ACTION_MAX];

    note_line(page, action.kind == ACTION_ALLOW ? &page->allow : &page->deny, line);
    if (action.kind == ACTION_ALLOW && condition)
        fprintf(page->allow.stream, "%s = %s\n", call->name, condition);
    else if (action.kind == ACTION_ALLOW)
        fprintf(page->allow.stream, "syscalls = %s\n", call->name);
    else
        fprintf(page->deny.stream, "%s = %s%s%s\n", call->name, writer_action(action, text),
                condition ? " if " : "", condition ? condition : "");
}

/* A line for each choice of one clause an argument. */
static void put_product(struct page *page, const struct draft_call *call,
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
        put_line(page, call, rule->action, rule->line, condition);
        for (turn = 0; turn < DRAFT_ARGUMENTS; turn++) {
            if (rule->asked[turn] && ++chosen[turn] < counts[turn])
                break;
            chosen[turn] = 0;
        }
    }
}

/* The clauses of each argument that is asked for. */
struct clauses {
    char **items[DRAFT_ARGUMENTS]; /* owned */
    int counts[DRAFT_ARGUMENTS];
};

static int take_clauses(const struct page *page, const struct draft_call *call,
                        const struct draft_rule *rule, bool others, struct clauses *clauses)
{
    *clauses = (struct clauses){.counts = {0}};
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
        if (!rule->asked[i])
            continue;
        int count = draft_clauses(page->draft, call, rule, i, others, &clauses->items[i]);
        if (count < 0)
            return count;
        clauses->counts[i] = count;
    }
    return 0;
}

static void release_clauses(struct clauses *clauses)
{
    for (unsigned i = 0; i < DRAFT_ARGUMENTS; i++) {
        for (int k = 0; k < clauses->counts[i]; k++)
            free(clauses->items[i][k]);
        free(clauses->items[i]);
    }
}

static int report_size(const struct page *page, const struct draft_call *call, unsigned line)
{
    diagnostic_error(page->draft->diagnostics, (struct place){page->draft->file, line},
                     "the rules on '%s' are more than a filter has room for", call->name);
    return -EINVAL;
}

static int put_rule(struct page *page, const struct draft_call *call, const struct draft_rule *rule)
{
    struct clauses clauses;
    size_t lines = 1;
    int error = take_clauses(page, call, rule, false, &clauses);

    for (unsigned i = 0; i < DRAFT_ARGUMENTS && !error; i++) {
        lines *= (size_t)(clauses.counts[i] > 0 ? clauses.counts[i] : 1);
        if (lines > LINES_MAX || page->allow.count + page->deny.count + lines > LINES_MAX)
            error = -E2BIG;
    }
    if (!error)
        put_product(page, call, rule, (char **const *)clauses.items, clauses.counts);
    release_clauses(&clauses);
    return error == -E2BIG ? report_size(page, call, rule->line) : error;
}

/* Whether RULE takes more rules of a filter than there is room for: one for each choice of a block
 * an argument. */
static bool is_large(const struct draft_rule *rule)
{
    size_t rules = 1;

    for (unsigned i = 0; i < DRAFT_ARGUMENTS && rules <= RULES_MAX; i++)
        rules *= rule->values[i].count > 0 ? rule->values[i].count : 1;
    return rules > RULES_MAX;
}

/* Where CALL is allowed by RULE alone: allows it, and refuses what RULE does not match. Two ">="
 * are long in a filter, since each is many values, and what they leave out is few. *DONE: it is. */
static int put_others(struct page *page, const struct draft_call *call,
                      const struct draft_rule *rule, bool *done)
{
    const struct action otherwise = page->draft->default_action;
    struct clauses clauses;

    *done = false;
    if (call->count != 1 || rule->action.kind != ACTION_ALLOW || otherwise.kind == ACTION_ALLOW ||
        otherwise.kind == ACTION_LOG || !is_large(rule))
        return 0;
    int error = take_clauses(page, call, rule, true, &clauses);
    if (!error) {
        *done = true;
        put_line(page, call, rule->action, rule->line, NULL);
    }
    for (unsigned i = 0; i < DRAFT_ARGUMENTS && !error; i++) {
        for (int k = 0; k < clauses.counts[i]; k++)
            put_line(page, call, otherwise, rule->line, clauses.items[i][k]);
    }
    release_clauses(&clauses);
    return error == -ENOENT || error == -E2BIG ? 0 : error;
}

static int put_call(struct page *page, struct draft_call *call)
{
    bool done = false;

    if (call->plain) {
        if (!action_equals(call->action, page->draft->default_action))
            put_line(page, call, call->action, call->line, NULL);
        return 0;
    }
    int error = draft_join(call);
    if (!error && call->count > LINES_MAX)
        return report_size(page, call, call->line);
    if (!error)
        error = check_meetings(page->draft, call);
    if (!error && call->count > 0)
        error = put_others(page, call, &call->rules[0], &done);
    for (size_t i = 0; i < call->count && !error && !done; i++)
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
static void put_member(struct page *page, const char *name, bool implicit)
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
        place.line = call->line;
        diagnostic_error(draft->diagnostics, place,
                         "'%s' has conditions; here it is allowed unless denied", name);
        return;
    }
    if (action.kind == ACTION_LOG ||
        (action.kind == ACTION_ERRNO && action.error == ENOSYS && !implicit))
        return;
    if (action.kind != ACTION_ALLOW || has_guarded_twin(draft, name))
        put_line(page, &line, action, 0, NULL);
}

static void put_members(struct page *page, const char *group, bool implicit)
{
    const char *members = group_members((size_t)group_find(group));
    char name[CALL_NAME_MAX];

    while ((members = call_next(members, name)))
        put_member(page, name, implicit);
}

enum { LINES_BEFORE = 5 }; /* "[filter]", its settings, and "[allow]" */

/* The whitelist's text, as the reader takes it. */
struct text {
    char *bytes; /* owned */
    size_t length;
    unsigned *lines; /* owned; for each line of it, from 1, that of what is read, or 0 */
    size_t count;
};

/* The lines of PAGE, whose parts stand behind what is BEFORE them. */
static int join_lines(const struct page *page, struct text *text)
{
    size_t deny = LINES_BEFORE + page->allow.count + 1;

    text->count = deny + page->deny.count + 1;
    text->lines = calloc(text->count, sizeof(*text->lines));
    if (!text->lines || page->full)
        return -ENOMEM;
    for (size_t i = 0; i < page->allow.count; i++)
        text->lines[LINES_BEFORE + 1 + i] = page->allow.lines[i];
    for (size_t i = 0; i < page->deny.count; i++)
        text->lines[deny + 1 + i] = page->deny.lines[i];
    return 0;
}

static int put_all(struct page *page)
{
    struct draft *draft = page->draft;
    int error = 0;

    for (size_t i = 0; i < draft->count && !error; i++)
        error = put_call(page, &draft->calls[i]);
    if (!error) {
        put_members(page, "exit", true);
        put_members(page, "fallback", false);
    }
    return error;
}

static int compose(struct draft *draft, struct text *text)
{
    char *sections[2] = {NULL, NULL};
    size_t lengths[2];
    char action[WRITER_ACTION_MAX];
    struct page page = {.draft = draft,
                        .allow.stream = open_memstream(&sections[0], &lengths[0]),
                        .deny.stream = open_memstream(&sections[1], &lengths[1])};
    FILE *whole = open_memstream(&text->bytes, &text->length);
    int error = page.allow.stream && page.deny.stream && whole ? put_all(&page) : -ENOMEM;

    if ((page.allow.stream && fclose(page.allow.stream) != 0) ||
        (page.deny.stream && fclose(page.deny.stream) != 0))
        error = -ENOMEM;
    if (!error)
        error = join_lines(&page, text);
    if (!error)
        fprintf(whole,
                "[filter]\ndefault = %s\naudit = %s\nno-new-privileges = %s\n"
                "[allow]\n%s[deny]\n%s",
                writer_action(draft->default_action, action), draft->audit ? "yes" : "no",
                draft->privileges ? "no" : "yes", sections[0], sections[1]);
    if (whole && fclose(whole) != 0)
        error = -ENOMEM;
    free(page.allow.lines);
    free(page.deny.lines);
    free(sections[0]);
    free(sections[1]);
    return error;
}

static void put(void *context, const char *text, size_t length)
{
    fwrite(text, 1, length, context);
}

/* What WHITELIST, read from TEXT, has its lines from is what people know. */
static void place_entries(const struct text *text, struct whitelist *whitelist)
{
    for (size_t i = 0; i < whitelist->entry_count; i++) {
        unsigned *line = &whitelist->entries[i].place.line;
        *line = *line < text->count ? text->lines[*line] : 0;
    }
}

/* What is imported is not completed, as its author may have meant it. */
static void warn_lacking(const struct draft *draft, const struct rules *rules)
{
    const char *twin;
    const char *lacking = swapped_lacking(rules, &twin);

    if (lacking)
        diagnostic_warning(draft->diagnostics, (struct place){draft->file, 0},
                           "'%s' is allowed, but not '%s', which other releases of glibc call "
                           "instead",
                           twin, lacking);
}

/* Reads TEXT as whoever gets it will, and writes it as people have it. */
static int finish(const struct draft *draft, const struct text *text, const char *head,
                  FILE *output)
{
    struct diagnostics *diagnostics = draft->diagnostics;
    struct whitelist whitelist;
    struct rules rules = {0};
    struct filter filter = {0};
    int error = reader_read_text(draft->file, text->bytes, text->length, &whitelist, diagnostics);

    place_entries(text, &whitelist);
    if (!error)
        error = rules_build(&whitelist, diagnostics, &rules);
    if (!error)
        error = filter_build(&rules, (struct place){draft->file, 0}, diagnostics, &filter);
    if (!error) {
        warn_lacking(draft, &rules);
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
    struct text text = {0};
    int error = compose(draft, &text);

    if (!error && draft->diagnostics->errors > 0)
        error = -EINVAL;
    if (!error)
        error = finish(draft, &text, head, output);
    if (!error && draft->wide > 0)
        diagnostic_warning(draft->diagnostics, (struct place){draft->file, 0},
                           "%lu comparisons look at all 64 bits of an argument of which the kernel "
                           "takes fewer; here they look at those",
                           (unsigned long)draft->wide);
    free(text.bytes);
    free(text.lines);
    return error;
}
