#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "../../config/lexer.h"

static int parse(const char *text, struct number *number)
{
    return lexer_number(text, strlen(text), number);
}

Test(lexer, numbers_are_decimal_hexadecimal_octal_and_negative)
{
    static const struct {
        const char *text;
        uint64_t bits;
        bool negative;
    } NUMBERS[] = {
        {"0", 0, false},
        {"-0", 0, false},
        {"00", 0, false},
        {"7", 7, false},
        {"4096", 4096, false},
        {"010", 8, false},
        {"0777", 511, false},
        {"-010", (uint64_t)-8, true},
        {"0x1f", 31, false},
        {"0X1F", 31, false},
        {"-0x10", (uint64_t)-16, true},
        {"-1", UINT64_MAX, true},
        {"-100", (uint64_t)-100, true},
        {"18446744073709551615", UINT64_MAX, false},
        {"0xffffffffffffffff", UINT64_MAX, false},
        {"01777777777777777777777", UINT64_MAX, false},
        {"-9223372036854775808", (uint64_t)1 << 63, true},
        {"-0x8000000000000000", (uint64_t)1 << 63, true},
    };

    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
        struct number number = {0};
        cr_expect_eq(parse(NUMBERS[i].text, &number), 0, "%s", NUMBERS[i].text);
        cr_expect_eq(number.bits, NUMBERS[i].bits, "%s", NUMBERS[i].text);
        cr_expect_eq(number.negative, NUMBERS[i].negative, "%s", NUMBERS[i].text);
    }
}

Test(lexer, what_is_no_number_is_refused)
{
    static const char *const WRONG[] = {"",    "-",   "--1", "+1",  "09",  "0x", "0x-1",
                                        "0xg", "1e3", "12a", "1.5", " 1",  "1 ", "1_0",
                                        "x10", "-0x", "08",  "O10", "0b1", "a"};
    struct number number = {42, false};

    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
        cr_expect_eq(parse(WRONG[i], &number), -EINVAL, "'%s'", WRONG[i]);
    cr_expect_eq(number.bits, 42, "a failure leaves the number alone");
}

Test(lexer, what_does_not_fit_into_64_bits_is_out_of_range)
{
    static const char *const LARGE[] = {"18446744073709551616", "99999999999999999999",
                                        "0x10000000000000000",  "02000000000000000000000",
                                        "-9223372036854775809", "-18446744073709551616",
                                        "0x1ffffffffffffffff0", "36893488147419103233"};
    struct number number;

    for (size_t i = 0; i < sizeof(LARGE) / sizeof(LARGE[0]); i++)
        cr_expect_eq(parse(LARGE[i], &number), -ERANGE, "%s", LARGE[i]);
    cr_expect_eq(parse("99999999999999999999x", &number), -EINVAL, "it is no number at all");
}

Test(lexer, no_more_than_its_length_is_read)
{
    struct number number;

    cr_expect_eq(lexer_number("123", 2, &number), 0);
    cr_expect_eq(number.bits, 12);
    cr_expect_eq(lexer_number("0x10", 2, &number), -EINVAL);
    cr_expect_eq(lexer_number("0x10", 1, &number), 0);
    cr_expect_eq(lexer_number("12", 0, &number), -EINVAL);
}

/* "w" a word, "e" the end, the signs as a letter each. */
static enum token_kind kind_of(char letter)
{
    static const char LETTERS[] = "ew,&|r=nlLgGu";

    return (enum token_kind)(strchr(LETTERS, letter) - LETTERS);
}

/* A letter a token: see kind_of(); their texts follow, but for the end's. */
static void has_tokens(const char *text, const char *kinds, ...)
{
    const char *cursor = text;
    va_list words;

    va_start(words, kinds);
    for (size_t i = 0; kinds[i] != '\0'; i++) {
        struct token token = lexer_next(&cursor);
        cr_expect_eq(token.kind, kind_of(kinds[i]), "'%s': token %zu is a %d", text, i,
                     (int)token.kind);
        const char *word = kinds[i] == 'e' ? "" : va_arg(words, const char *);
        cr_expect_eq(token.length, strlen(word), "'%s': token %zu", text, i);
        cr_expect_eq(strncmp(token.start, word, token.length), 0, "'%s': token %zu", text, i);
        cr_expect_eq(cursor, token.start + token.length);
    }
    va_end(words);
}

Test(lexer, signs_and_words_need_no_blanks_between_them)
{
    has_tokens("flags&O_ACCMODE==O_RDONLY", "w&w=we", "flags", "&", "O_ACCMODE", "==", "O_RDONLY");
    has_tokens(" fd \tin 1..2,7 ", "wwwrw,we", "fd", "in", "1", "..", "2", ",", "7");
    has_tokens("a<b<=c>d>=e!=f|g", "wlwLwgwGwnw|we", "a", "<", "b", "<=", "c", ">", "d", ">=", "e",
               "!=", "f", "|", "g");
    has_tokens("-1..-0x7f", "wrwe", "-1", "..", "-0x7f");
}

Test(lexer, the_longest_sign_wins)
{
    has_tokens("<==", "Lu", "<=", "=");
    has_tokens("===", "=u", "==", "=");
    has_tokens("...", "ru", "..", ".");
    has_tokens("&&&", "u&", "&&", "&");
    has_tokens("|||", "u|", "||", "|");
}

Test(lexer, what_the_language_does_not_have_is_one_character)
{
    has_tokens("=!(\"", "uuuue", "=", "!", "(", "\"");
    has_tokens("- 1", "uwe", "-", "1");
    has_tokens("--1", "uwe", "-", "-1");
    has_tokens("\xc3\xa4", "uue", "\xc3", "\xa4");
}

Test(lexer, the_end_comes_again_and_again)
{
    has_tokens("", "eee");
    has_tokens(" \t", "eee");
}

Test(lexer, a_word_is_compared_as_a_whole)
{
    const char *cursor = "and android && an";
    struct token token = lexer_next(&cursor);

    cr_expect(token_is(&token, "and"));
    cr_expect_not(token_is(&token, "an"));
    cr_expect_not(token_is(&token, "android"));
    token = lexer_next(&cursor);
    cr_expect_not(token_is(&token, "and"));
    token = lexer_next(&cursor);
    cr_expect_not(token_is(&token, "&&"), "a sign is no word");
}
