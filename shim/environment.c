#include "environment.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "freestanding/syscall.h"

static const char SHIM_NAME[] = "libportcullis.so";

/* <linux/prctl.h> has it since Linux 6.4. */
enum { GET_AUXV = 0x41555856 };

/* How far below AT_RANDOM's bytes the process's copy of the vector may end. The kernel puts it
 * right below; ld.so moves it down by a word for each argument of its own. */
enum { SCAN_BYTES = 8192 };

static long read_auxv_file(void *buffer, size_t size)
{
    long fd = SYSTEM_CALL(SYS_openat, AT_FDCWD, "/proc/self/auxv", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fd;
    long length;
    do {
        length = SYSTEM_CALL(SYS_read, fd, buffer, size);
    } while (length == -EINTR);
    SYSTEM_CALL(SYS_close, fd);
    return length;
}

static bool auxv_value(const unsigned long *words, unsigned long type, unsigned long *value)
{
    for (; words[0] != AT_NULL; words += 2) {
        if (words[0] == type) {
            *value = words[1];
            return true;
        }
    }
    return false;
}

const char *environment_ask_kernel(struct auxv *auxv, long *error)
{
    /* Zeroed, so that an answer that an outer filter made up is an empty vector. */
    memset(auxv, 0, sizeof(*auxv));
    size_t room = sizeof(auxv->words) - 2 * sizeof(unsigned long);
    long length = SYSTEM_CALL(SYS_prctl, GET_AUXV, auxv->words, room, 0, 0);
    if (length <= 0 || auxv->words[0] == AT_NULL)
        length = read_auxv_file(auxv->words, room);
    *error = length < 0 ? -length : 0;
    if (length < 0)
        return "cannot read the auxiliary vector";
    while (auxv->words[2 * auxv->count] != AT_NULL)
        auxv->count++;
    unsigned long value;
    if (!auxv_value(auxv->words, AT_RANDOM, &value) || !auxv_value(auxv->words, AT_SECURE, &value))
        return "the auxiliary vector is not complete";
    return NULL;
}

/* Whether a vector of the kernel's types starts at WORDS. Values may differ: ld.so, started as
 * `ld.so ./program`, writes the program's own over some. */
static bool same_types(const struct auxv *auxv, const unsigned long *words)
{
    for (size_t i = 0; i <= auxv->count; i++) {
        if (words[2 * i] != auxv->words[2 * i])
            return false;
    }
    return true;
}

/* The kernel (create_elf_tables in fs/binfmt_elf.c) leaves on a new stack, upwards from its end:
 *
 *     argc | argv pointers | NULL | envp pointers | NULL | auxv | 0 to 24 bytes | AT_RANDOM's 16
 *
 * A constructor that called unsetenv() has moved envp pointers down, so that several NULLs may
 * follow them; a program without an environment has none. Going down from the vector, the first run
 * of pointers is therefore envp, unless the word below it is its own length: then it is argv. */
static bool read_below(struct environment *environment, const unsigned long *vector,
                       const unsigned long *floor)
{
    const unsigned long *end = vector;
    while (end > floor && end[-1] == 0)
        end--;
    if (end == vector)
        return false;
    const unsigned long *start = end;
    while (start > floor && start[-1] != 0 && start[-1] != (unsigned long)(end - start))
        start--;
    if (start <= floor || start == end)
        return false;

    environment->variables = (char **)(uintptr_t)start;
    environment->count = (size_t)(end - start);
    environment->stack_auxv = vector;
    if (start[-1] != 0) {
        environment->count = 0;
        return true;
    }
    const unsigned long *arguments = start - 1;
    while (arguments > floor && arguments[-1] != 0 &&
           arguments[-1] != (unsigned long)(start - 1 - arguments))
        arguments--;
    return arguments > floor && arguments[-1] != 0 && arguments != start - 1;
}

bool environment_locate(struct environment *environment, const unsigned long *floor)
{
    const struct auxv *auxv = &environment->auxv;
    size_t index = 0;
    while (auxv->words[2 * index] != AT_RANDOM) {
        if (index++ == auxv->count)
            return false;
    }
    unsigned long random = auxv->words[2 * index + 1];
    if (random <= (uintptr_t)floor)
        return false;

    /* The bytes themselves need no alignment. */
    const unsigned long *top = (const unsigned long *)(uintptr_t)(random & -sizeof(*top));
    size_t distance = (size_t)(top - floor);
    const unsigned long *bottom = distance > SCAN_BYTES / sizeof(unsigned long)
                                      ? top - SCAN_BYTES / sizeof(unsigned long)
                                      : floor;
    /* Upwards: where ld.so has moved the vector down, what it left above is stale. */
    for (const unsigned long *vector = bottom; vector + 2 * (auxv->count + 1) <= top; vector++) {
        if (vector[2 * index + 1] == random && same_types(auxv, vector) &&
            read_below(environment, vector, floor))
            return true;
    }
    return false;
}

const char *environment_open(struct environment *environment, long *error)
{
    memset(environment, 0, sizeof(*environment));
    const char *text = environment_ask_kernel(&environment->auxv, error);
    if (text)
        return text;
    /* Everything of the kernel's lies above this frame. Our own copy of the vector may lie there as
     * well, in a caller's frame: the search begins behind it. */
    const unsigned long *floor = (const unsigned long *)(const void *)(environment + 1);
    if (!environment_locate(environment, floor))
        return "cannot find the environment on the stack";
    unsigned long value = 0;
    environment->secure = !auxv_value(environment->auxv.words, AT_SECURE, &value) || value != 0;
    environment->loader = !auxv_value(environment->auxv.words, AT_BASE, &value) || value == 0;
    return NULL;
}

/* The value in VARIABLE if it is NAME's, or NULL. */
static char *value_of(char *variable, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(variable, name, length) != 0 || variable[length] != '=')
        return NULL;
    return variable + length + 1;
}

const char *environment_find(const struct environment *environment, const char *name)
{
    for (size_t i = 0; i < environment->count; i++) {
        const char *value = value_of(environment->variables[i], name);
        if (value)
            return value;
    }
    return NULL;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_separator(char character)
{
    /* ld.so(8): "separated by spaces or colons". */
    return character == ' ' || character == ':';
}

/* Takes out every entry whose file name is NAME, with the separator before it, or, for the first,
 * the one behind it. */
static void remove_entries(char *value, const char *name)
{
    size_t length = strlen(value);
    size_t kept = 0;
    for (size_t start = 0; start < length;) {
        size_t end = start;
        size_t file = start;
        while (end < length && !is_separator(value[end])) {
            if (value[end++] == '/')
                file = end;
        }
        size_t next = end < length ? end + 1 : end;
        bool own = end - file == strlen(name) && memcmp(value + file, name, end - file) == 0;
        if (!own) {
            memmove(value + kept, value + start, next - start);
            kept += next - start;
        } else if (next == length && kept > 0 && end == next) {
            kept--;
        }
        start = next;
    }
    memset(value + kept, 0, length - kept);
}

bool environment_preloads(const struct environment *environment, const char *own_path)
{
    const char *name = own_path ? file_name(own_path) : SHIM_NAME;
    size_t length = strlen(name);
    const char *value = environment_find(environment, "LD_PRELOAD");
    for (; value && *value != '\0'; value++) {
        if (strncmp(value, name, length) == 0)
            return true;
    }
    return false;
}

void environment_blank(const struct environment *environment, const char *own_path)
{
    const char *name = own_path ? file_name(own_path) : SHIM_NAME;
    for (size_t i = 0; i < environment->count; i++) {
        char *whitelist = value_of(environment->variables[i], "PORTCULLIS_WHITELIST");
        if (whitelist)
            memset(whitelist, 0, strlen(whitelist));
        char *preload = value_of(environment->variables[i], "LD_PRELOAD");
        if (preload)
            remove_entries(preload, name);
    }
}
