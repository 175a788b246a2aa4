#include "bind.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "freestanding/syscall.h"
#include "objects.h"
#include "stubs.h"

#if STUBS_SUPPORTED

enum { PAGE_BYTES = 4096, VERSION_HIDDEN = 0x8000 };

#if defined(__x86_64__)
enum { SLOT_CALL = R_X86_64_JUMP_SLOT, SLOT_DATA = R_X86_64_GLOB_DAT, SLOT_WORD = R_X86_64_64 };
#elif defined(__aarch64__)
enum {
    SLOT_CALL = R_AARCH64_JUMP_SLOT,
    SLOT_DATA = R_AARCH64_GLOB_DAT,
    SLOT_WORD = R_AARCH64_ABS64
};
#endif

/* What an object says of its symbols. */
struct symbols {
    const ElfW(Sym) * table;
    const char *names;
    const uint16_t *versions; /* or NULL */
};

static struct symbols symbols_of(const struct link_map *object)
{
    return (struct symbols){
        .table = objects_table(object, DT_SYMTAB),
        .names = objects_table(object, DT_STRTAB),
        .versions = objects_table(object, DT_VERSYM),
    };
}

/* Whether the symbol INDEX defines NAME for others, in its default version. */
static bool defines(const struct symbols *symbols, uint32_t index, const char *name)
{
    const ElfW(Sym) *symbol = &symbols->table[index];

    if (symbol->st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL)
        return false;
    if (symbols->versions && (symbols->versions[index] & VERSION_HIDDEN))
        return false;
    return strcmp(symbols->names + symbol->st_name, name) == 0;
}

static uint32_t gnu_hash(const char *name)
{
    uint32_t hash = 5381;

    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

/* TABLE: DT_GNU_HASH's. A bucket has the first symbol of a chain, the lowest bit ends it. */
static const ElfW(Sym) *
    find_gnu(const uint32_t *table, const struct symbols *symbols, const char *name)
{
    uint32_t bucket_count = table[0];
    uint32_t offset = table[1];
    const uint32_t *buckets = table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    const uint32_t *chains = buckets + bucket_count;
    uint32_t hash = gnu_hash(name);

    if (bucket_count == 0)
        return NULL;
    uint32_t index = buckets[hash % bucket_count];
    if (index < offset)
        return NULL;
    for (;; index++) {
        uint32_t link = chains[index - offset];
        if ((link | 1) == (hash | 1) && defines(symbols, index, name))
            return &symbols->table[index];
        if (link & 1)
            return NULL;
    }
}

/* TABLE: DT_HASH's. What it counts second is all symbols. */
static const ElfW(Sym) *
    find_any(const uint32_t *table, const struct symbols *symbols, const char *name)
{
    for (uint32_t index = 1; index < table[1]; index++) {
        if (defines(symbols, index, name))
            return &symbols->table[index];
    }
    return NULL;
}

static const ElfW(Sym) * find(const struct link_map *object, const char *name)
{
    struct symbols symbols = symbols_of(object);
    const uint32_t *gnu = objects_table(object, DT_GNU_HASH);
    const uint32_t *any = objects_table(object, DT_HASH);

    if (!symbols.table || !symbols.names)
        return NULL;
    if (gnu)
        return find_gnu(gnu, &symbols, name);
    return any ? find_any(any, &symbols, name) : NULL;
}

const char *bind_find(const struct link_map *objects, const struct link_map *own,
                      struct binding *binding)
{
    binding->real = 0;
    binding->provider = NULL;
    for (; objects; objects = objects->l_next) {
        const ElfW(Sym) *symbol = objects == own ? NULL : find(objects, binding->symbol);
        if (!symbol)
            continue;
        if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
            return "the function is chosen at run time";
        binding->real = objects->l_addr + symbol->st_value;
        binding->provider = objects;
        return NULL;
    }
    return NULL;
}

/* An object while its slots are filled. */
struct object {
    const struct link_map *map;
    struct symbols symbols;
    uintptr_t sealed; /* what ld.so has made read-only; whole pages */
    uintptr_t sealed_end;
};

/* Finds out what is read-only. The headers of a library are where it begins. */
static bool find_sealed(struct object *object, const ElfW(Phdr) * headers, size_t count)
{
    const ElfW(Ehdr) *file = (const void *)object->map->l_addr;
    const uintptr_t page = ~(uintptr_t)(PAGE_BYTES - 1);

    if (!headers) {
        if (memcmp(file->e_ident, ELFMAG, SELFMAG) != 0 || file->e_phentsize != sizeof(*headers))
            return false;
        headers = (const void *)((const char *)file + file->e_phoff);
        count = file->e_phnum;
    }
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type != PT_GNU_RELRO)
            continue;
        object->sealed = (object->map->l_addr + headers[i].p_vaddr) & page;
        object->sealed_end = (object->map->l_addr + headers[i].p_vaddr + headers[i].p_memsz) & page;
    }
    return true;
}

static const char *protect(uintptr_t page, int protection, long *error)
{
    long result = SYSTEM_CALL(SYS_mprotect, page, PAGE_BYTES, protection);

    *error = -result;
    return result < 0 ? "cannot change a page where a stage's function is called" : NULL;
}

static const char *fill(const struct object *object, uintptr_t slot, uintptr_t value, long *error)
{
    uintptr_t page = slot & ~(uintptr_t)(PAGE_BYTES - 1);
    bool sealed = page >= object->sealed && page < object->sealed_end;
    const char *text = sealed ? protect(page, PROT_READ | PROT_WRITE, error) : NULL;

    if (text)
        return text;
    __atomic_store_n((uintptr_t *)slot, value, __ATOMIC_RELEASE);
    return sealed ? protect(page, PROT_READ, error) : NULL;
}

static struct binding *wanted(const struct object *object, const ElfW(Rela) * relocation,
                              struct binding *bindings, size_t count)
{
    uint64_t type = ELF64_R_TYPE(relocation->r_info);
    uint64_t index = ELF64_R_SYM(relocation->r_info);

    if (type != SLOT_CALL && type != SLOT_DATA && type != SLOT_WORD)
        return NULL;
    if (index == 0 || relocation->r_addend != 0)
        return NULL;
    const char *name = object->symbols.names + object->symbols.table[index].st_name;
    for (size_t i = 0; i < count; i++) {
        if (bindings[i].real && bindings[i].provider != object->map &&
            strcmp(bindings[i].symbol, name) == 0)
            return &bindings[i];
    }
    return NULL;
}

static const char *fill_table(const struct object *object, ElfW(Sxword) table_tag,
                              ElfW(Sxword) size_tag, struct binding *bindings, size_t count,
                              long *error)
{
    const ElfW(Rela) *relocation = objects_table(object->map, table_tag);
    const ElfW(Dyn) *size = objects_entry(object->map->l_ld, size_tag);
    size_t left = relocation && size ? size->d_un.d_val / sizeof(*relocation) : 0;

    for (; left > 0; left--, relocation++) {
        struct binding *binding = wanted(object, relocation, bindings, count);
        if (!binding)
            continue;
        const char *text =
            fill(object, object->map->l_addr + relocation->r_offset, binding->replacement, error);
        if (text)
            return text;
        binding->slots++;
    }
    return NULL;
}

const char *bind_slots(const struct link_map *objects, const struct link_map *own,
                       const ElfW(Phdr) * headers, size_t header_count, struct binding *bindings,
                       size_t count, long *error)
{
    bool program = true;

    *error = 0;
    for (; objects; objects = objects->l_next, program = false) {
        struct object object = {.map = objects, .symbols = symbols_of(objects)};
        if (objects == own || !object.symbols.table || !object.symbols.names ||
            !(objects_entry(objects->l_ld, DT_RELA) || objects_entry(objects->l_ld, DT_JMPREL)))
            continue;
        if (!find_sealed(&object, program ? headers : NULL, header_count))
            return "cannot read the program headers of a library";
        const char *text = fill_table(&object, DT_RELA, DT_RELASZ, bindings, count, error);
        if (!text)
            text = fill_table(&object, DT_JMPREL, DT_PLTRELSZ, bindings, count, error);
        if (text)
            return text;
    }
    return NULL;
}

#endif
