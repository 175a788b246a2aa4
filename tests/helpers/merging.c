#include "merging.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/reader.h"
#include "../../shim/rules.h"

const struct merge_facts MERGING_FACTS = {
    .heading = "learned from: ls -lR /usr",
    .machine = "Linux 6.18.0 x86_64, glibc 2.36",
    .calls = 10,
};

/* One addition for each line of TEXT: "read", or "ioctl = request == TCGETS". */
static struct additions additions_of(const char *text)
{
    struct additions additions = {0};
    char *copy = strdup(text);
    char *rest = copy;
    char *line;

    while ((line = strsep(&rest, "\n"))) {
        char *equal = strstr(line, " = ");
        if (equal)
            *equal = '\0';
        if (*line != '\0')
            cr_assert_eq(
                additions_add(&additions, line, equal ? equal + 3 : NULL, 3, "libc.so.6!read+0x14"),
                0);
    }
    free(copy);
    return additions;
}

void merging_check(const char *text, size_t length)
{
    struct whitelist whitelist;
    struct rules rules = {0};
    struct diagnostics diagnostics = {0};

    int error = reader_read_text("test.ini", text, length, &whitelist, &diagnostics);
    if (!error)
        error = rules_build(&whitelist, &diagnostics, &rules);
    cr_expect_eq(error, 0, "the reader does not take:\n%s", text);
    rules_release(&rules);
    diagnostics_release(&diagnostics);
    whitelist_release(&whitelist);
}

char *merging_result(const char *before, const char *lines, const struct merge_facts *facts)
{
    struct additions additions = additions_of(lines);
    char *result;
    size_t length;

    int error =
        merge_text(before, before ? strlen(before) : 0, &additions, facts, &result, &length);
    cr_assert_eq(error, 0);
    if (result) {
        cr_expect_eq(strlen(result), length);
        merging_check(result, length);
    }
    additions_release(&additions);
    return result;
}

void merges_with(const char *before, const char *lines, const struct merge_facts *facts,
                 const char *after)
{
    char *result = merging_result(before, lines, facts);

    cr_assert(result);
    cr_expect_str_eq(result, after, "got:\n%s\nwanted:\n%s", result, after);
    free(result);
}

void merges(const char *before, const char *lines, const char *after)
{
    merges_with(before, lines, &MERGING_FACTS, after);
}
