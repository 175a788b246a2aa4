#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "parser.h"
#include "suggest.h"

static int find_number(const char *word, size_t length, struct number *number)
{
    int error = lexer_number(word, length, number);
    char name[PARSER_WORD_MAX];
    int64_t value;

    if (error != -EINVAL)
        return error;
    parser_copy(&(struct token){TOKEN_WORD, word, length}, name);
    if (length >= PARSER_WORD_MAX || !constant_find(name, &value))
        return -EINVAL;
    *number = (struct number){(uint64_t)value, value < 0};
    return 0;
}

bool condition_number(const char *word, int64_t *value)
{
    struct number number;

    if (find_number(word, strlen(word), &number) != 0)
        return false;
    *value = (int64_t)number.bits;
    return true;
}

static int report_unknown_value(const struct parser *parser)
{
    char word[PARSER_WORD_MAX];
    char near[PARSER_WORD_MAX + 32];

    parser_copy(&parser->token, word);
    struct suggestion suggestion = suggestion_for(word);
    if (word[0] == '-' || (word[0] >= '0' && word[0] <= '9')) {
        diagnostic_error(parser->diagnostics, parser->place, "'%s' is not a number", word);
        return -EINVAL;
    }
    for (size_t i = 0; i < constant_count(); i++)
        suggestion_offer(&suggestion, constant_name(i));
    diagnostic_error(parser->diagnostics, parser->place, "unknown constant '%s'%s", word,
                     suggestion_text(&suggestion, near, sizeof(near)));
    return -EINVAL;
}

/* Whether the bits above the argument's width are no more than its sign. */
static bool fits(const struct clause *clause, const struct number *number)
{
    if (clause->width == 64)
        return true;
    if (number->negative)
        return (int64_t)number->bits >= -((int64_t)1 << (clause->width - 1));
    return number->bits <= clause_bits(clause);
}

/* One name or number. */
static int parse_atom(struct parser *parser, const struct clause *clause, struct number *number)
{
    if (parser->token.kind != TOKEN_WORD || parser_at_joint(parser))
        return parser_expected(parser, "a value");
    int error = find_number(parser->token.start, parser->token.length, number);
    if (error == -EINVAL) {
        error = report_unknown_value(parser);
    } else if (error || !fits(clause, number)) {
        diagnostic_error(parser->diagnostics, parser->place,
                         "'%.*s' does not fit into the %u bits of '%s'", (int)parser->token.length,
                         parser->token.start, clause->width, parser_argument_name(parser, clause));
        error = -EINVAL;
    }
    parser_advance(parser);
    return error;
}

/* Names and numbers joined by '|'. */
static int parse_value(struct parser *parser, const struct clause *clause, struct number *number)
{
    int error = parse_atom(parser, clause, number);

    while (parser_accept(parser, TOKEN_OR)) {
        struct number other = {0};
        int failed = parse_atom(parser, clause, &other);
        error = error ? error : failed;
        number->bits |= other.bits;
        number->negative |= other.negative;
    }
    number->bits &= clause_bits(clause);
    return error;
}

int parser_mask(struct parser *parser, struct clause *clause)
{
    struct number mask = {0};
    int error = parse_value(parser, clause, &mask);

    if (!error && mask.bits == 0) {
        diagnostic_error(parser->diagnostics, parser->place, "the mask after '&' is 0");
        error = -EINVAL;
    }
    clause->mask = mask.bits;
    clause->is_signed = false;
    return error;
}

static int append_range(struct clause *clause, struct range range)
{
    /* doubles at every power of two */
    if ((clause->count & (clause->count - 1)) == 0) {
        size_t capacity = clause->count ? 2 * clause->count : 1;
        struct range *ranges = realloc(clause->ranges, capacity * sizeof(*ranges));
        if (!ranges)
            return -ENOMEM;
        clause->ranges = ranges;
    }
    clause->ranges[clause->count++] = range;
    return 0;
}

/* Where values are put in order, one that the argument's type does not have makes no sense. */
static int check_order(const struct parser *parser, const struct clause *clause,
                       const struct number *number)
{
    bool upper_half = (number->bits >> (clause->width - 1) & 1) != 0;

    if (clause->is_signed ? number->negative == upper_half : !number->negative)
        return 0;
    if (clause->is_signed)
        diagnostic_error(parser->diagnostics, parser->place,
                         "'%s' is signed, with %u bits: in its order no value is above %ld",
                         parser_argument_name(parser, clause), clause->width,
                         (long)(clause_bits(clause) >> 1));
    else
        diagnostic_error(
            parser->diagnostics, parser->place,
            "'%s' is compared as an unsigned number: in its order no value is negative",
            parser_argument_name(parser, clause));
    return -EINVAL;
}

static int parse_item(struct parser *parser, struct clause *clause)
{
    struct number low = {0};
    int error = parse_value(parser, clause, &low);
    struct number high = low;

    if (parser_accept(parser, TOKEN_RANGE)) {
        int failed = parse_value(parser, clause, &high);
        error = error ? error : failed;
        if (!error)
            error = check_order(parser, clause, &low);
        if (!error)
            error = check_order(parser, clause, &high);
        uint64_t flip = clause->is_signed ? (uint64_t)1 << (clause->width - 1) : 0;
        if (!error && (low.bits ^ flip) > (high.bits ^ flip)) {
            diagnostic_error(parser->diagnostics, parser->place,
                             "the range is empty: its first value is above its last");
            error = -EINVAL;
        }
    }
    return error ? error : append_range(clause, (struct range){low.bits, high.bits});
}

static bool at_item(const struct parser *parser)
{
    return parser->token.kind == TOKEN_WORD && !parser_at_joint(parser);
}

/* The values after 'in': separated by spaces or commas, ended by 'and' or the line. */
int parser_list(struct parser *parser, struct clause *clause)
{
    int error = 0;

    if (!at_item(parser))
        return parser_expected(parser, "a value");
    do {
        int failed = parse_item(parser, clause);
        if (failed == -ENOMEM)
            return failed;
        error = error ? error : failed;
        if (parser_accept(parser, TOKEN_COMMA) && !at_item(parser))
            return parser_expected(parser, "a value");
    } while (at_item(parser));
    return error;
}

/* What to write instead of WORD, a flag that is none: for 'only' and 'without' the opposite. */
static void report_no_flag(const struct parser *parser, const struct clause *clause,
                           const struct token *word, const char *mask)
{
    const char *sign = clause->comparison == COMPARE_WITHOUT ? "!=" : "==";
    char instead[PARSER_WORD_MAX + 16] = "";

    if (clause->comparison == COMPARE_ONLY && *mask != '\0')
        snprintf(instead, sizeof(instead), "'only %s' and ", mask);
    diagnostic_error(parser->diagnostics, parser->place, "'%.*s' is %s; write %s'%s%s%s %s %.*s'",
                     (int)word->length, word->start,
                     *mask != '\0' ? "not a flag but a value of a field" : "0 and no flag", instead,
                     parser_argument_name(parser, clause), *mask != '\0' ? " & " : "", mask, sign,
                     (int)word->length, word->start);
}

/* 'with O_RDONLY' would hold for every call, 'with O_RDWR' miss or hit others than it seems to. */
static int check_flag(const struct parser *parser, const struct clause *clause,
                      const struct token *word, uint64_t bits)
{
    int64_t field = 0;
    const char *mask = prototype_text(parser->argument->field);

    if (*mask != '\0' && !constant_find(mask, &field))
        field = 0;
    uint64_t part = bits & (uint64_t)field;
    if (bits != 0 && (part == 0 || part == (uint64_t)field))
        return 0;
    if ((bits & ~(uint64_t)field) == 0)
        report_no_flag(parser, clause, word, field != 0 ? mask : "");
    else
        diagnostic_error(parser->diagnostics, parser->place,
                         "'%.*s' is more than a flag: it has a part of the field %s, which is "
                         "compared by '%s & %s == VALUE'",
                         (int)word->length, word->start, mask, parser_argument_name(parser, clause),
                         mask);
    return -EINVAL;
}

int parser_flags(struct parser *parser, struct clause *clause)
{
    uint64_t flags = 0;
    int error = 0;

    do {
        struct number number = {0};
        struct token word = parser->token;
        int failed = parse_atom(parser, clause, &number);
        number.bits &= clause_bits(clause);
        if (!failed)
            failed = check_flag(parser, clause, &word, number.bits);
        error = error ? error : failed;
        flags |= number.bits;
    } while (parser_accept(parser, TOKEN_OR));
    return error ? error : append_range(clause, (struct range){flags, flags});
}

static bool is_ordering(enum comparison comparison)
{
    return comparison == COMPARE_LESS || comparison == COMPARE_LESS_EQUAL ||
           comparison == COMPARE_GREATER || comparison == COMPARE_GREATER_EQUAL;
}

int parser_operand(struct parser *parser, struct clause *clause)
{
    struct number number = {0};
    int error = parse_value(parser, clause, &number);

    if (!error && is_ordering(clause->comparison))
        error = check_order(parser, clause, &number);
    return error ? error : append_range(clause, (struct range){number.bits, number.bits});
}
