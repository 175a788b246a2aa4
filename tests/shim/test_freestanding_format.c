/* The shim's own vsnprintf writes what libc's writes, for the conversions that it knows. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int shim_vsnprintf(char *restrict buffer, size_t size, const char *restrict format, va_list list)
    __attribute__((format(printf, 3, 0)));
int shim_snprintf(char *restrict buffer, size_t size, const char *restrict format, ...)
    __attribute__((format(printf, 3, 4)));

/* Macros where they are checked. */
#undef vsnprintf
#undef snprintf
#define vsnprintf shim_vsnprintf
#define snprintf  shim_snprintf
#include "../../shim/freestanding/format.c"
#undef vsnprintf
#undef snprintf
#include "../../shim/freestanding/end.c"

/* Both write into SIZE bytes; the byte behind must stay. */
#define CHECK_SIZE(size, ...)                                                                      \
    do {                                                                                           \
        char ours[256];                                                                            \
        char theirs[256];                                                                          \
        memset(ours, '~', sizeof(ours));                                                           \
        memset(theirs, '~', sizeof(theirs));                                                       \
        size_t limit = (size);                                                                     \
        int our_length = shim_snprintf(ours, limit, __VA_ARGS__);                                  \
        int (*volatile libc)(char *restrict, size_t, const char *restrict, ...) = snprintf;        \
        int their_length = libc(theirs, limit, __VA_ARGS__);                                       \
        cr_assert_eq(our_length, their_length);                                                    \
        cr_assert_arr_eq(ours, theirs, sizeof(ours), "'%.200s' '%.200s'", ours, theirs);           \
    } while (0)

#define CHECK(...)                                                                                 \
    do {                                                                                           \
        for (size_t room = 0; room < 48; room++)                                                   \
            CHECK_SIZE(room, __VA_ARGS__);                                                         \
        CHECK_SIZE(sizeof(ours), __VA_ARGS__);                                                     \
    } while (0)

static const long edges[] = {0,       1,       -1,      9,        10,       -10,
                             INT_MAX, INT_MIN, INT_MIN, LONG_MAX, LONG_MIN, (long)UINT_MAX,
                             0x7fff0, 4095};

Test(format, writes_numbers_as_libc_does)
{
    srandom(4);
    for (size_t i = 0; i < 2000; i++) {
        size_t count = sizeof(edges) / sizeof(*edges);
        long number = i < count ? edges[i] : (long)((uint64_t)random() << (random() % 40));
        if (i % 3 == 0)
            number = (long)(0 - (unsigned long)number);
        CHECK("%d|%u", (int)number, (unsigned)number);
        CHECK("%ld %lu %lx.", number, (unsigned long)number, (unsigned long)number);
        CHECK("<%zu>", (size_t)number);
    }
}

Test(format, writes_texts_as_libc_does)
{
    static const char *const texts[] = {"", "a", "open", "a longer text than the others are"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        CHECK("%s", texts[i]);
        CHECK("%s: 100%% of %s%c", texts[i], texts[i], 'x');
        for (int precision = -1; precision < 6; precision++)
            CHECK("[%.*s]", precision, texts[i]);
    }
    CHECK("no conversion");
    /* A precision also limits what is read: this text has no end. */
    static const char open_end[3] = {'a', 'b', 'c'};
    CHECK("%.*s", 3, open_end);
}

/* Not through the attribute: these are mistakes that a compiler would report. */
static void format_unchecked(const char *format, ...)
{
    int (*volatile ours)(char *restrict, size_t, const char *restrict, va_list) = shim_vsnprintf;
    char buffer[16];
    va_list list;
    va_start(list, format);
    (void)ours(buffer, sizeof(buffer), format, list);
    va_end(list);
}

Test(format, ends_the_process_at_a_width, .exit_code = 71)
{
    format_unchecked("%5d", 1);
}

Test(format, ends_the_process_at_a_plain_x, .exit_code = 71)
{
    format_unchecked("%x", 1);
}

Test(format, ends_the_process_at_a_percent_sign_that_ends_the_format, .exit_code = 71)
{
    format_unchecked("100%");
}
