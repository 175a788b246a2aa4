#include "swapped.h"

#include <stdbool.h>
#include <string.h>

#include "../call.h"

/* glibc up to 2.32 and from 2.39 on, and the releases between them. Who may do what newfstatat does
 * gets nothing new by fstat; and where fstat alone was seen, its twin comes without a condition, as
 * it does where it was seen. */
static const char *const TWINS[] = {"fstat", "newfstatat"};

static bool has(const struct additions *additions, const char *name)
{
    for (size_t i = 0; i < additions->count; i++) {
        if (strcmp(additions->items[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool is_spoken_of(const struct rules *rules, const char *name)
{
    const struct rule *rule = rules ? rules_find(rules, call_number(name)) : NULL;

    return rule && (rule->allow_count > 0 || rule->deny_count > 0);
}

int swapped_add(struct additions *additions, const struct rules *rules)
{
    for (size_t i = 0; i < 2; i++) {
        const char *name = TWINS[i];
        if (has(additions, TWINS[1 - i]) && !has(additions, name) && !is_spoken_of(rules, name))
            return additions_add(additions, name, NULL, 0, NULL);
    }
    return 0;
}

const char *swapped_lacking(const struct rules *rules, const char **twin)
{
    for (size_t i = 0; i < 2 && !action_allows(rules->default_action); i++) {
        *twin = TWINS[1 - i];
        const struct rule *rule = rules_find(rules, call_number(*twin));
        if (rule && rule->allow_count > 0 && !is_spoken_of(rules, TWINS[i]))
            return TWINS[i];
    }
    return NULL;
}
