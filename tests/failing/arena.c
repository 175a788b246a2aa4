/* The shim's arena, with an allocation that fails: the one whose number, from 1, is the value of
 * PORTCULLIS_FAIL_AT. Linked instead of the real one, for the tests alone. */
#define malloc  arena_malloc
#define calloc  arena_calloc
#define realloc arena_realloc
#define free    arena_free
#include "../../shim/freestanding/arena.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include <fcntl.h>

void *malloc(size_t length);
void *calloc(size_t count, size_t each);
void *realloc(void *memory, size_t length);
void free(void *memory);

static struct {
    unsigned long count;
    unsigned long fail_at;
    char environment[1 << 16];
} failing;

static unsigned long number_in(const char *text)
{
    unsigned long number = 0;
    while (*text >= '0' && *text <= '9')
        number = 10 * number + (unsigned long)(*text++ - '0');
    return number;
}

static void read_fail_at(void)
{
    static const char name[] = "PORTCULLIS_FAIL_AT=";
    long fd = SYSTEM_CALL(SYS_openat, AT_FDCWD, "/proc/self/environ", O_RDONLY | O_CLOEXEC);
    SYSTEM_CALL(SYS_read, fd, failing.environment, sizeof(failing.environment) - 1);
    SYSTEM_CALL(SYS_close, fd);
    for (const char *text = failing.environment; *text != '\0'; text += strlen(text) + 1) {
        if (strncmp(text, name, sizeof(name) - 1) == 0)
            failing.fail_at = number_in(text + sizeof(name) - 1);
    }
}

static void count(void)
{
    if (failing.count++ == 0)
        read_fail_at();
    if (failing.count == failing.fail_at)
        out_of_memory();
}

void *malloc(size_t length)
{
    count();
    return arena_malloc(length);
}

void *calloc(size_t number, size_t each)
{
    count();
    return arena_calloc(number, each);
}

void *realloc(void *memory, size_t length)
{
    count();
    return arena_realloc(memory, length);
}

void free(void *memory)
{
    arena_free(memory);
}
