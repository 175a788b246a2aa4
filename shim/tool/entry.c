#include "entry.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROC_PATH_MAX = 64, VECTOR_MAX = 64 };

/* What the program's file says. */
struct image {
    bool musl;
    uint64_t entry; /* where it is, if the image is where it was linked to be */
    uint64_t init;  /* DT_INIT, or 0 */
};

static int open_of(pid_t process, const char *name)
{
    char path[PROC_PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/%s", process, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* AT_ENTRY of the auxiliary vector. */
static int read_entry(pid_t process, uint64_t *entry)
{
    Elf64_auxv_t vector[VECTOR_MAX];
    int descriptor = open_of(process, "auxv");

    if (descriptor < 0)
        return -errno;
    ssize_t length = read(descriptor, vector, sizeof(vector));
    int error = errno;
    close(descriptor);
    if (length < 0)
        return -error;
    for (size_t i = 0; i < (size_t)length / sizeof(vector[0]); i++) {
        if (vector[i].a_type == AT_ENTRY) {
            *entry = vector[i].a_un.a_val;
            return 0;
        }
    }
    return -ENOEXEC;
}

static bool is_musl(Elf *elf, const GElf_Phdr *header)
{
    static const char LOADER[] = "/ld-musl-";
    Elf_Data *data =
        elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_BYTE);

    return data && memmem(data->d_buf, data->d_size, LOADER, sizeof(LOADER) - 1) != NULL;
}

static uint64_t find_init(Elf *elf, const GElf_Phdr *header)
{
    Elf_Data *data =
        elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_DYN);
    GElf_Dyn item;

    for (int i = 0; data && gelf_getdyn(data, i, &item) && item.d_tag != DT_NULL; i++) {
        if (item.d_tag == DT_INIT)
            return item.d_un.d_ptr;
    }
    return 0;
}

static int read_elf(Elf *elf, struct image *image)
{
    GElf_Ehdr header;
    GElf_Phdr segment;
    size_t count;

    if (!elf || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count) != 0)
        return -ENOEXEC;
    *image = (struct image){.entry = header.e_entry};
    for (int i = 0; i < (int)count; i++) {
        if (!gelf_getphdr(elf, i, &segment))
            return -ENOEXEC;
        if (segment.p_type == PT_INTERP)
            image->musl = is_musl(elf, &segment);
        else if (segment.p_type == PT_DYNAMIC)
            image->init = find_init(elf, &segment);
    }
    return 0;
}

static int read_image(pid_t process, struct image *image)
{
    int descriptor = open_of(process, "exe");

    if (descriptor < 0)
        return -errno;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(descriptor, ELF_C_READ_MMAP, NULL);
    int error = read_elf(elf, image);
    elf_end(elf);
    close(descriptor);
    return error;
}

int entry_find(pid_t process, uint64_t *address)
{
    struct image image = {0};
    uint64_t entry = 0;
    int error = read_entry(process, &entry);

    if (!error)
        error = read_image(process, &image);
    if (error)
        return error;
    *address = entry;
    if (!image.musl)
        return 0;
    *address = entry - image.entry + image.init;
    return image.init != 0 ? 0 : -ENOEXEC;
}
