#include "loader.h"

#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More than there are; what is read is in the hands of the process. */
enum { VECTOR_MAX = 64, SEGMENTS_MAX = 64, ENTRIES_MAX = 128, OBJECTS_MAX = 4096 };

static const char SHIM_SONAME[] = "libportcullis.so.0";

struct vector {
    uint64_t headers; /* AT_PHDR */
    uint64_t count;   /* AT_PHNUM */
    uint64_t loader;  /* AT_BASE */
    uint64_t kernel;  /* AT_SYSINFO_EHDR */
};

static int open_of(pid_t process, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)process, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads the auxiliary vector; that of a 32-bit process is none. */
static bool read_vector(pid_t process, struct vector *vector)
{
    ElfW(auxv_t) items[VECTOR_MAX];
    int descriptor = open_of(process, "auxv");
    ssize_t length = descriptor < 0 ? -1 : read(descriptor, items, sizeof(items));
    bool base = false;

    *vector = (struct vector){0};
    if (descriptor >= 0)
        close(descriptor);
    for (size_t i = 0; length > 0 && i < (size_t)length / sizeof(items[0]); i++) {
        uint64_t value = items[i].a_un.a_val;
        if (items[i].a_type == AT_PHDR)
            vector->headers = value;
        else if (items[i].a_type == AT_PHNUM)
            vector->count = value;
        else if (items[i].a_type == AT_SYSINFO_EHDR)
            vector->kernel = value;
        else if (items[i].a_type == AT_BASE) {
            vector->loader = value;
            base = true;
        }
    }
    return base && vector->headers != 0 && vector->count != 0;
}

static bool read_memory(int memory, uint64_t address, void *bytes, size_t length)
{
    return pread(memory, bytes, length, (off_t)address) == (ssize_t)length;
}

/* The address of the program's dynamic section: as far from where it was linked to be as the
 * segments' table is. Or 0. */
static uint64_t find_dynamic(int memory, const struct vector *vector)
{
    uint64_t linked = 0, dynamic = 0;
    bool self = false;

    for (uint64_t i = 0; i < vector->count && i < SEGMENTS_MAX; i++) {
        ElfW(Phdr) segment;
        if (!read_memory(memory, vector->headers + i * sizeof(segment), &segment, sizeof(segment)))
            return 0;
        if (segment.p_type == PT_PHDR) {
            self = true;
            linked = segment.p_vaddr;
        } else if (segment.p_type == PT_DYNAMIC) {
            dynamic = segment.p_vaddr;
        }
    }
    return self && dynamic != 0 ? dynamic + (vector->headers - linked) : 0;
}

/* The value of TAG in the dynamic section at ADDRESS, or 0. */
static uint64_t read_entry(int memory, uint64_t address, int64_t tag)
{
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        ElfW(Dyn) entry;
        if (!read_memory(memory, address + i * sizeof(entry), &entry, sizeof(entry)) ||
            entry.d_tag == DT_NULL)
            return 0;
        if (entry.d_tag == tag)
            return entry.d_un.d_val;
    }
    return 0;
}

static bool is_shim(int memory, const struct link_map *object)
{
    char name[sizeof(SHIM_SONAME)];
    uint64_t dynamic = (uintptr_t)object->l_ld;
    uint64_t strings = read_entry(memory, dynamic, DT_STRTAB);
    uint64_t offset = read_entry(memory, dynamic, DT_SONAME);

    if (strings < object->l_addr) /* glibc puts addresses where offsets were; musl does not */
        strings += object->l_addr;
    return offset != 0 && read_memory(memory, strings + offset, name, sizeof(name)) &&
           memcmp(name, SHIM_SONAME, sizeof(name)) == 0;
}

/* Whether the chain of objects that begins at ADDRESS has one beside the program, its loader and
 * the kernel's, and none is the shim. */
static bool lacks_shim(int memory, uint64_t address, const struct vector *vector)
{
    struct link_map object;
    bool others = false;

    for (size_t i = 0; i < OBJECTS_MAX; i++) {
        if (!read_memory(memory, address, &object, sizeof(object)) || is_shim(memory, &object))
            return false;
        others |= i > 0 && object.l_addr != vector->loader && object.l_addr != vector->kernel;
        if (!object.l_next)
            return others;
        address = (uintptr_t)object.l_next;
    }
    return false;
}

/* The state of glibc's loader is RT_CONSISTENT once more before it has loaded anything; musl's is
 * so from the beginning, but has a version at the end only. */
static bool has_finished(int memory, const struct vector *vector)
{
    struct r_debug debug;
    uint64_t dynamic = find_dynamic(memory, vector);
    uint64_t address = dynamic != 0 ? read_entry(memory, dynamic, DT_DEBUG) : 0;

    return address != 0 && read_memory(memory, address, &debug, sizeof(debug)) &&
           debug.r_version > 0 && debug.r_state == RT_CONSISTENT &&
           lacks_shim(memory, (uintptr_t)debug.r_map, vector);
}

enum loader loader_look(pid_t process)
{
    struct vector vector;

    if (!read_vector(process, &vector))
        return LOADER_UNKNOWN;
    if (vector.loader == 0)
        return LOADER_NONE;
    int memory = open_of(process, "mem");
    if (memory < 0)
        return LOADER_UNKNOWN;
    bool finished = has_finished(memory, &vector);
    close(memory);
    return finished ? LOADER_NO_SHIM : LOADER_UNKNOWN;
}
