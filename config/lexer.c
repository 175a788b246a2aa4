#include "lexer.h"

#include <errno.h>
#include <string.h>

static const struct {
    char text[3];
    enum token_kind kind;
} SIGNS[] = {
    /* the longer ones first */
    {"..", TOKEN_RANGE},
    {"==", TOKEN_EQUAL},
    {"!=", TOKEN_NOT_EQUAL},
    {"<=", TOKEN_LESS_EQUAL},
    {">=", TOKEN_GREATER_EQUAL},
    {"<", TOKEN_LESS},
    {">", TOKEN_GREATER},
    {"&&", TOKEN_UNKNOWN},
    {"||", TOKEN_UNKNOWN},
    {"&", TOKEN_AND},
    {"|", TOKEN_OR},
    {",", TOKEN_COMMA},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct token lexer_next(const char **cursor)
{
    const char *start = *cursor;

    while (*start == ' ' || *start == '\t')
        start++;
    size_t length = *start == '-' && is_word(start[1]) ? 1 : 0;
    while (is_word(start[length]))
        length++;
    enum token_kind kind = TOKEN_WORD;
    if (length == 0) {
        kind = *start == '\0' ? TOKEN_END : TOKEN_UNKNOWN;
        length = *start != '\0';
        for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
            size_t size = strlen(SIGNS[i].text);
            if (strncmp(start, SIGNS[i].text, size) == 0) {
                kind = SIGNS[i].kind;
                length = size;
                break;
            }
        }
    }
    *cursor = start + length;
    return (struct token){kind, start, length};
}

bool token_is(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && token->length == strlen(word) &&
           memcmp(token->start, word, token->length) == 0;
}

/* The value of a digit of BASE, or BASE if it is none. */
static unsigned digit_value(char c, unsigned base)
{
    unsigned value = base;

    if (is_digit(c))
        value = (unsigned)(c - '0');
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        value = (unsigned)((c | 0x20) - 'a') + 10;
    return value < base ? value : base;
}

int lexer_number(const char *text, size_t length, struct number *number)
{
    const char *end = text + length;
    bool negative = length > 0 && *text == '-';
    unsigned base = 10;
    uint64_t bits = 0;

    text += negative;
    if (end - text > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
        base = 16;
        text += 2;
    } else if (end - text > 1 && text[0] == '0') {
        base = 8;
    }
    if (text == end)
        return -EINVAL;
    bool overflow = false;
    for (; text < end; text++) {
        unsigned digit = digit_value(*text, base);
        if (digit == base)
            return -EINVAL;
        overflow |= __builtin_mul_overflow(bits, base, &bits);
        overflow |= __builtin_add_overflow(bits, digit, &bits);
    }
    if (overflow || (negative && bits > (uint64_t)1 << 63))
        return -ERANGE;
    *number = (struct number){negative ? 0 - bits : bits, negative && bits != 0};
    return 0;
}
