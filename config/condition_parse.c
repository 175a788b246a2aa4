#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"
#include "suggest.h"

/* A call that no prototype is known of: a0 to a5, in all their bits. */
static const struct argument RAW_ARGUMENT = {.width = 8 * sizeof(long)};

void parser_advance(struct parser *parser)
{
    parser->token = lexer_next(&parser->cursor);
}

bool parser_accept(struct parser *parser, enum token_kind kind)
{
    if (parser->token.kind != kind)
        return false;
    parser_advance(parser);
    return true;
}

static bool accept_word(struct parser *parser, const char *word)
{
    if (!token_is(&parser->token, word))
        return false;
    parser_advance(parser);
    return true;
}

bool parser_at_joint(const struct parser *parser)
{
    return token_is(&parser->token, "and") || token_is(&parser->token, "or");
}

/* For those who think in C. */
static const char *hint(const struct token *token)
{
    if (token_is(token, "or"))
        return "; for an 'or', write a line of its own";
    if (token->kind != TOKEN_UNKNOWN)
        return "";
    switch (*token->start) {
    case '&':
        return "; clauses are joined by 'and'";
    case '|':
        return "; for an 'or', write a line of its own";
    case '=':
        return "; 'equal' is written '=='";
    default:
        return "";
    }
}

int parser_expected(const struct parser *parser, const char *what)
{
    if (parser->token.kind == TOKEN_END)
        diagnostic_error(parser->diagnostics, parser->place,
                         "the condition ends where %s is expected", what);
    else
        diagnostic_error(parser->diagnostics, parser->place, "expected %s before '%.*s'%s", what,
                         (int)parser->token.length, parser->token.start, hint(&parser->token));
    return -EINVAL;
}

const char *parser_argument_name(const struct parser *parser, const struct clause *clause)
{
    static const char RAW_NAMES[][3] = {"a0", "a1", "a2", "a3", "a4", "a5"};

    return parser->prototype ? prototype_text(parser->argument->name) : RAW_NAMES[clause->argument];
}

void parser_copy(const struct token *token, char word[PARSER_WORD_MAX])
{
    size_t length = token->length < PARSER_WORD_MAX ? token->length : PARSER_WORD_MAX - 1;

    memcpy(word, token->start, length);
    word[length] = '\0';
}

static int report_unknown_argument(const struct parser *parser, const char *word)
{
    char names[256] = "";
    char near[PARSER_WORD_MAX + 32];
    struct suggestion suggestion = suggestion_for(word);

    for (unsigned i = 0; i < parser->prototype->count; i++) {
        const char *name = prototype_text(parser->prototype->arguments[i].name);
        size_t used = strlen(names);
        snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "", name);
        suggestion_offer(&suggestion, name);
        suggestion_offer(&suggestion, prototype_text(parser->prototype->arguments[i].kernel_name));
    }
    suggestion_text(&suggestion, near, sizeof(near));
    if (parser->prototype->count == 0)
        diagnostic_error(parser->diagnostics, parser->place,
                         "unknown argument '%s': '%s' has no arguments", word, parser->syscall);
    else
        diagnostic_error(parser->diagnostics, parser->place,
                         "unknown argument '%s' of '%s', which has %s%s", word, parser->syscall,
                         names, near);
    return -EINVAL;
}

static int parse_argument(struct parser *parser, struct clause *clause)
{
    char word[PARSER_WORD_MAX];

    if (parser->token.kind != TOKEN_WORD || parser_at_joint(parser))
        return parser_expected(parser, "an argument's name");
    parser_copy(&parser->token, word);
    int index = -1;
    if (parser->prototype)
        index = prototype_argument(parser->prototype, word);
    else if (word[0] == 'a' && word[1] >= '0' && word[1] <= '5' && word[2] == '\0')
        index = word[1] - '0';
    if (index < 0)
        return parser->prototype ? report_unknown_argument(parser, word) : -ENOENT;
    parser_advance(parser);
    parser->argument = parser->prototype ? &parser->prototype->arguments[index] : &RAW_ARGUMENT;
    clause->argument = (unsigned)index;
    clause->width = parser->argument->width;
    clause->is_signed = parser->argument->is_signed;
    clause->mask = UINT64_MAX;
    return 0;
}

/* Returns 0 and the comparison that comes next, or -EINVAL after reporting that there is none. */
static int parse_comparison(struct parser *parser, enum comparison *comparison)
{
    static const struct {
        enum token_kind kind;
        enum comparison comparison;
    } SIGNS[] = {
        {TOKEN_EQUAL, COMPARE_EQUAL},     {TOKEN_NOT_EQUAL, COMPARE_NOT_EQUAL},
        {TOKEN_LESS, COMPARE_LESS},       {TOKEN_LESS_EQUAL, COMPARE_LESS_EQUAL},
        {TOKEN_GREATER, COMPARE_GREATER}, {TOKEN_GREATER_EQUAL, COMPARE_GREATER_EQUAL},
    };
    static const struct {
        char word[8];
        enum comparison comparison;
    } WORDS[] = {
        {"in", COMPARE_IN},
        {"with", COMPARE_WITH},
        {"without", COMPARE_WITHOUT},
        {"only", COMPARE_ONLY},
    };

    if (accept_word(parser, "not")) {
        *comparison = COMPARE_NOT_IN;
        return accept_word(parser, "in") ? 0 : parser_expected(parser, "'in'");
    }
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (accept_word(parser, WORDS[i].word)) {
            *comparison = WORDS[i].comparison;
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
        if (parser_accept(parser, SIGNS[i].kind)) {
            *comparison = SIGNS[i].comparison;
            return 0;
        }
    }
    return parser_expected(parser,
                           "a comparison (in, not in, with, without, only, ==, !=, <, <=, >, >=)");
}

/* Before the value is read: it may be a path in quotes. */
static int check_pointer(const struct parser *parser, const struct clause *clause)
{
    bool by_value = clause->comparison == COMPARE_EQUAL || clause->comparison == COMPARE_NOT_EQUAL;

    if (!parser->argument->is_pointer ||
        (by_value && clause->mask == UINT64_MAX &&
         (parser->token.kind == TOKEN_END || token_is(&parser->token, "0"))))
        return 0;
    diagnostic_error(parser->diagnostics, parser->place,
                     "'%s' is a pointer: seccomp can't see what is behind it, so it can only be "
                     "compared with 0 (== 0, != 0)",
                     parser_argument_name(parser, clause));
    return -EINVAL;
}

static int parse_clause(struct parser *parser, struct clause *clause)
{
    int error = parse_argument(parser, clause);

    if (!error && parser_accept(parser, TOKEN_AND))
        error = parser_mask(parser, clause);
    if (!error)
        error = parse_comparison(parser, &clause->comparison);
    if (!error)
        error = check_pointer(parser, clause);
    if (error)
        return error;
    switch (clause->comparison) {
    case COMPARE_IN:
    case COMPARE_NOT_IN:
        error = parser_list(parser, clause);
        break;
    case COMPARE_WITH:
    case COMPARE_WITHOUT:
    case COMPARE_ONLY:
        error = parser_flags(parser, clause);
        break;
    case COMPARE_EQUAL:
    case COMPARE_NOT_EQUAL:
    case COMPARE_LESS:
    case COMPARE_LESS_EQUAL:
    case COMPARE_GREATER:
    case COMPARE_GREATER_EQUAL:
        error = parser_operand(parser, clause);
        break;
    }
    return error;
}

static int append_clause(struct condition *condition, struct clause **clause)
{
    struct clause *clauses = realloc(condition->clauses, (condition->count + 1) * sizeof(*clauses));

    if (!clauses)
        return -ENOMEM;
    condition->clauses = clauses;
    *clause = &clauses[condition->count++];
    **clause = (struct clause){0};
    return 0;
}

static int parse(struct parser *parser)
{
    int error = 0;

    do {
        struct clause *clause;
        int failed = append_clause(parser->condition, &clause);
        if (failed)
            return failed;
        failed = parse_clause(parser, clause);
        if (failed == -ENOMEM)
            return failed;
        if (error != -EINVAL && failed)
            error = failed;
        /* after a mistake go on behind the next 'and', to find more of them */
        while (failed && parser->token.kind != TOKEN_END && !token_is(&parser->token, "and"))
            parser_advance(parser);
    } while (accept_word(parser, "and"));
    if (!error && parser->token.kind != TOKEN_END)
        error = parser_expected(parser, "'and' or the end of the line");
    return error;
}

int condition_parse(const char *text, const char *syscall, const struct prototype *prototype,
                    struct place place, struct diagnostics *diagnostics,
                    struct condition *condition)
{
    struct parser parser = {
        .cursor = text,
        .syscall = syscall,
        .prototype = prototype,
        .argument = &RAW_ARGUMENT,
        .place = place,
        .diagnostics = diagnostics,
        .condition = condition,
    };

    *condition = (struct condition){0};
    parser_advance(&parser);
    int error = parse(&parser);
    if (error)
        condition_release(condition);
    return error;
}
