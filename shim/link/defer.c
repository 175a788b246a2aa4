/* defer OBJECT: hides from ld.so the relocations of the shim's cold half (libportcullis.ld), which
 * source.c makes when a text is to be read. What is hidden stays where it was; only the dynamic
 * section's count becomes smaller. No linker has an option for it. */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct object {
    unsigned char *bytes;
    size_t size;
    const Elf64_Ehdr *header;
};

/* Where LENGTH bytes at file offset AT are. */
static void *at_offset(const struct object *object, uint64_t at, uint64_t length)
{
    if (at > object->size || length > object->size - at)
        errx(1, "the object is cut short");
    return object->bytes + at;
}

static const Elf64_Phdr *find_segment(const struct object *object, uint32_t type, uint32_t flags)
{
    const Elf64_Phdr *segments =
        at_offset(object, object->header->e_phoff, object->header->e_phnum * sizeof(*segments));

    for (unsigned i = 0; i < object->header->e_phnum; i++) {
        if (segments[i].p_type == type && (segments[i].p_flags & flags) == flags)
            return &segments[i];
    }
    errx(1, "the object has no segment of type %u", type);
}

static Elf64_Dyn *find_entry(const struct object *object, int64_t tag)
{
    const Elf64_Phdr *segment = find_segment(object, PT_DYNAMIC, 0);
    Elf64_Dyn *entry = at_offset(object, segment->p_offset, segment->p_filesz);

    for (size_t i = 0; i < segment->p_filesz / sizeof(*entry); i++) {
        if (entry[i].d_tag == tag)
            return &entry[i];
    }
    errx(1, "the object's dynamic section has no entry %ld", (long)tag);
}

/* How many relocations are in the hot half, which ends with the first writable segment: they stand
 * first, and all only add the load address. */
static uint64_t count_hot(const struct object *object)
{
    const Elf64_Phdr *hot = find_segment(object, PT_LOAD, PF_W);
    uint64_t count = find_entry(object, DT_RELASZ)->d_un.d_val / sizeof(Elf64_Rela);
    /* The first segment is at 0 in the file and in memory. */
    const Elf64_Rela *relocations =
        at_offset(object, find_entry(object, DT_RELA)->d_un.d_ptr, count * sizeof(*relocations));
    uint32_t wanted =
        object->header->e_machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
    uint64_t hot_count = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (ELF64_R_TYPE(relocations[i].r_info) != wanted)
            errx(1, "the object has a relocation of another kind");
        if (relocations[i].r_offset >= hot->p_vaddr + hot->p_memsz)
            continue;
        if (i != hot_count++)
            errx(1, "the relocations are not in order");
    }
    return hot_count;
}

int main(int count, char **arguments)
{
    int descriptor = count == 2 ? open(arguments[1], O_RDWR | O_CLOEXEC) : -1;
    struct stat status;

    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        err(1, "usage: defer OBJECT");
    struct object object = {.size = (size_t)status.st_size};
    object.bytes = mmap(NULL, object.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (object.bytes == MAP_FAILED)
        err(1, "%s", arguments[1]);
    object.header = at_offset(&object, 0, sizeof(*object.header));
    if (memcmp(object.header->e_ident, ELFMAG, SELFMAG) != 0 ||
        object.header->e_ident[EI_CLASS] != ELFCLASS64)
        errx(1, "%s is not an ELF object of 64 bits", arguments[1]);
    uint64_t hot = count_hot(&object);
    find_entry(&object, DT_RELASZ)->d_un.d_val = hot * sizeof(Elf64_Rela);
    find_entry(&object, DT_RELACOUNT)->d_un.d_val = hot;
    if (munmap(object.bytes, object.size) != 0 || close(descriptor) != 0)
        err(1, "%s", arguments[1]);
    return 0;
}
