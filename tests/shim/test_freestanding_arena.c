/* The shim's own heap. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

void *arena_malloc(size_t length);
void *arena_calloc(size_t count, size_t each);
void *arena_realloc(void *memory, size_t length);
void arena_free(void *memory);

#define malloc  arena_malloc
#define calloc  arena_calloc
#define realloc arena_realloc
#define free    arena_free
#include "../../shim/freestanding/arena.c"
#include "../../shim/freestanding/end.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

static void open_arena(void)
{
    cr_assert_eq(arena_open(), 0);
}

TestSuite(arena, .init = open_arena);

static bool all_bytes(const unsigned char *memory, size_t length, unsigned char byte)
{
    for (size_t i = 0; i < length; i++) {
        if (memory[i] != byte)
            return false;
    }
    return true;
}

Test(arena, aligns_to_16_bytes)
{
    for (size_t length = 0; length < 5000; length += 7) {
        void *memory = arena_malloc(length);
        cr_assert_eq((uintptr_t)memory % 16, 0);
    }
}

Test(arena, hands_out_again_what_was_freed)
{
    for (int i = 0; i < 1000000; i++) {
        arena_free(arena_malloc(1 << 20));
    }
    arena_free(NULL);
}

Test(arena, calloc_clears_what_was_used_before)
{
    unsigned char *memory = arena_malloc(1000);
    memset(memory, 0xff, 1000);
    arena_free(memory);
    unsigned char *again = arena_calloc(10, 100);
    cr_assert_eq(again, memory);
    cr_assert(all_bytes(again, 1000, 0));
    cr_assert(all_bytes(arena_calloc(1, 5000), 5000, 0));
}

Test(arena, calloc_ends_the_process_at_an_overflow, .exit_code = STATUS_SYSTEM)
{
    (void)arena_calloc(SIZE_MAX / 2 + 1, 2);
}

Test(arena, realloc_keeps_what_is_in_it)
{
    unsigned char *memory = arena_realloc(NULL, 1);
    memory[0] = 0;
    for (size_t length = 1; length < 3000; length++) {
        memory = arena_realloc(memory, length + 1);
        memory[length] = (unsigned char)length;
        (void)arena_malloc(1); /* so that it can't grow where it is */
    }
    for (size_t i = 0; i < 3000; i++)
        cr_assert_eq(memory[i], (unsigned char)i);
    cr_assert_eq(arena_realloc(memory, 10), memory);
}

Test(arena, realloc_without_room_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    (void)arena_realloc(arena_malloc(100), SIZE_MAX);
}

Test(arena, malloc_of_more_than_the_arena_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    (void)arena_malloc(ARENA_BYTES);
}

Test(arena, the_largest_block_is_half_the_arena)
{
    char *memory = arena_malloc(ARENA_BYTES / 2 - 8);
    memory[ARENA_BYTES / 2 - 9] = 1;
    (void)arena_malloc(ARENA_BYTES / 4 - 8);
}

Test(arena, a_larger_block_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    (void)arena_malloc(ARENA_BYTES / 2);
}

/* The first 8 bytes of each chunk are nobody's: so its last block does not fit. */
enum { SMALL_BLOCKS = ARENA_BYTES / 32 - 7 };

Test(arena, small_blocks_use_it_up_to_the_end)
{
    for (size_t count = 0; count < SMALL_BLOCKS; count++)
        (void)arena_malloc(24);
    cr_assert_eq(arena.mapped, ARENA_BYTES);
    cr_assert_eq(arena.chunk_count, 7);
}

Test(arena, one_block_more_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    for (size_t count = 0; count < SMALL_BLOCKS; count++)
        (void)arena_malloc(24);
    (void)arena_malloc(16);
}

Test(arena, little_is_mapped_where_little_is_needed)
{
    for (size_t count = 0; count < CHUNK_BYTES / 32 - 1; count++)
        (void)arena_malloc(24);
    cr_expect_eq(arena.mapped, CHUNK_BYTES);
    *(char *)arena_malloc(24) = 1;
    cr_expect_eq(arena.mapped, (size_t)2 * CHUNK_BYTES);
}

Test(arena, nothing_is_left_of_it_after_it_is_released)
{
    char *memory = arena_malloc(1);
    *memory = 1;
    cr_assert_eq(arena_release(), 0);
    unsigned char resident;
    void *page = (void *)((uintptr_t)memory & ~(uintptr_t)4095);
    cr_assert_eq(mincore(page, 1, &resident), -1);
    cr_assert_eq(errno, ENOMEM);
}

Test(arena, nothing_is_left_of_any_chunk)
{
    char *blocks[] = {arena_malloc(1), arena_malloc(CHUNK_BYTES),
                      arena_malloc((size_t)8 * CHUNK_BYTES)};
    unsigned char resident;

    cr_assert_eq(arena.chunk_count, 3);
    cr_assert_eq(arena_release(), 0);
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        void *page = (void *)((uintptr_t)blocks[i] & ~(uintptr_t)4095);
        cr_expect_eq(mincore(page, 1, &resident), -1);
    }
}

Test(arena, malloc_after_the_release_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    cr_assert_eq(arena_release(), 0);
    (void)arena_malloc(1);
}

Test(arena, an_address_space_too_small_is_an_error)
{
    cr_assert_eq(arena_release(), 0);
    struct rlimit limit = {CHUNK_BYTES / 2, CHUNK_BYTES / 2};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    cr_assert_eq(arena_open(), -ENOMEM);
}

static void leave_room(size_t bytes)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char text[128];

    cr_assert(file && fgets(text, sizeof(text), file));
    fclose(file);
    unsigned long pages = strtoul(text, NULL, 10);
    cr_assert(pages > 0);
    struct rlimit limit = {pages * 4096 + bytes, pages * 4096 + bytes};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

Test(arena, it_grows_by_less_where_the_limit_is_near)
{
    leave_room(CHUNK_BYTES / 2);
    for (size_t count = 0; count < CHUNK_BYTES / 32 + 100; count++)
        *(char *)arena_malloc(24) = 1;
    cr_expect_lt(arena.mapped, CHUNK_BYTES + CHUNK_BYTES / 2);
}

Test(arena, where_the_limit_leaves_nothing_the_process_ends, .exit_code = STATUS_SYSTEM)
{
    leave_room(0);
    for (size_t count = 0; count < CHUNK_BYTES / 32 + 100; count++)
        *(char *)arena_malloc(24) = 1;
}

enum { SLOTS = 200, STEPS = 200000, LENGTH_MAX = 6000 };

struct slot {
    unsigned char *memory;
    size_t length;
    unsigned char byte;
};

static void change(struct slot *slot)
{
    cr_assert(all_bytes(slot->memory, slot->length, slot->byte), "a block was overwritten");
    size_t length = (size_t)random() % LENGTH_MAX;
    if (random() % 3 == 0) {
        slot->memory = arena_realloc(slot->memory, length);
        size_t kept = length < slot->length ? length : slot->length;
        cr_assert(all_bytes(slot->memory, kept, slot->byte), "realloc lost what was in it");
    } else if (random() % 2 == 0) {
        arena_free(slot->memory);
        slot->memory = arena_malloc(length);
    } else {
        arena_free(slot->memory);
        slot->memory = arena_calloc(1, length);
        cr_assert(all_bytes(slot->memory, length, 0), "calloc did not clear");
    }
    slot->length = length;
    slot->byte = (unsigned char)random();
    memset(slot->memory, slot->byte, length);
}

Test(arena, blocks_never_overlap_under_random_churn)
{
    static struct slot slots[SLOTS];
    srandom(5);
    for (int step = 0; step < STEPS; step++)
        change(&slots[random() % SLOTS]);
}
