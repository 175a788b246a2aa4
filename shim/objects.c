#include "objects.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

unsigned long objects_value(const unsigned long *auxv, unsigned long type)
{
    for (; auxv[0] != AT_NULL; auxv += 2) {
        if (auxv[0] == type)
            return auxv[1];
    }
    return 0;
}

const ElfW(Dyn) * objects_entry(const ElfW(Dyn) * dynamic, ElfW(Sxword) tag)
{
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == tag)
            return dynamic;
    }
    return NULL;
}

/* The program's dynamic section: its address is PT_DYNAMIC's, moved by as much as PT_PHDR's is. */
static const ElfW(Dyn) * program_dynamic(const unsigned long *auxv)
{
    unsigned long address = objects_value(auxv, AT_PHDR);
    unsigned long count = objects_value(auxv, AT_PHNUM);
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)(uintptr_t)address;
    const ElfW(Phdr) *self = NULL;
    const ElfW(Phdr) *dynamic = NULL;
    for (unsigned long i = 0; headers && i < count; i++) {
        if (headers[i].p_type == PT_PHDR)
            self = &headers[i];
        else if (headers[i].p_type == PT_DYNAMIC)
            dynamic = &headers[i];
    }
    if (!self || !dynamic)
        return NULL;
    return (const ElfW(Dyn) *)(uintptr_t)(dynamic->p_vaddr + (address - self->p_vaddr));
}

const struct link_map *objects_first(const unsigned long *auxv)
{
    const ElfW(Dyn) *entry = objects_entry(program_dynamic(auxv), DT_DEBUG);
    const struct r_debug *debug = entry ? (const void *)(uintptr_t)entry->d_un.d_ptr : NULL;
    return debug ? debug->r_map : NULL;
}

const struct link_map *objects_find(const struct link_map *objects, const ElfW(Dyn) * dynamic)
{
    while (objects && objects->l_ld != dynamic)
        objects = objects->l_next;
    return objects;
}

const void *objects_table(const struct link_map *object, ElfW(Sxword) tag)
{
    const ElfW(Dyn) *entry = objects_entry(object->l_ld, tag);
    if (!entry)
        return NULL;
    /* glibc puts addresses in place of the offsets where it can write; musl, and the vDSO's, stay
     * as they were linked. */
    uintptr_t address = entry->d_un.d_ptr;
    if (address < object->l_addr)
        address += object->l_addr;
    return (const void *)address;
}

/* How long the object's strings are. A copy of the shim has as many as the shim: its own name. */
static uint64_t strings_size(const struct link_map *object)
{
    const ElfW(Dyn) *size = objects_entry(object->l_ld, DT_STRSZ);
    return size ? size->d_un.d_val : 0;
}

static const char *soname(const struct link_map *object)
{
    const ElfW(Dyn) *name = objects_entry(object->l_ld, DT_SONAME);
    const char *strings = objects_table(object, DT_STRTAB);
    return name && strings ? strings + name->d_un.d_val : NULL;
}

const struct link_map *objects_twin(const struct link_map *objects, const struct link_map *own)
{
    const char *wanted = soname(own);
    uint64_t size = strings_size(own);
    for (; wanted && objects; objects = objects->l_next) {
        /* The size first: another object's strings are on pages that nobody may have touched. */
        bool similar = objects != own && strings_size(objects) == size;
        const char *name = similar ? soname(objects) : NULL;
        if (name && strcmp(name, wanted) == 0)
            return objects;
    }
    return NULL;
}
