/* The words and signs of a condition. */
#ifndef PORTCULLIS_CONFIG_LEXER_H
#define PORTCULLIS_CONFIG_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
    TOKEN_END,
    TOKEN_WORD, /* a name or a number, a leading '-' included */
    TOKEN_COMMA,
    TOKEN_AND, /* & */
    TOKEN_OR,  /* | */
    TOKEN_RANGE,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL,
    TOKEN_UNKNOWN, /* '&&', '||', or one character that the language does not have */
};

struct token {
    enum token_kind kind;
    const char *start; /* borrowed from the text */
    size_t length;
};

/* The token at *CURSOR, past which *CURSOR is moved. */
struct token lexer_next(const char **cursor);

/* Whether TOKEN is the word WORD. */
bool token_is(const struct token *token, const char *word);

/* A number as it was written: decimal, 0x hexadecimal, 0 octal, with a '-' or without. */
struct number {
    uint64_t bits; /* two's complement where it is negative */
    bool negative;
};

/* Returns 0; -EINVAL if the LENGTH bytes at TEXT are no number; -ERANGE over 64 bits. */
int lexer_number(const char *text, size_t length, struct number *number);

#endif
