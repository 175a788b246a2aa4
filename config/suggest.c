#include "suggest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* No name that is offered is longer; a wanted word that is gets no suggestion. */
enum { WORD_MAX = 64 };

static char folded(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
static unsigned distance_between(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][WORD_MAX + 1];

    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            char x = folded(a[i - 1]), y = folded(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2])) {
                row[j] = least(row[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

struct suggestion suggestion_for(const char *wanted)
{
    return (struct suggestion){.wanted = wanted};
}

void suggestion_offer(struct suggestion *suggestion, const char *candidate)
{
    size_t length = strlen(suggestion->wanted);
    size_t offered = strlen(candidate);
    if (length == 0 || length > WORD_MAX || offered == 0 || offered > WORD_MAX) {
        return;
    }

    unsigned limit = length < 6 ? 1 : (unsigned)length / 3;
    size_t apart = length < offered ? offered - length : length - offered;
    if (apart > limit) {
        return;
    }

    unsigned distance = distance_between(suggestion->wanted, length, candidate, offered);
    bool nearer = !suggestion->best || distance < suggestion->distance;
    if (distance <= limit && nearer) {
        suggestion->best = candidate;
        suggestion->distance = distance;
    }
}

const char *suggestion_text(const struct suggestion *suggestion, char *buffer, unsigned long size)
{
    static const char before[] = "; did you mean '";
    static const char after[] = "'?";
    size_t length = suggestion->best ? strlen(suggestion->best) : 0;

    /* A part of a suggestion would mislead: the whole of it or nothing. */
    if (length == 0 || sizeof(before) - 1 + length + sizeof(after) > size) {
        if (size > 0) {
            buffer[0] = '\0';
        }
        return buffer;
    }
    memcpy(buffer, before, sizeof(before) - 1);
    memcpy(buffer + sizeof(before) - 1, suggestion->best, length);
    memcpy(buffer + sizeof(before) - 1 + length, after, sizeof(after));
    return buffer;
}
