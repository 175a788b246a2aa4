#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/whitelist.h"

Test(whitelist, texts_of_any_length_are_kept)
{
    struct whitelist whitelist = {0};
    const char *kept[200];
    char text[10000];

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < 200; i++) {
        kept[i] = whitelist_text(&whitelist, text, i * 50);
        cr_assert_not_null(kept[i]);
    }
    for (size_t i = 0; i < 200; i++) {
        cr_expect_eq(strlen(kept[i]), i * 50);
        cr_expect_eq(strspn(kept[i], "x"), i * 50);
    }
    whitelist_release(&whitelist);
    cr_expect_null(whitelist.texts);
}

Test(whitelist, memory_is_aligned_for_a_pointer)
{
    struct whitelist whitelist = {0};

    for (size_t size = 1; size < 100; size++) {
        char *memory = whitelist_memory(&whitelist, size);
        cr_assert_not_null(memory);
        cr_expect_eq((size_t)memory % alignof(void *), 0);
        memset(memory, 0x55, size);
    }
    whitelist_release(&whitelist);
}

Test(whitelist, entries_keep_their_order)
{
    struct whitelist whitelist = {0};

    for (unsigned i = 0; i < 1000; i++) {
        struct entry entry = {.place = {"test.ini", i}};
        cr_assert_eq(whitelist_add(&whitelist, &entry), 0);
    }
    cr_expect_eq(whitelist.entry_count, 1000);
    for (unsigned i = 0; i < 1000; i++)
        cr_expect_eq(whitelist.entries[i].place.line, i);
    whitelist_release(&whitelist);
    cr_expect_eq(whitelist.entry_count, 0);
    cr_expect_null(whitelist.entries);
}

Test(whitelist, conditions_are_owned)
{
    struct whitelist whitelist = {0};
    struct entry entry = {.conditional = true};

    entry.condition.clauses = calloc(1, sizeof(struct clause));
    entry.condition.count = 1;
    cr_assert_eq(whitelist_add(&whitelist, &entry), 0);
    whitelist_release(&whitelist);
}

Test(whitelist, an_empty_one_can_be_released_twice)
{
    struct whitelist whitelist = {0};

    whitelist_release(&whitelist);
    whitelist_release(&whitelist);
}
