#include "arena.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "end.h"
#include "syscall.h"

/* Blocks come in sizes by 16 up to 1 KiB, and in powers of two from there to half the arena. A
 * freed block goes to the list of its size and is handed out again; new ones are cut off the
 * untouched rest. libseccomp frees and makes the same few sizes over and over and grows its
 * programs by realloc: both cost next to nothing. What costs is touching a page, 1.2 microseconds
 * (as much if MAP_POPULATE does it), so blocks are close to what was asked for. */
enum {
    STEP = 16,
    SMALL_MAX = 1024,
    SMALL_SIZES = SMALL_MAX / STEP, /* 16, 32, ... 1024 */
    LARGE_SIZES = 15,               /* 2 KiB ... 32 MiB */
    SIZES = SMALL_SIZES + LARGE_SIZES,
};
_Static_assert(SMALL_MAX << LARGE_SIZES == ARENA_BYTES / 2, "the largest is half the arena");

struct block {
    size_t size;        /* index of the list that it belongs to */
    struct block *next; /* in that list, while it is free; else what malloc() returns is here */
};
/* It is aligned to 16 bytes, so a header stands right before such an address. */
enum { HEADER = offsetof(struct block, next), ALIGNMENT = 16 };

/* The arena is mapped in chunks: the first is enough for most whitelists, each further one doubles
 * it all. A block that does not fit has one of its own. */
enum { CHUNK_BYTES = 1 << 20, CHUNKS_MAX = 64, PAGE_BYTES = 4096 };

struct chunk {
    char *start;
    size_t bytes;
};

/* An exception to "no mutable globals": malloc() has no argument that could carry its state. */
static struct {
    struct chunk chunks[CHUNKS_MAX];
    size_t chunk_count;
    size_t mapped; /* by all chunks */
    size_t used;   /* of the last one */
    struct block *free[SIZES];
} arena;

static int map_chunk(size_t bytes)
{
    if (arena.chunk_count == CHUNKS_MAX)
        return -ENOMEM;
    /* MAP_NORESERVE: it need not fit into what the machine has left. MAP_STACK: no huge page (since
     * Linux 6.7); clearing one would take longer than all the rest of the work. */
    long start = SYSTEM_CALL(CALL_MMAP, NULL, bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (start < 0 && start > -4096)
        return (int)start;
    /* No address: an outer filter pretends. */
    if (start >= 0 && start < 4096)
        return -ENOMEM;
    arena.chunks[arena.chunk_count++] = (struct chunk){(char *)start, bytes};
    arena.mapped += bytes;
    arena.used = ALIGNMENT - HEADER;
    return 0;
}

int arena_open(void)
{
    return map_chunk(CHUNK_BYTES);
}

int arena_release(void)
{
    int error = 0;

    for (size_t i = 0; i < arena.chunk_count; i++) {
        long result = SYSTEM_CALL(SYS_munmap, arena.chunks[i].start, arena.chunks[i].bytes);
        error = error ? error : (int)result;
    }
    memset(&arena, 0, sizeof(arena));
    return error;
}

static _Noreturn void out_of_memory(void)
{
    static const char text[] =
        "portcullis: error: out of memory: the whitelist needs more than 64 MiB\n";
    _Static_assert(ARENA_BYTES == 64 << 20, "the message tells the size");
    end_say(text, sizeof(text) - 1);
    end_process(STATUS_SYSTEM);
}

static _Noreturn void out_of_limits(void)
{
    static const char text[] =
        "portcullis: error: out of memory: the whitelist needs more than RLIMIT_AS, RLIMIT_DATA "
        "or the machine leaves\n";
    end_say(text, sizeof(text) - 1);
    end_process(STATUS_SYSTEM);
}

/* Another chunk, with room for BYTES. */
static void grow(size_t bytes)
{
    size_t least = (ALIGNMENT - HEADER + bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
    size_t left = ARENA_BYTES - arena.mapped;
    size_t wanted = arena.mapped < left ? arena.mapped : left;

    if (arena.chunk_count == 0 || least > left)
        out_of_memory();
    if (wanted > least && map_chunk(wanted) == 0)
        return;
    if (map_chunk(least) != 0)
        out_of_limits();
}

static size_t block_bytes(size_t size)
{
    return size < SMALL_SIZES ? STEP * (size + 1) : (size_t)SMALL_MAX << (size - SMALL_SIZES + 1);
}

/* The least size whose blocks have BYTES; SIZES or more if there is none. */
static size_t size_for(size_t bytes)
{
    if (bytes <= SMALL_MAX)
        return (bytes - 1) / STEP;
    size_t size = SMALL_SIZES;
    while (size < SIZES && block_bytes(size) < bytes)
        size++;
    return size;
}

/* Takes a block with room for LENGTH bytes; *FRESH tells that nobody has used it, so that it is all
 * zero. */
static struct block *block_take(size_t length, bool *fresh)
{
    size_t size = length < ARENA_BYTES ? size_for(length + HEADER) : SIZES;
    *fresh = false;
    if (size < SIZES && arena.free[size]) {
        struct block *block = arena.free[size];
        arena.free[size] = block->next;
        return block;
    }
    if (size == SIZES)
        out_of_memory();
    if (arena.chunk_count == 0 ||
        block_bytes(size) > arena.chunks[arena.chunk_count - 1].bytes - arena.used)
        grow(block_bytes(size));
    struct block *block = (void *)(arena.chunks[arena.chunk_count - 1].start + arena.used);
    arena.used += block_bytes(size);
    block->size = size;
    *fresh = true;
    return block;
}

static void *memory_of(struct block *block)
{
    return (char *)block + HEADER;
}

static struct block *block_of(void *memory)
{
    return (void *)((char *)memory - HEADER);
}

void *malloc(size_t length)
{
    bool fresh;
    return memory_of(block_take(length, &fresh));
}

void *calloc(size_t count, size_t each)
{
    size_t length;
    bool fresh;
    if (__builtin_mul_overflow(count, each, &length))
        out_of_memory();
    struct block *block = block_take(length, &fresh);
    return fresh ? memory_of(block) : memset(memory_of(block), 0, length);
}

void *realloc(void *memory, size_t length)
{
    if (!memory)
        return malloc(length);
    size_t room = block_bytes(block_of(memory)->size) - HEADER;
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
    struct block *block = block_of(memory);
    block->next = arena.free[block->size];
    arena.free[block->size] = block;
}
