#include "store.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/reader.h"
#include "../tool.h"
#include "folder.h"
#include "sheet.h"

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

static bool is_allowed(const struct rules *rules, const struct addition *addition)
{
    int number = seccomp_syscall_resolve_name(addition->name);
    const struct rule *rule = rules ? rules_find(rules, number) : NULL;

    for (size_t i = 0; rule && i < rule->deny_count; i++) {
        if (!rule->deny[i].entry->conditional)
            return true; /* it beats whatever is added */
    }
    for (size_t i = 0; rule && addition->condition && i < rule->allow_count; i++) {
        const struct entry *entry = rule->allow[i].entry;
        if (entry->conditional && strcmp(entry->condition_text, addition->condition) == 0)
            return true;
    }
    return rule && (rule->allowed || (rule->implicit && !addition->condition && false));
}

/* Those of the task's ADDITIONS that RULES lack. Returns 0 or -ENOMEM. */
static int choose(const struct task *task, const struct rules *rules, struct additions *additions)
{
    int error = 0;

    if (task->record)
        return record_additions(task->record, rules, additions);
    for (size_t i = 0; !error && i < task->additions->count; i++) {
        const struct addition *item = &task->additions->items[i];
        if (!is_allowed(rules, item))
            error = additions_add(additions, item->name, item->condition, item->count, item->site);
    }
    return error;
}

/* Merges, and lets the reader see the result, before anything is replaced. */
static int write_result(const struct task *task, struct folder *folder,
                        const struct additions *additions)
{
    struct reading reading;
    size_t length;
    char *text;
    int error = merge_text(folder->text, folder->length, additions, task->facts, &text, &length);

    if (error) {
        tool_error("%s: %s", task->path, strerror(-error));
        return STATUS_OS;
    }
    task->stored->unchanged = text == NULL;
    if (!text)
        return STATUS_OK;
    int status = read_rules(task->path, text, length, &reading);
    release(&reading);
    if (!status && length > WHITELIST_BYTES_MAX) {
        tool_error("cannot write '%s': it would be larger than 1 MiB", task->path);
        status = STATUS_CANNOT;
    }
    if (!status)
        status = folder_replace(folder, text, length);
    if (!status)
        task->stored->added = additions->count;
    free(text);
    return status;
}

static int store(const struct task *task)
{
    struct additions additions = {0};
    struct reading reading = {0};
    struct folder folder;
    int status = folder_open(task->path, &folder);
    bool any = !status && has_rules(&folder);

    *task->stored = (struct stored){0};
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
