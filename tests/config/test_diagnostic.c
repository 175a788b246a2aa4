#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/diagnostic.h"

static void append(void *context, const char *text, size_t length)
{
    fwrite(text, 1, length, context);
}

/* What is told; to be freed. */
static char *told(const struct diagnostics *diagnostics)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    diagnostics_tell(diagnostics, append, stream);
    fclose(stream);
    return text;
}

static void is_told(struct diagnostics *diagnostics, const char *expected)
{
    char *text = told(diagnostics);

    cr_expect_str_eq(text, expected, "%s", text);
    free(text);
    diagnostics_release(diagnostics);
}

static struct place at(const char *file, unsigned line)
{
    return (struct place){file, line};
}

Test(diagnostic, nothing_reported_is_nothing_told)
{
    struct diagnostics diagnostics = {0};

    is_told(&diagnostics, "");
}

Test(diagnostic, a_message_has_its_file_line_and_severity)
{
    struct diagnostics diagnostics = {0};

    diagnostic_error(&diagnostics, at("a.ini", 0), "it is %s", "empty");
    diagnostic_error(&diagnostics, at("a.ini", 7), "%d %u %lu %lx %.*s%%", -1, 2U, 3UL, 255UL, 2,
                     "abc");
    diagnostic_warning(&diagnostics, at("a.ini", 8), "careful");
    cr_expect_eq(diagnostics.errors, 2);
    cr_expect_eq(diagnostics.warnings, 1);
    is_told(&diagnostics, "a.ini: error: it is empty\n"
                          "a.ini:7: error: -1 2 3 ff ab%\n"
                          "a.ini:8: warning: careful\n");
}

Test(diagnostic, messages_are_sorted_by_line_in_the_order_of_the_files)
{
    struct diagnostics diagnostics = {0};
    char same_name[] = "b.ini";

    diagnostic_error(&diagnostics, at("b.ini", 9), "one");
    diagnostic_error(&diagnostics, at("a.ini", 5), "two");
    diagnostic_error(&diagnostics, at(same_name, 2), "three");
    diagnostic_warning(&diagnostics, at("a.ini", 5), "four");
    diagnostic_error(&diagnostics, at("a.ini", 1), "five");
    diagnostic_error(&diagnostics, at("b.ini", 0), "six");
    is_told(&diagnostics, "b.ini: error: six\nb.ini:2: error: three\nb.ini:9: error: one\n"
                          "a.ini:1: error: five\na.ini:5: error: two\na.ini:5: warning: four\n");
}

Test(diagnostic, a_note_stays_behind_its_message)
{
    struct diagnostics diagnostics = {0};

    diagnostic_error(&diagnostics, at("a.ini", 9), "twice");
    diagnostic_note(&diagnostics, at("a.ini", 1), "first here");
    diagnostic_note(&diagnostics, at("b.ini", 1), "and here");
    diagnostic_error(&diagnostics, at("a.ini", 3), "wrong");
    diagnostic_note(&diagnostics, at("a.ini", 8), "right");
    cr_expect_eq(diagnostics.errors, 2, "notes are no errors");
    is_told(&diagnostics, "a.ini:3: error: wrong\na.ini:8: note: right\n"
                          "a.ini:9: error: twice\na.ini:1: note: first here\n"
                          "b.ini:1: note: and here\n");
}

Test(diagnostic, the_same_message_is_told_once_with_its_notes)
{
    struct diagnostics diagnostics = {0};

    for (int i = 0; i < 2; i++) {
        diagnostic_error(&diagnostics, at("a.ini", 9), "twice");
        diagnostic_note(&diagnostics, at("a.ini", 1), "first here");
        diagnostic_error(&diagnostics, at("a.ini", 10), "twice");
        diagnostic_note(&diagnostics, at("a.ini", 1), "first here");
    }
    diagnostic_error(&diagnostics, at("b.ini", 9), "twice");
    cr_expect_eq(diagnostics.errors, 5, "each counts");
    is_told(&diagnostics, "a.ini:9: error: twice\na.ini:1: note: first here\n"
                          "a.ini:10: error: twice\na.ini:1: note: first here\n"
                          "b.ini:9: error: twice\n");
}

Test(diagnostic, unprintable_characters_become_question_marks)
{
    struct diagnostics diagnostics = {0};

    diagnostic_error(&diagnostics, at("a\n\x1b[2J.ini", 1), "%s", "a\x1b]0;b\a\tc\x7f\xc3\xa4\n~ ");
    is_told(&diagnostics, "a??[2J.ini:1: error: a?]0;b??c????~ \n");
}

static void keep_last(void *context, const struct diagnostic *item)
{
    *(struct diagnostic *)context = *item;
}

Test(diagnostic, a_kind_of_warning_has_its_name_apart_from_the_text)
{
    struct diagnostics diagnostics = {0};
    struct diagnostic last = {0};
    char where[DIAGNOSTIC_WHERE_MAX], line[DIAGNOSTIC_LINE_MAX];

    diagnostic_warning_of(&diagnostics, "some-kind", at("a:5", 7), "a.ini:%d: error: b", 3);
    diagnostics_visit(&diagnostics, keep_last, &last);
    cr_expect_str_eq(last.place.file, "a:5");
    cr_expect_eq(last.place.line, 7);
    cr_expect_eq(last.severity, SEVERITY_WARNING);
    cr_expect_str_eq(last.id, "some-kind");
    cr_expect_str_eq(last.text, "a.ini:3: error: b");
    cr_expect_str_eq(diagnostic_where(&last, where), "a:5:7");
    cr_expect_eq(diagnostic_line(&last, "there", line), strlen(line));
    cr_expect_str_eq(line, "there: warning: a.ini:3: error: b [some-kind]\n");
    is_told(&diagnostics, "a:5:7: warning: a.ini:3: error: b [some-kind]\n");
}

Test(diagnostic, what_is_too_long_is_cut)
{
    struct diagnostics diagnostics = {0};
    char text[3000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    diagnostic_error(&diagnostics, at(text, 4294967295), "%s", text);
    char *line = told(&diagnostics);
    cr_expect_eq(strlen(line), 400 + strlen(":4294967295: error: ") + DIAGNOSTIC_TEXT_MAX);
    cr_expect_eq(line[strlen(line) - 1], '\n');
    free(line);
    diagnostics_release(&diagnostics);
}

/* Reports COUNT errors, each with a note; returns the number of lines told. */
static size_t lines_of(size_t count, size_t *dropped)
{
    struct diagnostics diagnostics = {0};
    size_t lines = 0;

    for (size_t i = 0; i < count; i++) {
        diagnostic_error(&diagnostics, at("a.ini", (unsigned)(count - i)), "wrong");
        diagnostic_note(&diagnostics, at("a.ini", 1), "note");
    }
    cr_expect_eq(diagnostics.errors, count);
    *dropped = diagnostics.dropped;
    char *text = told(&diagnostics);
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    if (*dropped > 0) {
        char end[64];
        snprintf(end, sizeof(end), "portcullis: and %zu more\n", *dropped);
        cr_expect_str_eq(text + strlen(text) - strlen(end), end);
    }
    free(text);
    diagnostics_release(&diagnostics);
    return lines;
}

Test(diagnostic, beyond_a_hundred_they_are_counted)
{
    size_t dropped;

    cr_expect_eq(lines_of(50, &dropped), 100);
    cr_expect_eq(dropped, 0);
    cr_expect_eq(lines_of(51, &dropped), 101);
    cr_expect_eq(dropped, 1);
    cr_expect_eq(lines_of(5000, &dropped), 101);
    cr_expect_eq(dropped, 4950);
}
