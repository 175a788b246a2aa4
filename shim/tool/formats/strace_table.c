#include "strace_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS_MAX = 8 };

static const char BLANKS[] = " \t\r\n";

/* The next word of *TEXT, which is moved behind it. */
static bool next_word(const char **text, struct strace_text *word)
{
    word->start = *text + strspn(*text, BLANKS);
    word->length = strcspn(word->start, BLANKS);
    *text = word->start + word->length;
    return word->length > 0;
}

static bool is(struct strace_text word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.start, text, word.length) == 0;
}

static bool is_any_time(struct strace_text word)
{
    return is(word, "seconds") || is(word, "usecs/call") || is(word, "shortest") ||
           is(word, "longest");
}

bool strace_table_head(const char *text, struct strace_table *table)
{
    struct strace_text word;
    bool named = false;

    *table = (struct strace_table){.calls = -1, .errors = -1};
    while (next_word(&text, &word)) {
        if (is(word, "syscall") && !named) {
            named = true;
            continue;
        }
        if (is(word, "%") && (!next_word(&text, &word) || !is(word, "time")))
            return false;
        if (is(word, "calls"))
            table->calls = table->numbers;
        else if (is(word, "errors"))
            table->errors = table->numbers;
        else if (!is(word, "time") && !is_any_time(word))
            return false;
        if (++table->numbers > NUMBERS_MAX)
            return false;
    }
    return named;
}

/* "0.000229"; with a comma, as some languages have it. */
static bool is_number(struct strace_text word)
{
    return isdigit((unsigned char)*word.start) && strspn(word.start, "0123456789.,") >= word.length;
}

static bool is_name(struct strace_text word)
{
    return (isalpha((unsigned char)*word.start) || *word.start == '_') &&
           strspn(word.start, "abcdefghijklmnopqrstuvwxyz_0123456789") >= word.length;
}

bool strace_table_row(const struct strace_table *table, const char *text, struct strace_text *name,
                      unsigned long *count)
{
    struct strace_text numbers[NUMBERS_MAX];
    struct strace_text word;
    int found = 0;
    int calls = table->calls;

    *name = (struct strace_text){NULL, 0};
    while (next_word(&text, &word)) {
        if (!name->start && is_name(word))
            *name = word;
        else if (is_number(word) && found < NUMBERS_MAX)
            numbers[found++] = word;
        else
            return false;
    }
    /* where no call failed the errors are empty */
    bool empty = table->errors >= 0 && found + 1 == table->numbers;
    if (!name->start || is(*name, "total") || (found != table->numbers && !empty))
        return false;
    if (empty && table->errors < calls)
        calls--;
    *count = calls >= 0 ? strtoul(numbers[calls].start, NULL, 10) : 1;
    return *count > 0;
}

bool strace_table_ends(const char *text)
{
    struct strace_text word;
    bool first = true;
    bool total = false;

    while (next_word(&text, &word)) {
        bool ruler = strspn(word.start, "-") >= word.length;
        total |= is(word, "total");
        if (!ruler && !is_number(word) && !is(word, "total"))
            return false;
        first = false;
        if (ruler && total)
            return false;
    }
    return !first;
}
