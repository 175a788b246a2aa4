#include "arena.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "end.h"
#include "syscall.h"

/* Blocks are powers of two, from 32 bytes to the whole arena. A freed block goes to the list of its
 * size and is handed out again; new ones are cut off the untouched rest. libseccomp frees and makes
 * the same few sizes over and over and grows its programs by realloc: both cost next to nothing. */
enum { SMALLEST_SHIFT = 5, SIZES = 22 };
_Static_assert(1 << (SMALLEST_SHIFT + SIZES - 1) == ARENA_BYTES, "the largest block is the arena");

/* In front of what malloc() returns; 16 bytes, so that the rest stays aligned. */
struct block {
    size_t size;        /* index of the list that it belongs to */
    struct block *next; /* in that list, while it is free */
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct block) == 16, "what follows a header is aligned to 16 bytes");

/* An exception to "no mutable globals": malloc() has no argument that could carry its state. */
static struct {
    char *start;
    size_t used;
    struct block *free[SIZES];
} arena;

int arena_open(void)
{
    /* MAP_NORESERVE: it need not fit into what the machine has left. MAP_STACK: no huge page (since
     * Linux 6.7); clearing one would take longer than all the rest of the work. */
    long start = SYSTEM_CALL(CALL_MMAP, NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (start < 0 && start > -4096)
        return (int)start;
    /* No address: an outer filter pretends. */
    if (start >= 0 && start < 4096)
        return -ENOMEM;
    arena.start = (char *)start;
    return 0;
}

int arena_release(void)
{
    char *start = arena.start;
    memset(&arena, 0, sizeof(arena));
    return (int)SYSTEM_CALL(SYS_munmap, start, ARENA_BYTES);
}

static _Noreturn void out_of_memory(void)
{
    static const char text[] =
        "portcullis: error: out of memory: the whitelist needs more than 64 MiB\n";
    _Static_assert(ARENA_BYTES == 64 << 20, "the message tells the size");
    end_say(text, sizeof(text) - 1);
    end_process(STATUS_SYSTEM);
}

static size_t block_bytes(size_t size)
{
    return (size_t)1 << (SMALLEST_SHIFT + size);
}

/* Takes a block with room for LENGTH bytes; *FRESH tells that nobody has used it, so that it is all
 * zero. */
static struct block *block_take(size_t length, bool *fresh)
{
    size_t size = 0;
    while (size < SIZES && block_bytes(size) - sizeof(struct block) < length)
        size++;
    *fresh = false;
    if (size < SIZES && arena.free[size]) {
        struct block *block = arena.free[size];
        arena.free[size] = block->next;
        return block;
    }
    if (!arena.start || size == SIZES || block_bytes(size) > ARENA_BYTES - arena.used)
        out_of_memory();
    struct block *block = (void *)(arena.start + arena.used);
    arena.used += block_bytes(size);
    block->size = size;
    *fresh = true;
    return block;
}

void *malloc(size_t length)
{
    bool fresh;
    return block_take(length, &fresh) + 1;
}

void *calloc(size_t count, size_t each)
{
    size_t length;
    bool fresh;
    if (__builtin_mul_overflow(count, each, &length))
        out_of_memory();
    struct block *block = block_take(length, &fresh);
    return fresh ? block + 1 : memset(block + 1, 0, length);
}

void *realloc(void *memory, size_t length)
{
    if (!memory)
        return malloc(length);
    struct block *block = (struct block *)memory - 1;
    size_t room = block_bytes(block->size) - sizeof(struct block);
    if (length <= room)
        return memory;
    void *moved = memcpy(malloc(length), memory, room);
    free(memory);
    return moved;
}

void free(void *memory)
{
    if (!memory)
        return;
    struct block *block = (struct block *)memory - 1;
    block->next = arena.free[block->size];
    arena.free[block->size] = block;
}
