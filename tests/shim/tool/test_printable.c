/* What is shown of text from outside. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../shim/tool/printable.h"

TestSuite(printable);

static void shows(const char *text, const char *wanted)
{
    char *line = printable_line(text);

    cr_expect_str_eq(line, wanted);
    free(line);
}

Test(printable, letters_of_all_languages_stay)
{
    shows("", "");
    shows("plain ~ text\t\\x1b", "plain ~ text\t\\x1b");
    shows("K\xc3\xb6nig \xe2\x82\xac \xf0\x9f\x8f\xb0",
          "K\xc3\xb6nig \xe2\x82\xac \xf0\x9f\x8f\xb0");
}

Test(printable, controls_are_shown_by_their_numbers)
{
    shows("\x1b[31m\r\n\x7f\x01", "\\u001b[31m\\u000d\\u000a\\u007f\\u0001");
    shows("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009b\\u009f\xc2\xa0");
    // NOLINTNEXTLINE(misc-misleading-bidirectional): that is what must not reach the terminal
    shows("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xd8\x9c\xef\xbb\xbf",
          "\\u202e\\u2066\\u2028\\u061c\\ufeff");
}

Test(printable, bytes_that_are_no_utf_8_are_shown_each)
{
    shows("\xff\x80 \xc0\x9b", "\\xff\\x80 \\xc0\\x9b");
    shows("\xc1\xbf\xe0\x80\x9b\xf0\x80\x80\x9b", "\\xc1\\xbf\\xe0\\x80\\x9b\\xf0\\x80\\x80\\x9b");
    shows("\xed\xa0\x80\xf4\x90\x80\x80", "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
    shows("\xe2\x82", "\\xe2\\x82");
    shows("\xe2\x82\x1b", "\\xe2\\x82\\u001b");
}

/* A character may come in pieces, since a stream's buffer ends where it ends. */
Test(printable, streams_show_the_same_however_the_text_is_cut)
{
    static const char TEXT[] = "\x1b \xe2\x80\xae \xf0\x9f\x8f\xb0 \xff\xe2\x82\n";
    static const char WANTED[] = "\\u001b \\u202e \xf0\x9f\x8f\xb0 \\xff\\xe2\\x82\n";
    char got[200] = "";
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    int before = dup(STDERR_FILENO);
    cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    printable_streams();
    for (const char *c = TEXT; *c != '\0'; c++)
        fputc(*c, stderr);
    dup2(before, STDERR_FILENO);
    close(ends[1]);
    size_t length = 0;
    for (ssize_t part = 1; part > 0; length += (size_t)part)
        part = read(ends[0], got + length, sizeof(got) - 1 - length);
    cr_expect_str_eq(got, WANTED);
}
