#include "rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>

#include "../config/numbers.h"

#if defined(__x86_64__)
static const uint32_t NATIVE = AUDIT_ARCH_X86_64;
enum { FOREIGN_NUMBERS = 0x40000000 }; /* x32's */
#elif defined(__i386__)
static const uint32_t NATIVE = AUDIT_ARCH_I386;
enum { FOREIGN_NUMBERS = -1 }; /* none */
#elif defined(__aarch64__)
static const uint32_t NATIVE = AUDIT_ARCH_AARCH64;
enum { FOREIGN_NUMBERS = -1 }; /* none */
#else
#error "this architecture is not supported yet"
#endif

/* A tracer that skips a call makes its number -1: it belongs to every architecture. */
static bool is_foreign(uint32_t architecture, int number)
{
    return architecture != NATIVE ||
           (number != -1 && (uint32_t)number >= (uint32_t)FOREIGN_NUMBERS);
}

bool rules_is_newer(int number)
{
    return (uint32_t)number > (uint32_t)number_highest() && number != -1 &&
           !is_foreign(NATIVE, number);
}

const struct rule *rules_find(const struct rules *rules, int number)
{
    size_t low = 0;
    size_t high = rules->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rules->rules[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rules->count && rules->rules[low].number == number ? &rules->rules[low] : NULL;
}

static const struct entry *first_match(const struct line *lines, size_t count,
                                       const uint64_t arguments[6])
{
    for (size_t i = 0; i < count; i++) {
        if (condition_matches(&lines[i].entry->condition, arguments))
            return lines[i].entry;
    }
    return NULL;
}

struct verdict rules_decide(const struct rules *rules, uint32_t architecture, int number,
                            const uint64_t arguments[6])
{
    const struct action allow = {.kind = ACTION_ALLOW};
    const struct action absent = {ACTION_ERRNO, ENOSYS};
    const struct action kill = {.kind = ACTION_KILL};
    const struct entry *entry;

    if (is_foreign(architecture, number))
        return (struct verdict){kill, REASON_FOREIGN, NULL};
    const struct rule *rule = rules_find(rules, number);
    if (!rule && rules_is_newer(number))
        return (struct verdict){absent, REASON_NEWER, NULL};
    if (!rule)
        return (struct verdict){rules->default_action, REASON_DEFAULT, NULL};
    entry = first_match(rule->deny, rule->deny_count, arguments);
    if (entry)
        return (struct verdict){entry->action, REASON_DENIED, entry};
    entry = first_match(rule->allow, rule->allow_count, arguments);
    if (entry)
        return (struct verdict){allow, REASON_ALLOWED, entry};
    if (rule->implicit)
        return (struct verdict){allow, REASON_IMPLICIT, NULL};
    if (rule->fallback)
        return (struct verdict){absent, REASON_FALLBACK, NULL};
    return (struct verdict){rules->default_action, REASON_DEFAULT, NULL};
}

void rules_release(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        free(rules->rules[i].allow);
        free(rules->rules[i].deny);
    }
    free(rules->rules);
    *rules = (struct rules){0};
}
