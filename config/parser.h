/* A condition while it is parsed: what condition_parse.c and condition_values.c share. Not for
 * other modules. */
#ifndef PORTCULLIS_CONFIG_PARSER_H
#define PORTCULLIS_CONFIG_PARSER_H

#include "condition.h"
#include "lexer.h"

enum { PARSER_WORD_MAX = 64 };

struct parser {
    const char *cursor;
    struct token token; /* the one to be looked at next */
    const char *syscall;
    const struct prototype *prototype;
    const struct argument *argument; /* of the clause being parsed */
    struct place place;
    struct diagnostics *diagnostics;
    struct condition *condition;
};

/* Goes on to the next token. */
void parser_advance(struct parser *parser);

/* Whether the next token is of this kind; it is then passed. */
bool parser_accept(struct parser *parser, enum token_kind kind);

/* Whether the next token is a word that joins clauses, or that people join them with. */
bool parser_at_joint(const struct parser *parser);

/* Reports that WHAT was expected where the parser stands. Returns -EINVAL. */
int parser_expected(const struct parser *parser, const char *what);

/* The text of TOKEN, cut to what WORD holds. */
void parser_copy(const struct token *token, char word[PARSER_WORD_MAX]);

/* The name that users know the argument by. */
const char *parser_argument_name(const struct parser *parser, const struct clause *clause);

/* What may stand behind a comparison, or behind '&', added to CLAUSE. All return 0; -EINVAL after
 * reporting mistakes; -ENOMEM. */
int parser_mask(struct parser *parser, struct clause *clause);
int parser_list(struct parser *parser, struct clause *clause);
int parser_flags(struct parser *parser, struct clause *clause);
int parser_operand(struct parser *parser, struct clause *clause);

#endif
