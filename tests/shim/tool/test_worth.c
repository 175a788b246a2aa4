#include <criterion/criterion.h>

#include "../../../config/prototypes.h"
#include "../../../shim/tool/call.h"
#include "../../../shim/tool/learn/worth.h"

Test(worth, every_row_names_an_argument_that_its_call_has_and_that_is_no_pointer)
{
    for (size_t i = 0; i < worth_count(); i++) {
        const struct worth *row = worth_at(i);
        const struct prototype *prototype = prototype_find(row->call);
        cr_assert_not_null(prototype, "%s", row->call);
        int index = prototype_argument(prototype, row->argument);
        cr_assert_geq(index, 0, "%s of %s", row->argument, row->call);
        cr_expect_not(prototype->arguments[index].is_pointer, "%s of %s", row->argument, row->call);
        cr_expect_str_eq(prototype_text(prototype->arguments[index].name), row->argument,
                         "%s of %s: the manual has another name", row->argument, row->call);
    }
}

Test(worth, no_row_is_about_a_descriptor_a_size_an_address_or_a_process)
{
    static const char *const NEVER[] = {"fd",     "dirfd",  "sockfd", "count", "len",
                                        "length", "addr",   "pid",    "tid",   "tgid",
                                        "buf",    "offset", "optlen", "size",  "mode"};

    for (size_t i = 0; i < worth_count(); i++) {
        for (size_t k = 0; k < sizeof(NEVER) / sizeof(NEVER[0]); k++)
            cr_expect_str_neq(worth_at(i)->argument, NEVER[k], "%s", worth_at(i)->call);
    }
}

Test(worth, the_bits_of_a_row_are_constants_within_the_width_of_the_argument)
{
    for (size_t i = 0; i < worth_count(); i++) {
        const struct worth *row = worth_at(i);
        const struct prototype *prototype = prototype_find(row->call);
        int index = prototype_argument(prototype, row->argument);
        unsigned width = prototype->arguments[index].width;
        uint64_t bits = 0;
        if (row->manner == WORTH_WITHOUT)
            cr_expect_not_null(row->bits, "%s: which flags?", row->call);
        if (row->manner == WORTH_PROT)
            cr_expect_null(row->bits, "%s: all of prot is looked at", row->call);
        if (!row->bits)
            continue;
        cr_assert(call_value(row->bits, &bits), "%s: %s", row->call, row->bits);
        if (width < 64 && row->manner == WORTH_WITHOUT)
            cr_expect_eq(bits >> width, 0, "%s: %s", row->call, row->bits);
    }
}

Test(worth, the_rows_of_a_call_stand_together_the_safe_ones_first)
{
    for (size_t i = 0; i < worth_count(); i++) {
        const struct worth *row = worth_at(i);
        size_t count;
        const struct worth *first = worth_find(row->call, &count);
        cr_assert(first <= row && row < first + count, "%s stands in two places", row->call);
        for (size_t k = 1; k < count; k++)
            cr_expect(first[k - 1].safe || !first[k].safe, "%s", row->call);
    }
}

Test(worth, what_decides_about_socket_is_its_domain_before_its_type)
{
    size_t count;
    const struct worth *rows = worth_find("socket", &count);

    cr_assert_eq(count, 2);
    cr_expect_str_eq(rows[0].argument, "domain");
    cr_expect_str_eq(rows[1].argument, "type");
    cr_expect_str_eq(rows[1].bits, "SOCK_TYPE_MASK");
    cr_expect(rows[0].safe);
    cr_expect(rows[1].safe);
}

Test(worth, a_call_that_is_not_in_the_table_has_no_rows)
{
    size_t count = 7;

    cr_expect_null(worth_find("read", &count));
    cr_expect_eq(count, 0);
    cr_expect_null(worth_find("", &count));
}
