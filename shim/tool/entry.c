#include "entry.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

enum {
    PROC_PATH_MAX = 64,
    VECTOR_MAX = 64,
    HEADERS_MAX = 1170, /* what the kernel takes: 64 KiB of them */
    DYNAMIC_MAX = 4096,
};

/* Of the auxiliary vector. */
struct vector {
    uint64_t entry;
    uint64_t headers;
    uint64_t header_count;
};

static int open_of(pid_t process, const char *name)
{
    char path[PROC_PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/%s", process, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int read_vector(pid_t process, struct vector *vector)
{
    Elf64_auxv_t items[VECTOR_MAX];
    int descriptor = open_of(process, "auxv");

    *vector = (struct vector){0};
    if (descriptor < 0)
        return -errno;
    ssize_t length = read(descriptor, items, sizeof(items));
    int error = errno;
    close(descriptor);
    if (length < 0)
        return -error;
    for (size_t i = 0; i < (size_t)length / sizeof(items[0]); i++) {
        if (items[i].a_type == AT_ENTRY)
            vector->entry = items[i].a_un.a_val;
        else if (items[i].a_type == AT_PHDR)
            vector->headers = items[i].a_un.a_val;
        else if (items[i].a_type == AT_PHNUM)
            vector->header_count = items[i].a_un.a_val;
    }
    return vector->entry != 0 ? 0 : -ENOEXEC;
}

int entry_find(pid_t process, uint64_t *address)
{
    struct vector vector;
    int error = read_vector(process, &vector);

    *address = vector.entry;
    return error;
}

static bool is_musl(pid_t process)
{
    static const char NAME[] = "ld-musl-";
    char path[PROC_PATH_MAX];
    char interpreter[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/exe", process);
    if (!image_interpreter(path, interpreter))
        return false;
    const char *slash = strrchr(interpreter, '/');
    return strncmp(slash ? slash + 1 : interpreter, NAME, sizeof(NAME) - 1) == 0;
}

/* The last DT_INIT of the dynamic section at ADDRESS: what loaders call. */
static int find_last(int memory, uint64_t address, uint64_t *init)
{
    *init = 0;
    for (int i = 0; i < DYNAMIC_MAX; i++) {
        Elf64_Dyn item;
        uint64_t place = address + (uint64_t)i * sizeof(item);
        if (pread(memory, &item, sizeof(item), (off_t)place) != (ssize_t)sizeof(item))
            return -ENOEXEC;
        if (item.d_tag == DT_NULL)
            return *init != 0 ? 0 : -ENOEXEC;
        if (item.d_tag == DT_INIT)
            *init = item.d_un.d_ptr;
    }
    return -ENOEXEC;
}

/* As the loader sees it: what the file says elsewhere does not count. */
static int read_init(int memory, const struct vector *vector, uint64_t *address)
{
    uint64_t base = 0;
    uint64_t dynamic = 0;
    Elf64_Phdr header;

    for (uint64_t i = 0; i < vector->header_count && i < HEADERS_MAX; i++) {
        uint64_t place = vector->headers + i * sizeof(header);
        if (pread(memory, &header, sizeof(header), (off_t)place) != (ssize_t)sizeof(header))
            return -ENOEXEC;
        if (header.p_type == PT_PHDR)
            base = vector->headers - header.p_vaddr;
        else if (header.p_type == PT_DYNAMIC)
            dynamic = header.p_vaddr;
    }
    int error = dynamic != 0 ? find_last(memory, base + dynamic, address) : -ENOEXEC;
    *address += base;
    return error;
}

int entry_find_init(pid_t process, uint64_t *address)
{
    struct vector vector;

    *address = 0;
    if (!is_musl(process))
        return 0;
    int error = read_vector(process, &vector);
    int memory = error ? -1 : open_of(process, "mem");
    if (memory < 0)
        return error ? error : -errno;
    error = read_init(memory, &vector, address);
    close(memory);
    return error;
}
