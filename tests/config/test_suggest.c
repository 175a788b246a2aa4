#include <criterion/criterion.h>
#include <string.h>

#include "../../config/suggest.h"

static const char *best(const char *wanted, const char *const *offers)
{
    struct suggestion suggestion = suggestion_for(wanted);
    for (; *offers; offers++) {
        suggestion_offer(&suggestion, *offers);
    }
    return suggestion.best;
}

#define BEST(wanted, ...) best(wanted, (const char *const[]){__VA_ARGS__, NULL})

Test(suggest, swapped_neighbours_are_one_mistake)
{
    cr_assert_str_eq(BEST("opne", "close", "openat", "open"), "open");
}

Test(suggest, the_nearest_of_several_wins_and_the_first_of_equals)
{
    cr_assert_str_eq(BEST("getsockopts", "setsockopt", "getsockopt"), "getsockopt");
    cr_assert_str_eq(BEST("preadv3", "preadv2", "preadv1"), "preadv2");
}

Test(suggest, case_is_no_difference)
{
    cr_assert_str_eq(BEST("af_unix", "AF_INET", "AF_UNIX"), "AF_UNIX");
    cr_assert_str_eq(BEST("OPEN", "open"), "open");
}

Test(suggest, more_than_a_third_wrong_is_not_near)
{
    cr_assert_null(BEST("abcdef", "abcxyz"));
    cr_assert_str_eq(BEST("abcdef", "abcdxy"), "abcdxy");
    cr_assert_null(BEST("opxx", "open"));
}

Test(suggest, short_words_may_have_one_mistake)
{
    cr_assert_str_eq(BEST("dup", "dup2"), "dup2");
    cr_assert_str_eq(BEST("ab", "abc"), "abc");
    cr_assert_null(BEST("ab", "abcd"));
}

Test(suggest, words_of_any_length_are_survived)
{
    char wanted[200], offered[200];
    for (size_t length = 0; length < sizeof(wanted); length++) {
        memset(wanted, 'w', length);
        memset(offered, 'w', length);
        wanted[length] = '\0';
        offered[length] = '\0';
        const char *found = BEST(wanted, offered);
        cr_assert_eq(found != NULL, length >= 1 && length <= 64, "%zu", length);
    }
}

Test(suggest, the_text_ends_a_message_or_is_empty)
{
    char buffer[64] = "x";
    struct suggestion suggestion = suggestion_for("opne");
    cr_assert_str_eq(suggestion_text(&suggestion, buffer, sizeof(buffer)), "");
    suggestion_offer(&suggestion, "open");
    cr_assert_str_eq(suggestion_text(&suggestion, buffer, sizeof(buffer)),
                     "; did you mean 'open'?");
}

Test(suggest, a_text_that_does_not_fit_is_empty)
{
    char buffer[64];
    struct suggestion suggestion = suggestion_for("opne");
    suggestion_offer(&suggestion, "open");
    size_t needed = strlen("; did you mean 'open'?") + 1;
    for (size_t size = 1; size < sizeof(buffer); size++) {
        memset(buffer, '#', sizeof(buffer));
        suggestion_text(&suggestion, buffer, size);
        cr_assert_eq(strlen(buffer), size < needed ? 0 : needed - 1, "%zu", size);
        cr_assert_eq(buffer[size], '#', "%zu", size);
    }
    buffer[0] = '#';
    suggestion_text(&suggestion, buffer, 0);
    cr_assert_eq(buffer[0], '#');
}
