#include "image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#endif

enum { SEGMENT_MAX = 1 << 20 }; /* of those that are looked into */

static const char LINK_DYNAMICALLY[] = "link it dynamically";
static const char LINK_GO[] = "build it with 'CGO_ENABLED=1 go build -ldflags=-linkmode=external'";

/* What the program headers say. */
struct headers {
    int interpreter; /* the first PT_INTERP, or -1 */
    bool dynamic;    /* PT_DYNAMIC */
    bool pie;        /* DF_1_PIE */
    bool go;         /* a note of Go's linker */
};

/* What the segment of HEADER has, as TYPE; NULL also where it is larger than any such segment
 * should be. ELF is not mapped: a file that others cut short would be SIGBUS. */
static Elf_Data *read_segment(Elf *elf, const GElf_Phdr *header, Elf_Type type)
{
    if (header->p_filesz > SEGMENT_MAX)
        return NULL;
    return elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz, type);
}

static bool refuse(struct image_reason *reason, const char *remedy, const char *text)
{
    snprintf(reason->reason, sizeof(reason->reason), "%s", text);
    reason->remedy = remedy;
    return false;
}

static bool has_pie_flag(Elf *elf, const GElf_Phdr *header)
{
    Elf_Data *data = read_segment(elf, header, ELF_T_DYN);
    GElf_Dyn entry;

    for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
        if (entry.d_tag == DT_FLAGS_1)
            return (entry.d_un.d_val & DF_1_PIE) != 0;
    }
    return false;
}

static bool has_go_note(Elf *elf, const GElf_Phdr *header)
{
    Elf_Data *data = read_segment(elf, header, ELF_T_NHDR);
    GElf_Nhdr note;
    size_t name;
    size_t content;
    size_t offset = 0;

    while (data && (offset = gelf_getnote(data, offset, &note, &name, &content)) > 0) {
        if (note.n_namesz >= 3 && memcmp((char *)data->d_buf + name, "Go", 3) == 0)
            return true;
    }
    return false;
}

static bool read_headers(Elf *elf, struct headers *headers)
{
    size_t count;

    *headers = (struct headers){.interpreter = -1};
    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (int i = 0; i < (int)count; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, i, &header))
            return false;
        if (header.p_type == PT_INTERP && headers->interpreter < 0)
            headers->interpreter = i;
        headers->dynamic |= header.p_type == PT_DYNAMIC;
        headers->pie |= header.p_type == PT_DYNAMIC && has_pie_flag(elf, &header);
        headers->go |= header.p_type == PT_NOTE && has_go_note(elf, &header);
    }
    return true;
}

/* The path in program header INDEX, as the kernel reads it. Returns whether it does so. */
static bool read_interpreter(Elf *elf, int index, char path[PATH_MAX])
{
    GElf_Phdr header;

    if (index < 0 || !gelf_getphdr(elf, index, &header) || header.p_filesz > PATH_MAX)
        return false;
    Elf_Data *data =
        elf_getdata_rawchunk(elf, (int64_t)header.p_offset, header.p_filesz, ELF_T_BYTE);
    if (!data || data->d_size < 2 || ((const char *)data->d_buf)[data->d_size - 1] != '\0')
        return false;
    snprintf(path, PATH_MAX, "%s", (const char *)data->d_buf);
    return true;
}

/* Another program than a loader may do anything in its place, and never reach the entry point. */
static bool check_interpreter(Elf *elf, int index, struct image_reason *reason)
{
    char path[PATH_MAX];

    if (!read_interpreter(elf, index, path))
        return refuse(reason, "look at it with 'readelf -l'", "is a damaged ELF file");
    errno = 0;
    if (image_is_loader(path) || errno == ENOENT)
        return true; /* where there is none, execve(2) says so */
    if (errno != 0) {
        snprintf(reason->reason, sizeof(reason->reason),
                 "names '%s' as its loader (PT_INTERP), which cannot be read: %s", path,
                 strerror(errno));
        reason->remedy = "see to that";
        return false;
    }
    snprintf(reason->reason, sizeof(reason->reason),
             "names '%s' as its loader (PT_INTERP), which is none", path);
    reason->remedy = "link it with the C library's loader";
    return false;
}

static bool check_kind(Elf *elf, struct image_reason *reason)
{
    GElf_Ehdr header;
    struct headers headers;

    if (!gelf_getehdr(elf, &header))
        return refuse(reason, "look at it with 'readelf -h'", "is a damaged ELF file");
    if (header.e_ident[EI_CLASS] != ELFCLASS64)
        return refuse(reason, "build it for 64 bits", "is not a 64-bit program, as the shim is");
    if (header.e_machine != OWN_MACHINE || header.e_ident[EI_DATA] != ELFDATA2LSB) {
        snprintf(reason->reason, sizeof(reason->reason),
                 "is built for another machine (ELF machine %u)", header.e_machine);
        reason->remedy = "build it for this one";
        return false;
    }
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return refuse(reason, "link it", "is no executable ELF file");
    if (!read_headers(elf, &headers))
        return refuse(reason, "look at it with 'readelf -l'", "is a damaged ELF file");
    if (headers.interpreter >= 0)
        return check_interpreter(elf, headers.interpreter, reason);
    if (headers.go)
        return refuse(reason, LINK_GO, "is a statically linked Go program");
    if (header.e_type == ET_EXEC || !headers.dynamic)
        return refuse(reason, LINK_DYNAMICALLY, "is statically linked");
    if (headers.pie)
        return refuse(reason, LINK_DYNAMICALLY, "is statically linked (static-pie)");
    return refuse(reason, "name the program itself", "is a loader or a library, not a program");
}

/* Whether executing what STATUS describes gives other rights than the caller has. */
static bool check_rights(const char *path, int descriptor, struct image_reason *reason)
{
    static const char REMEDY[] =
        "start it without that, or filter it from a unit's SystemCallFilter=";
    struct stat status;
    struct statvfs mount;

    /* whatever is executed: the kernel compares the new effective ids with the old real ones */
    if (getuid() != geteuid() || getgid() != getegid())
        return refuse(
            reason, "start it with the same real and effective user and group",
            "would run with other rights than its real user's, so that the loader ignores "
            "LD_PRELOAD");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return true;
    if (fstat(descriptor, &status) != 0 || fstatvfs(descriptor, &mount) != 0)
        return refuse(reason, "look at it with 'stat'", "cannot be looked at");
    if (mount.f_flag & ST_NOSUID)
        return true;
    if ((status.st_mode & S_ISUID) && status.st_uid != geteuid())
        return refuse(reason, REMEDY, "is setuid, so that the loader ignores LD_PRELOAD");
    if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != getegid())
        return refuse(reason, REMEDY, "is setgid, so that the loader ignores LD_PRELOAD");
    if (geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
        return refuse(reason, REMEDY,
                      "has file capabilities, so that the loader ignores LD_PRELOAD");
    return true;
}

bool image_check(const char *path, struct image_reason *reason)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    elf_version(EV_CURRENT);
    Elf *elf = descriptor >= 0 ? elf_begin(descriptor, ELF_C_READ, NULL) : NULL;
    bool fine = elf && check_kind(elf, reason);
    if (!elf)
        refuse(reason, "look at it with 'readelf -h'", "is a damaged ELF file");
    elf_end(elf);
    fine = fine && check_rights(path, descriptor, reason);
    if (descriptor >= 0)
        close(descriptor);
    return fine;
}

static bool has_loader_s_headers(Elf *elf)
{
    GElf_Ehdr header;
    struct headers headers;

    return elf && gelf_getehdr(elf, &header) && header.e_type == ET_DYN &&
           read_headers(elf, &headers) && headers.dynamic && headers.interpreter < 0 &&
           !headers.pie;
}

bool image_is_loader(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (descriptor < 0)
        return false;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(descriptor, ELF_C_READ, NULL);
    bool is_loader = has_loader_s_headers(elf);
    elf_end(elf);
    close(descriptor);
    errno = 0;
    return is_loader;
}

bool image_interpreter(const char *path, char interpreter[PATH_MAX])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct headers headers;

    if (descriptor < 0)
        return false;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(descriptor, ELF_C_READ, NULL);
    bool found = elf && read_headers(elf, &headers) &&
                 read_interpreter(elf, headers.interpreter, interpreter);
    elf_end(elf);
    close(descriptor);
    return found;
}

/* Whether an entry TAG of ELF's dynamic section names something that begins with PREFIX. */
static bool has_name(Elf *elf, int64_t tag, const char *prefix)
{
    GElf_Shdr header;
    GElf_Dyn entry;

    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
            const char *name =
                entry.d_tag == tag ? elf_strptr(elf, header.sh_link, entry.d_un.d_val) : NULL;
            if (name && strncmp(name, prefix, strlen(prefix)) == 0)
                return true;
        }
    }
    return false;
}

static bool has_shim_s_name(Elf *elf)
{
    GElf_Ehdr file;

    return elf && gelf_getehdr(elf, &file) && file.e_type == ET_DYN &&
           file.e_machine == OWN_MACHINE && file.e_ident[EI_CLASS] == ELFCLASS64 &&
           has_name(elf, DT_SONAME, IMAGE_SHIM);
}

bool image_needs(const char *path, const char *prefix)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (descriptor < 0)
        return false;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(descriptor, ELF_C_READ, NULL);
    bool needs = elf && has_name(elf, DT_NEEDED, prefix);
    elf_end(elf);
    close(descriptor);
    return needs;
}

bool image_is_shim(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct statvfs mount;

    if (descriptor < 0)
        return false;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(descriptor, ELF_C_READ, NULL);
    bool is_shim =
        has_shim_s_name(elf) && fstatvfs(descriptor, &mount) == 0 && !(mount.f_flag & ST_NOEXEC);
    elf_end(elf);
    close(descriptor);
    return is_shim;
}
