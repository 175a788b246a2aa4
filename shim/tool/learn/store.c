#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/file.h"
#include "../../../config/reader.h"
#include "../../compiled.h"
#include "../call.h"
#include "../output_file.h"
#include "../policy.h"
#include "../tool.h"
#include "sheet.h"

/* As policy_open() without a filter, for a text that is to be called PATH. */
static int open_text(const char *path, const char *text, size_t length, struct policy *policy)
{
    *policy = (struct policy){0};
    int error = reader_read_text(path, text, length, &policy->whitelist, &policy->diagnostics);
    if (!error || error == -EINVAL)
        error = rules_build(&policy->whitelist, &policy->diagnostics, &policy->rules);
    if (!error)
        return STATUS_OK;
    tool_tell(&policy->diagnostics);
    if (policy->diagnostics.errors > 0)
        return STATUS_CONFIG;
    tool_error("%s: %s", path, strerror(-error));
    return STATUS_OS;
}

/* What is to be done, and what with. */
struct task {
    const char *path;
    const struct record *record;       /* or NULL */
    const struct additions *additions; /* or NULL */
    const struct merge_facts *facts;
    struct stored *stored;
};

/* Whether a text of a whitelist says something. */
static bool has_lines(const char *text, size_t length)
{
    struct sheet sheet;
    /* for want of memory let the reader say it */
    bool any = sheet_read(&sheet, text, length) != 0;

    for (size_t i = 0; i < sheet.count && !any; i++)
        any = sheet.lines[i].kind == SHEET_SECTION || sheet.lines[i].kind == SHEET_SETTING;
    sheet_release(&sheet);
    return any;
}

bool store_is_blank(const char *path)
{
    struct file file = {0};
    /* one that is compiled, or otherwise no text, has no line either */
    bool blank = file_read(path, WHITELIST_BYTES_MAX, &file) == 0 &&
                 !memchr(file.text, '\0', file.length) && !has_lines(file.text, file.length);

    free(file.text);
    return blank;
}

/* Whether RULES make ADDITION pointless. */
static bool has_addition(const struct rules *rules, const struct rule *rule,
                         const struct addition *addition)
{
    /* what is not denied is allowed, and a line for clone would deny clone3 */
    if (rules->default_action.kind == ACTION_ALLOW || (rule && rule->allowed))
        return true;
    for (size_t i = 0; rule && i < rule->deny_count; i++) {
        if (!rule->deny[i].entry->conditional)
            return true; /* it beats whatever is added */
    }
    for (size_t i = 0; rule && addition->condition && i < rule->allow_count; i++) {
        if (strcmp(rule->allow[i].entry->condition_text, addition->condition) == 0)
            return true;
    }
    return false;
}

/* A name alone would undo the conditions that the user has thought about. */
static bool would_swallow(const struct task *task, const struct rule *rule,
                          const struct addition *addition)
{
    if (!rule || rule->allow_count == 0 || addition->condition)
        return false;
    tool_note("warning: '%s' is not added to '%s', whose lines allow it with conditions: the name "
              "alone would undo them",
              addition->name, task->path);
    return true;
}

/* Those of the task's ADDITIONS that RULES (NULL: of no file) lack. Returns 0 or -ENOMEM. */
static int choose(const struct task *task, const struct rules *rules, struct additions *additions)
{
    int error = 0;

    if (task->record)
        return record_additions(task->record, rules, additions);
    for (size_t i = 0; !error && i < task->additions->count; i++) {
        const struct addition *item = &task->additions->items[i];
        const struct rule *rule = rules ? rules_find(rules, call_number(item->name)) : NULL;
        if (rules && (has_addition(rules, rule, item) || would_swallow(task, rule, item)))
            continue;
        error = additions_add(additions, item->name, item->condition, item->count, item->site);
        if (!error)
            error = additions_note(additions, item->name, item->condition, item->note);
    }
    return error;
}

/* Whether the filter is too long; if there is none for another reason, that is none of it. */
static int check_filter(const char *path, struct policy *policy)
{
    rules_release(&policy->rules);
    policy->rules = (struct rules){0};
    if (policy_build(path, policy) == 0 || policy->diagnostics.errors == 0)
        return STATUS_OK;
    tool_tell(&policy->diagnostics);
    return STATUS_CONFIG;
}

/* Whether TEXT, which is to become the file, is a whitelist that can be loaded. */
static int check(const struct task *task, const char *text, size_t length)
{
    struct policy policy;

    if (length > WHITELIST_BYTES_MAX) {
        tool_error("cannot write '%s': it would be larger than 1 MiB", task->path);
        return STATUS_CANNOT;
    }
    int status = open_text(task->path, text, length, &policy);
    if (!status)
        status = check_filter(task->path, &policy);
    policy_release(&policy);
    if (status == STATUS_CONFIG)
        tool_error("'%s' is not changed: that is how it would be", task->path);
    return status;
}

static int write_result(const struct task *task, struct output_file *file,
                        const struct additions *additions)
{
    size_t length;
    char *text;
    int error = merge_text(file->text, file->length, additions, task->facts, &text, &length);

    if (error == -EINVAL) {
        tool_error("cannot write '%s': what is to be added are no lines of a whitelist",
                   task->path);
        return STATUS_CANNOT;
    }
    if (error) {
        tool_error("%s: %s", task->path, strerror(-error));
        return STATUS_OS;
    }
    task->stored->unchanged = text == NULL;
    if (!text)
        return STATUS_OK;
    int status = check(task, text, length);
    if (!status)
        status = output_file_replace(file, text, length);
    if (!status)
        task->stored->added = additions->count;
    free(text);
    return status;
}

/* The rules that the additions are to be added to: POLICY's, or those of its stage, which go to
 * STAGE. NULL: there is no such stage yet. */
static const struct rules *choose_rules(const struct task *task, struct policy *policy,
                                        struct rules *stage)
{
    unsigned number = task->facts->stage ? policy_stage(policy, task->facts->stage) : 0;

    if (!task->facts->stage)
        return &policy->rules;
    if (number == 0 || rules_build_stage(&policy->whitelist, number, &policy->diagnostics, stage))
        return NULL;
    return stage;
}

/* An editor that saves the file between reading and writing it makes all begin again. */
static int store_once(void *context)
{
    const struct task *task = context;
    struct additions additions = {0};
    struct policy policy = {0};
    struct rules stage = {0};
    struct output_file file;
    int status = output_file_open(task->path, OUTPUT_UPDATE, &file);
    bool any = !status && file.text && has_lines(file.text, file.length);

    if (any)
        status = open_text(task->path, file.text, file.length, &policy);
    if (!status && choose(task, any ? choose_rules(task, &policy, &stage) : NULL, &additions)) {
        tool_error("%s: %s", task->path, strerror(ENOMEM));
        status = STATUS_OS;
    }
    if (!status)
        status = write_result(task, &file, &additions);
    additions_release(&additions);
    rules_release(&stage);
    policy_release(&policy);
    output_file_close(&file);
    return status;
}

static int store(struct task task)
{
    *task.stored = (struct stored){0};
    return output_file_again(task.path, store_once, &task);
}

int store_record(const char *path, const struct record *record, const struct merge_facts *facts,
                 struct stored *stored)
{
    return store((struct task){path, record, NULL, facts, stored});
}

int store_additions(const char *path, const struct additions *additions,
                    const struct merge_facts *facts, struct stored *stored)
{
    return store((struct task){path, NULL, additions, facts, stored});
}
