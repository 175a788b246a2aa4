#include "multiplexer.h"

#ifdef __i386__

#include <asm/unistd.h>
#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "../config/spellings.h"

int multiplexer_number(size_t index)
{
    static const int NUMBERS[] = {__NR_socketcall, __NR_ipc};

    return index < sizeof(NUMBERS) / sizeof(NUMBERS[0]) ? NUMBERS[index] : -1;
}

static int number_of(const struct multiplexed *multiplexed)
{
    return strcmp(multiplexed->multiplexer, "ipc") == 0 ? __NR_ipc : __NR_socketcall;
}

/* Whether a line of the whitelist names the multiplexer: then what it says holds. */
static bool is_named(const struct rules *rules, int number)
{
    const struct rule *rule = rules_find(rules, number);

    for (size_t i = 0; rule && i < rule->allow_count; i++) {
        if (!rule->allow[i].entry->implied)
            return true;
    }
    for (size_t i = 0; rule && i < rule->deny_count; i++) {
        if (!rule->deny[i].entry->implied)
            return true;
    }
    return false;
}

enum { CALLS = 32 }; /* more than either has */

/* Whether one of the calls that are meant is carried out when it is made by the multiplexer. */
static bool is_reached(const struct rules *rules, const struct multiplexed *multiplexed)
{
    struct diagnostics diagnostics = {0};
    struct condition meant;
    bool reached = false;

    if (condition_parse(multiplexed->condition, multiplexed->multiplexer,
                        prototype_find(multiplexed->multiplexer), (struct place){"", 0},
                        &diagnostics, &meant) != 0)
        return true;
    for (uint64_t call = 0; call < CALLS && !reached; call++) {
        uint64_t arguments[6] = {call};
        if (!condition_matches(&meant, arguments))
            continue;
        struct verdict verdict =
            rules_decide(rules, AUDIT_ARCH_I386, number_of(multiplexed), arguments);
        reached = verdict.action.kind == ACTION_ALLOW || verdict.action.kind == ACTION_LOG;
    }
    condition_release(&meant);
    return reached;
}

int multiplexer_check(const struct whitelist *whitelist, const struct rules *rules,
                      struct diagnostics *diagnostics)
{
    int error = 0;

    for (size_t i = 0; i < whitelist->entry_count; i++) {
        const struct entry *entry = &whitelist->entries[i];
        struct multiplexed multiplexed;
        if (entry->section != SECTION_DENY || !entry->conditional ||
            entry->subject.kind != SUBJECT_NAME ||
            !spellings_multiplexed(entry->subject.name, &multiplexed) ||
            is_named(rules, number_of(&multiplexed)) || !is_reached(rules, &multiplexed))
            continue;
        diagnostic_error(
            diagnostics, entry->place,
            "'%s' is allowed by way of '%s', where a condition can't see its "
            "arguments; deny '%s' as well, or list it in [allow] if that is acceptable",
            entry->subject.name, multiplexed.multiplexer, multiplexed.multiplexer);
        error = -EINVAL;
    }
    return error;
}

#else

int multiplexer_number(size_t index)
{
    (void)index;
    return -1;
}

int multiplexer_check(const struct whitelist *whitelist, const struct rules *rules,
                      struct diagnostics *diagnostics)
{
    (void)whitelist;
    (void)rules;
    (void)diagnostics;
    return 0;
}

#endif
