#include "random_whitelist.h"

#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "../../shim/rules.h"
#include "random_conditions.h"

/* One of the words in TEXT, which begins at the result and ends at a blank. */
static const char *pick_word(struct random *random, const char *text, int *length)
{
    unsigned words = 0;
    for (const char *c = text; *c != '\0'; c++)
        words += *c == ' ';
    for (unsigned skip = random_below(random, words); skip > 0; skip--)
        text = strchr(text, ' ') + 1;
    *length = (int)strcspn(text, " ");
    return text;
}

static const char *pick_name(struct random *random, const struct prototype **prototype)
{
    do
        *prototype = prototype_at(random_below(random, (unsigned)prototype_count()));
    while (seccomp_syscall_resolve_name(prototype_text((*prototype)->name)) < 0);
    return prototype_text((*prototype)->name);
}

static void write_conditions(struct random *random, FILE *stream, unsigned lines)
{
    const struct prototype *prototype = NULL;
    const char *name = NULL;
    for (unsigned i = 0; i < lines; i++) {
        struct random_condition condition;
        /* several lines on one call are what is difficult */
        while (!name || random_one_in(random, 2) || !random_condition_possible(prototype))
            name = pick_name(random, &prototype);
        random_condition(random, prototype, 2, &condition);
        fprintf(stream, "[%s]\n%s = ", i % 2 ? "deny" : "allow", name);
        if (i % 2)
            fprintf(stream, "%s if ", i % 4 == 1 ? "EACCES" : "kill");
        fprintf(stream, "%s\n", condition.text);
    }
}

void random_whitelist(struct random *random, const char *defaults, unsigned lines,
                      char text[RANDOM_WHITELIST_MAX])
{
    static const char GROUPS[] = "@stdio @files @threads @network @process @exit @fallback @info ";
    static const char ACTIONS[] = "EPERM ENOSYS kill trap 4000 ";
    const struct prototype *prototype;
    FILE *stream = fmemopen(text, RANDOM_WHITELIST_MAX, "w");
    int length;
    const char *word = pick_word(random, defaults, &length);

    fprintf(stream, "[filter]\ndefault = %.*s\n[allow]\n", length, word);
    word = pick_word(random, GROUPS, &length);
    fprintf(stream, "syscalls = read %.*s", length, word);
    for (unsigned i = random_below(random, 20); i > 0; i--)
        fprintf(stream, "\nsyscalls = %s", pick_name(random, &prototype));
    word = pick_word(random, GROUPS, &length);
    fprintf(stream, "\n[deny]\n%.*s = ", length, word);
    word = pick_word(random, ACTIONS, &length);
    fprintf(stream, "%.*s\n", length, word);
    write_conditions(random, stream, lines);
    fclose(stream);
}

int random_call(struct random *random, const struct rules *rules, size_t turn,
                uint64_t arguments[6])
{
    const struct rule none = {0};
    int number = (int)turn;

    if (turn >= RANDOM_NUMBERS && rules->count > 0)
        number = rules->rules[random_below(random, (unsigned)rules->count)].number;
    const struct rule *rule = rules_find(rules, number);
    random_arguments(random, rule ? rule : &none, arguments);
    return number;
}
