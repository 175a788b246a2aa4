#include "outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../config/reader.h"
#include "../call.h"
#include "../tool.h"
#include "store.h"

static unsigned count_allowed(const struct rules *rules, unsigned *known)
{
    bool is_known[CALL_NAMED];
    unsigned allowed = 0;

    call_list_known(is_known);
    for (int number = 0; number < CALL_NAMED; number++) {
        const struct rule *rule = is_known[number] ? rules_find(rules, number) : NULL;
        *known += is_known[number];
        allowed += rule && (rule->implicit || rule->allow_count > 0);
    }
    return allowed;
}

void outcome_begin(struct outcome *outcome)
{
    const struct learner_settings *settings = outcome->settings;

    if (settings->listed && !settings->quiet)
        outcome->allowed = count_allowed(&settings->policy->rules, &outcome->known);
}

static void get_facts(const struct learner_settings *settings, const struct record *record,
                      char machine[TOOL_MACHINE_MAX], char **heading, struct merge_facts *facts)
{
    if (asprintf(heading, "learned from: %s", settings->command) < 0)
        *heading = NULL;
    *facts = (struct merge_facts){.heading = *heading ? *heading : "learned",
                                  .machine = tool_machine(machine),
                                  .calls = record_total(record),
                                  .annotate = settings->annotate,
                                  .likely = true};
}

/* Turns what is to be told of the whole file to what is told of the stage. */
static void choose_stage(const struct learner_settings *settings, struct merge_facts *facts)
{
    facts->stage = settings->stage.name;
    facts->when = settings->stage.when;
    facts->likely = false;
}

/* After [allow], which has all that the stage has: at no time has the file a stage with less. */
static int store_stage(struct outcome *outcome, const struct record *stage,
                       struct merge_facts facts)
{
    struct stored stored = {0};

    if (!stage || record_total(stage) == 0)
        return STATUS_OK;
    choose_stage(outcome->settings, &facts);
    return store_record(outcome->settings->path, stage, &facts, &stored);
}

static int open_and_store(struct outcome *outcome, const struct record *record,
                          const struct record *stage)
{
    const struct learner_settings *settings = outcome->settings;
    char machine[TOOL_MACHINE_MAX];
    char *heading;
    struct merge_facts facts;
    struct stored stored = {0};

    get_facts(settings, record, machine, &heading, &facts);
    facts.again = outcome->added > 0;
    facts.calls -= outcome->calls;
    int status = store_record(settings->path, record, &facts, &stored);
    if (status == STATUS_OK)
        status = store_stage(outcome, stage, facts);
    free(heading);
    outcome->opened = true;
    outcome->failed = status != STATUS_OK;
    outcome->added += stored.added;
    if (stored.added > 0)
        outcome->calls = record_total(record);
    return status;
}

int outcome_store(struct outcome *outcome, const struct record *record, const struct record *stage,
                  bool fresh)
{
    const struct learner_settings *settings = outcome->settings;
    int status = STATUS_OK;

    if (!settings->path || outcome->failed)
        return STATUS_OK;
    if (fresh || !settings->listed)
        status = open_and_store(outcome, record, stage);
    outcome->stored = true;
    if (settings->kept)
        *settings->kept = status == STATUS_OK;
    if (status == STATUS_OK)
        return STATUS_OK;
    return status == STATUS_CONFIG ? STATUS_CONFIG : STATUS_CANNOT;
}

/* Adds the stage's section to TEXT. */
static int compose_stage(const struct learner_settings *settings, const struct record *stage,
                         struct merge_facts facts, char **text, size_t *length)
{
    struct additions additions = {0};
    char *whole = NULL;

    choose_stage(settings, &facts);
    int error = record_additions(stage, NULL, &additions);
    if (!error)
        error = merge_text(*text, *length, &additions, &facts, &whole, length);
    additions_release(&additions);
    if (error || !whole)
        return error;
    free(*text);
    *text = whole;
    return 0;
}

/* The list as a file would have it: *TEXT is the caller's, or NULL where there is nothing. */
static void compose_list(const struct outcome *outcome, const struct record *record,
                         const struct record *stage, char **text, size_t *length, size_t *added)
{
    const struct learner_settings *settings = outcome->settings;
    struct additions additions = {0};
    char machine[TOOL_MACHINE_MAX];
    char *heading;
    struct merge_facts facts;

    *text = NULL;
    *length = 0;
    get_facts(settings, record, machine, &heading, &facts);
    int error = record_additions(record, NULL, &additions);
    if (!error)
        error = merge_text(NULL, 0, &additions, &facts, text, length);
    if (!error && *text && stage && record_total(stage) > 0)
        error = compose_stage(settings, stage, facts, text, length);
    if (error)
        tool_error("cannot make the whitelist: %s", strerror(-error));
    *added = additions.count;
    additions_release(&additions);
    free(heading);
}

/* What the list amounts to: TEXT, or the file where that is NULL. */
static void measure(const struct outcome *outcome, const char *text, size_t length,
                    struct summary *summary)
{
    const struct learner_settings *settings = outcome->settings;
    struct whitelist whitelist = {0};
    struct rules rules = {0};
    struct diagnostics diagnostics = {0};

    if (!text && !outcome->opened) {
        summary->allowed = outcome->allowed;
        summary->known = outcome->known;
        return;
    }
    int error = text ? reader_read_text("", text, length, &whitelist, &diagnostics)
                     : reader_read_file(settings->path, &whitelist, &diagnostics);
    if (!error)
        error = rules_build(&whitelist, &diagnostics, &rules);
    if (!error)
        summary->allowed = count_allowed(&rules, &summary->known);
    rules_release(&rules);
    diagnostics_release(&diagnostics);
    whitelist_release(&whitelist);
}

static void summarize(const struct outcome *outcome, struct summary *summary)
{
    bool unchanged = outcome->settings->path && outcome->added == 0;

    if (unchanged)
        summary->path = NULL;
    progress_summary(summary);
    if (unchanged && access(outcome->settings->path, F_OK) != 0)
        tool_note("warning: %s had all of it, and is gone", outcome->settings->shown);
    else if (unchanged)
        tool_note("%s has all of it already", outcome->settings->shown);
}

/* What of it all is the stage's. */
static void tell_stage(const struct outcome *outcome, const struct record *stage)
{
    const struct learner_stage *settings = &outcome->settings->stage;

    if (record_total(stage) > 0)
        tool_note("the stage '%s', from %s on, has %u different system calls of them",
                  settings->name, settings->when, record_distinct(stage));
    else if (settings->number > 0)
        tool_note("the stage '%s' has all of it already", settings->name);
    else
        tool_note("warning: there is no stage '%s', as %s was not called", settings->name,
                  settings->when);
}

void outcome_tell(struct outcome *outcome, const struct record *record, const struct record *stage,
                  unsigned children)
{
    const struct learner_settings *settings = outcome->settings;
    struct summary summary = {.path = settings->shown,
                              .calls = record_total(record),
                              .distinct = record_distinct(record),
                              .added = outcome->added,
                              .children = children};
    char *text = NULL;
    size_t length = 0;

    if (outcome->told || outcome->failed)
        return;
    outcome->told = true;
    if (!settings->path) {
        compose_list(outcome, record, stage, &text, &length, &summary.added);
        int error = text ? tool_write(settings->output, text, length) : 0;
        if (error)
            tool_error("cannot write the whitelist: %s", strerror(-error));
    }
    if (!settings->quiet && (settings->path || text)) {
        measure(outcome, text, length, &summary);
        summarize(outcome, &summary);
        if (stage)
            tell_stage(outcome, stage);
    }
    free(text);
}
