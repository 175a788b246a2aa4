#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/reader.h"
#include "../call.h"
#include "../tool.h"
#include "folder.h"
#include "sheet.h"

/* An editor that saves the file between reading and writing it makes all begin again. */
enum { ATTEMPTS = 10 };

/* A whitelist as its text says. */
struct reading {
    struct whitelist whitelist;
    struct rules rules;
    struct diagnostics diagnostics;
};

static void say(void *context, const char *text, size_t length)
{
    (void)context;
    tool_say(text, length);
}

static int read_rules(const char *path, const char *text, size_t length, struct reading *reading)
{
    *reading = (struct reading){0};
    int error = reader_read_text(path, text, length, &reading->whitelist, &reading->diagnostics);
    if (!error || error == -EINVAL)
        error = rules_build(&reading->whitelist, &reading->diagnostics, &reading->rules);
    if (!error)
        return STATUS_OK;
    diagnostics_tell(&reading->diagnostics, say, NULL);
    if (reading->diagnostics.errors > 0)
        return STATUS_CONFIG;
    tool_error("%s: %s", path, strerror(-error));
    return STATUS_OS;
}

static void release(struct reading *reading)
{
    rules_release(&reading->rules);
    diagnostics_release(&reading->diagnostics);
    whitelist_release(&reading->whitelist);
}

/* What is to be done, and what with. */
struct task {
    const char *path;
    const struct record *record;       /* or NULL */
    const struct additions *additions; /* or NULL */
    const struct merge_facts *facts;
    struct stored *stored;
};

/* Whether the file says something; if not, it is like one that does not exist. */
static bool has_rules(const struct folder *folder)
{
    struct sheet sheet;
    bool any = false;

    /* for want of memory let the reader say it */
    if (sheet_read(&sheet, folder->text ? folder->text : "", folder->length))
        any = true;
    for (size_t i = 0; i < sheet.count && !any; i++)
        any = sheet.lines[i].kind == SHEET_SECTION || sheet.lines[i].kind == SHEET_SETTING;
    sheet_release(&sheet);
    return any;
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
    char *text;

    if (!rule || rule->allow_count == 0 || addition->condition)
        return false;
    int length = asprintf(&text,
                          "portcullis: warning: '%s' is not added to '%s', whose lines allow it "
                          "with conditions: the name alone would undo them\n",
                          addition->name, task->path);
    if (length >= 0) {
        tool_say(text, (size_t)length);
        free(text);
    }
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

/* Whether the reader takes TEXT, which is to become the file. */
static int check(const struct task *task, const char *text, size_t length)
{
    struct reading reading;

    if (length > WHITELIST_BYTES_MAX) {
        tool_error("cannot write '%s': it would be larger than 1 MiB", task->path);
        return STATUS_CANNOT;
    }
    int status = read_rules(task->path, text, length, &reading);
    release(&reading);
    if (status == STATUS_CONFIG)
        tool_error("'%s' is not changed: that is how it would be", task->path);
    return status;
}

static int write_result(const struct task *task, struct folder *folder,
                        const struct additions *additions)
{
    size_t length;
    char *text;
    int error = merge_text(folder->text, folder->length, additions, task->facts, &text, &length);

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
        status = folder_replace(folder, text, length);
    if (!status)
        task->stored->added = additions->count;
    free(text);
    return status;
}

static int store_once(const struct task *task)
{
    struct additions additions = {0};
    struct reading reading = {0};
    struct folder folder;
    int status = folder_open(task->path, &folder);
    bool any = !status && has_rules(&folder);

    if (any)
        status = read_rules(task->path, folder.text, folder.length, &reading);
    if (!status && choose(task, any ? &reading.rules : NULL, &additions)) {
        tool_error("%s: %s", task->path, strerror(ENOMEM));
        status = STATUS_OS;
    }
    if (!status)
        status = write_result(task, &folder, &additions);
    additions_release(&additions);
    release(&reading);
    folder_close(&folder);
    return status;
}

static int store(const struct task *task)
{
    *task->stored = (struct stored){0};
    for (int i = 0; i < ATTEMPTS; i++) {
        int status = store_once(task);
        if (status != FOLDER_CHANGED)
            return status;
    }
    tool_error("cannot write '%s': it changes all the time", task->path);
    return STATUS_CANNOT;
}

int store_record(const char *path, const struct record *record, const struct merge_facts *facts,
                 struct stored *stored)
{
    return store(&(struct task){path, record, NULL, facts, stored});
}

int store_additions(const char *path, const struct additions *additions,
                    const struct merge_facts *facts, struct stored *stored)
{
    return store(&(struct task){path, NULL, additions, facts, stored});
}
