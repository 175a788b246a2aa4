/* hostile_images BASE SEED COUNT CALL: makes calls from COUNT images that are mutations of the ELF
 * file BASE, numbered from SEED on: mapped as they are, unlinked, truncated, or with something else
 * at their path. CALL is "mkdir", which has to fail with EPERM each time, or "ioctl", with EBADF;
 * in the end, after "mkdir", rename has to kill. Mutation SEED is always the same. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIZE_MAX_BYTES = 1 << 20, PAGE = 4096, CHANGES_MAX = 12 };

static const char PATH[] = "image.tmp";
static const unsigned char CODE[] = {0x0f, 0x05, 0xc3}; /* syscall; ret */

static unsigned char base[SIZE_MAX_BYTES];
static unsigned char image[SIZE_MAX_BYTES + PAGE];
static size_t base_size;
static size_t code_at; /* in BASE */

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* Where a change says most: in the headers, in one of the tables, or anywhere. */
static size_t choose_place(uint64_t *state)
{
    const Elf64_Ehdr *file = (const Elf64_Ehdr *)base;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(base + file->e_shoff);
    uint64_t kind = next_random(state) % 8;

    if (kind < 2)
        return next_random(state) % sizeof(Elf64_Ehdr);
    if (kind < 4)
        return file->e_phoff + next_random(state) % (file->e_phnum * sizeof(Elf64_Phdr));
    if (kind < 6)
        return file->e_shoff + next_random(state) % (file->e_shnum * sizeof(Elf64_Shdr));
    if (kind == 6) {
        const Elf64_Shdr *section = &sections[next_random(state) % file->e_shnum];
        if (section->sh_size > 0 && section->sh_type != SHT_NOBITS)
            return section->sh_offset + next_random(state) % section->sh_size;
    }
    return next_random(state) % base_size;
}

static uint64_t choose_value(uint64_t *state)
{
    static const uint64_t VALUES[] = {0,
                                      1,
                                      2,
                                      7,
                                      8,
                                      16,
                                      24,
                                      64,
                                      255,
                                      4095,
                                      4096,
                                      65535,
                                      65536,
                                      INT32_MAX,
                                      UINT32_MAX,
                                      INT64_MAX,
                                      UINT64_MAX,
                                      UINT64_MAX - 7,
                                      (uint64_t)INT64_MAX + 1,
                                      SHF_COMPRESSED};
    uint64_t index = next_random(state) % (2 * sizeof(VALUES) / sizeof(VALUES[0]));

    return index < sizeof(VALUES) / sizeof(VALUES[0]) ? VALUES[index] : next_random(state);
}

/* Makes the mutation in IMAGE; returns its size. */
static size_t mutate(uint64_t *state)
{
    static const char MAGICS[][7] = {"BZh91AY", "\x1f\x8b\x08",
                                     "\xfd"
                                     "7zXZ",
                                     "!<arch>"};
    uint64_t changes = 1 + next_random(state) % CHANGES_MAX;

    memcpy(image, base, base_size);
    memset(image + base_size, 0, PAGE);
    for (uint64_t i = 0; i < changes; i++) {
        static const size_t WIDTHS[] = {1, 2, 4, 8};
        size_t width = WIDTHS[next_random(state) % 4];
        size_t place = choose_place(state) & ~(next_random(state) % 2 ? width - 1 : 0);
        uint64_t value = choose_value(state);
        if (place + width <= base_size)
            memcpy(image + place, &value, width);
    }
    uint64_t packed = next_random(state) % 64;
    if (packed < sizeof(MAGICS) / sizeof(MAGICS[0]))
        memcpy(image, MAGICS[packed], sizeof(MAGICS[0]));
    if (next_random(state) % 8 != 0)
        memcpy(image, ELFMAG, SELFMAG); /* otherwise nobody reads it */
    if (next_random(state) % 8 != 0)
        return base_size;
    return code_at + PAGE + next_random(state) % (base_size - code_at);
}

static long call_from(const unsigned char *code, long number, long first, long second)
{
    long result;

    __asm__ volatile("call *%1"
                     : "=a"(result)
                     : "r"(code), "a"(number), "D"(first), "S"(second), "d"(0L)
                     : "rcx", "r11", "memory");
    return result;
}

static void fail(uint64_t seed, long result)
{
    printf("image %llu: %ld\n", (unsigned long long)seed, result);
    exit(1);
}

/* What becomes of the file before the call, or before the next one. */
static void spoil(int file, uint64_t how)
{
    switch (how) {
    case 0:
        unlink(PATH);
        break;
    case 1: /* the code's page stays */
        if (ftruncate(file, (off_t)(code_at & ~(size_t)(PAGE - 1)) + PAGE) != 0)
            abort();
        break;
    case 2:
        unlink(PATH);
        if (mkfifo(PATH, 0600) != 0)
            abort();
        break;
    case 3:
        unlink(PATH);
        if (symlink("/dev/zero", PATH) != 0)
            abort();
        break;
    default:
        break;
    }
}

static void try_image(uint64_t seed, bool by_ioctl)
{
    uint64_t state = seed;
    size_t size = mutate(&state);
    long wanted = by_ioctl ? -EBADF : -EPERM;

    unlink(PATH);
    int file = open(PATH, O_RDWR | O_CREAT | O_EXCL, 0700);
    if (file < 0 || write(file, image, size) != (ssize_t)size)
        abort();
    unsigned char *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED)
        abort();
    memcpy(memory + code_at, CODE, sizeof(CODE));
    for (int i = 0; i < 2; i++) {
        long result = by_ioctl ? call_from(memory + code_at, SYS_ioctl, -1, (long)(seed + i))
                               : call_from(memory + code_at, SYS_mkdir, (long)"x", i);
        if (result != wanted)
            fail(seed, result);
        if (i == 0) {
            spoil(file, next_random(&state) % 6);
            memcpy(memory + code_at, CODE, sizeof(CODE));
        }
    }
    munmap(memory, size);
    close(file);
}

static void read_base(const char *path)
{
    int file = open(path, O_RDONLY);
    ssize_t size = read(file, base, sizeof(base));
    const unsigned char *code = size > 0 ? memmem(base, (size_t)size, CODE, sizeof(CODE)) : NULL;

    if (!code)
        abort();
    close(file);
    base_size = (size_t)size;
    code_at = (size_t)(code - base);
}

int main(int count, char **arguments)
{
    if (count != 5)
        return 2;
    read_base(arguments[1]);
    uint64_t seed = strtoull(arguments[2], NULL, 10);
    uint64_t images = strtoull(arguments[3], NULL, 10);
    bool by_ioctl = strcmp(arguments[4], "ioctl") == 0;
    for (uint64_t i = 0; i < images; i++)
        try_image(seed + i, by_ioctl);
    printf("%llu images\n", (unsigned long long)images);
    fflush(stdout);
    if (!by_ioctl)
        printf("rename: %ld\n", syscall(SYS_rename, "x", "y"));
    return 0;
}
