/* As much of Criterion as the unit tests use, for architectures that Debian's package is not
 * installed for. Each test is a process of its own, and TAP goes to stdout. */
#ifndef PORTCULLIS_TESTS_FOREIGN_CRITERION_H
#define PORTCULLIS_TESTS_FOREIGN_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct criterion_options {
    int line;
    double timeout; /* seconds */
    int exit_code;  /* that the test is to end with */
    void (*init)(void);
    void (*fini)(void);
};

struct criterion_test {
    const char *suite;
    const char *name;       /* NULL: the options of the whole suite */
    void (*function)(void); /* NULL in that case */
    struct criterion_options options;
    struct criterion_test *next;
};

void criterion_add(struct criterion_test *test);

/* What did not hold; ends the test where it is FATAL. */
void criterion_failed(bool fatal, const char *file, int line, const char *condition,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));

#define CRITERION_ADD(id, suite_, name_, function_, ...)                                           \
    static struct criterion_test id##_entry = {                                                    \
        .suite = suite_,                                                                           \
        .name = name_,                                                                             \
        .function = function_,                                                                     \
        .options = {.line = __LINE__, __VA_ARGS__},                                                \
    };                                                                                             \
    __attribute__((constructor)) static void id##_add(void)                                        \
    {                                                                                              \
        criterion_add(&id##_entry);                                                                \
    }                                                                                              \
    extern int criterion_semicolon

#define Test(suite_, name_, ...)                                                                   \
    static void suite_##_##name_##_test(void);                                                     \
    CRITERION_ADD(suite_##_##name_, #suite_, #name_, suite_##_##name_##_test, __VA_ARGS__);        \
    static void suite_##_##name_##_test(void)

#define TestSuite(suite_, ...) CRITERION_ADD(suite_##_suite, #suite_, NULL, NULL, __VA_ARGS__)

#define CRITERION_HERE __FILE__, __LINE__

#define CRITERION_CHECK(fatal, condition, text, ...)                                               \
    do {                                                                                           \
        if (!(condition))                                                                          \
            criterion_failed(fatal, CRITERION_HERE, text, " " __VA_ARGS__);                        \
    } while (0)

#define cr_assert(condition, ...)         CRITERION_CHECK(true, condition, #condition, __VA_ARGS__)
#define cr_expect(condition, ...)         CRITERION_CHECK(false, condition, #condition, __VA_ARGS__)
#define cr_assert_not(condition, ...)     cr_assert(!(condition), __VA_ARGS__)
#define cr_expect_not(condition, ...)     cr_expect(!(condition), __VA_ARGS__)
#define cr_assert_null(pointer, ...)      cr_assert((pointer) == NULL, __VA_ARGS__)
#define cr_expect_null(pointer, ...)      cr_expect((pointer) == NULL, __VA_ARGS__)
#define cr_assert_not_null(pointer, ...)  cr_assert((pointer) != NULL, __VA_ARGS__)
#define cr_expect_not_null(pointer, ...)  cr_expect((pointer) != NULL, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)           cr_assert((a) == (b), __VA_ARGS__)
#define cr_expect_eq(a, b, ...)           cr_expect((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...)          cr_assert((a) != (b), __VA_ARGS__)
#define cr_expect_neq(a, b, ...)          cr_expect((a) != (b), __VA_ARGS__)
#define cr_assert_lt(a, b, ...)           cr_assert((a) < (b), __VA_ARGS__)
#define cr_expect_lt(a, b, ...)           cr_expect((a) < (b), __VA_ARGS__)
#define cr_assert_leq(a, b, ...)          cr_assert((a) <= (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...)           cr_assert((a) > (b), __VA_ARGS__)
#define cr_expect_gt(a, b, ...)           cr_expect((a) > (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...)          cr_assert((a) >= (b), __VA_ARGS__)
#define cr_expect_geq(a, b, ...)          cr_expect((a) >= (b), __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)       cr_assert(strcmp(a, b) == 0, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)       cr_expect(strcmp(a, b) == 0, __VA_ARGS__)
#define cr_expect_str_empty(a, ...)       cr_expect((a)[0] == '\0', __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...) cr_assert(memcmp(a, b, size) == 0, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...) cr_expect(memcmp(a, b, size) == 0, __VA_ARGS__)
#define cr_assert_fail(...)               cr_assert(false, __VA_ARGS__)

#define cr_log_error(...) criterion_failed(false, CRITERION_HERE, NULL, " " __VA_ARGS__)

#endif
