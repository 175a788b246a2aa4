/* The maps, the stack and the files of a process. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "site_view.h"
#include "worker.h"

enum { PATH_BYTES = 64 };

/* What is mapped of a file in a row. */
struct mapped {
    uint64_t start;
    uint64_t end;
    dev_t device;
    ino_t inode;
    bool code;
    char *path; /* owned */
};

/* This process's own: nobody else writes there. */
struct looker {
    struct site_view *view;
    pid_t process;
    size_t count;
    struct mapped mapped[SITE_MODULES_MAX];
};

static uint64_t add_sum(uint64_t sum, const char *text)
{
    for (; *text != '\0'; text++)
        sum = (sum ^ (unsigned char)*text) * 1099511628211U;
    return sum;
}

/* Takes LINE of /proc/PID/maps apart; its path stays there:
 *
 *     7f00-7f01 r-xp 00001000 fe:00 4711      /lib/libc.so.6
 *
 * Returns whether it is one of a file's, or of the kernel's code. */
static bool read_line(char *line, struct mapped *mapped)
{
    enum { RANGE, RIGHTS, OFFSET, DEVICE, INODE, FIELDS };
    char *fields[FIELDS];
    char *rest = line;
    char *end;

    for (int i = 0; i < FIELDS; i++) {
        fields[i] = strsep(&rest, " ");
        if (!rest)
            return false;
    }
    mapped->start = strtoull(fields[RANGE], &end, 16);
    mapped->end = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
    mapped->code = strchr(fields[RIGHTS], 'x') != NULL;
    unsigned long device_major = strtoul(fields[DEVICE], &end, 16);
    unsigned long device_minor = *end == ':' ? strtoul(end + 1, NULL, 16) : 0;
    mapped->device = makedev((unsigned)device_major, (unsigned)device_minor);
    mapped->inode = strtoul(fields[INODE], NULL, 10);
    mapped->path = rest + strspn(rest, " ");
    return *mapped->path == '/' || strncmp(mapped->path, "[v", 2) == 0;
}

static bool is_same(const struct mapped *one, const struct mapped *other)
{
    return one->device == other->device && one->inode == other->inode &&
           strcmp(one->path, other->path) == 0;
}

/* The next file; one without code makes room for it. */
static void add(struct looker *looker, const struct mapped *mapped)
{
    struct mapped *last = looker->count > 0 ? &looker->mapped[looker->count - 1] : NULL;

    if (last && is_same(last, mapped)) {
        last->end = mapped->end;
        last->code |= mapped->code;
        return;
    }
    if (last && !last->code)
        free(looker->mapped[--looker->count].path);
    char *path = looker->count < SITE_MODULES_MAX ? strdup(mapped->path) : NULL;
    if (!path)
        return;
    looker->mapped[looker->count] = *mapped;
    looker->mapped[looker->count++].path = path;
}

static void forget(struct looker *looker)
{
    while (looker->count > 0)
        free(looker->mapped[--looker->count].path);
}

static void read_maps(struct looker *looker, pid_t process)
{
    char path[PATH_BYTES];
    char *line = NULL;
    size_t size = 0;
    uint64_t sum = 1469598103934665603U; /* FNV-1a */
    struct mapped mapped;

    forget(looker);
    looker->process = process;
    snprintf(path, sizeof(path), "/proc/%d/maps", process);
    FILE *file = fopen(path, "re");
    while (file && getline(&line, &size, file) > 0) {
        const char *rights = strchr(line, ' ');
        line[strcspn(line, "\n")] = '\0';
        if (rights && strncmp(rights + 3, "x", 1) == 0)
            sum = add_sum(sum, line);
        if (read_line(line, &mapped))
            add(looker, &mapped);
    }
    free(line);
    if (file)
        fclose(file);
    looker->view->maps = sum;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void show_modules(const struct looker *looker)
{
    struct site_view *view = looker->view;

    view->count = (uint32_t)looker->count;
    for (size_t i = 0; i < looker->count; i++) {
        const struct mapped *mapped = &looker->mapped[i];
        struct site_module *module = &view->modules[i];
        module->start = mapped->start;
        module->end = mapped->end;
        snprintf(module->name, sizeof(module->name), "%lx:%lx/%s", mapped->device, mapped->inode,
                 file_name(mapped->path));
    }
}

static void copy_stack(struct site_view *view, int memory, uint64_t address)
{
    ssize_t got = memory < 0 ? 0 : pread(memory, view->stack, sizeof(view->stack), (off_t)address);

    view->stack_start = address;
    view->stack_length = got > 0 ? (uint32_t)got : 0;
}

/* --- files ----------------------------------------------------------------------------------- */

/* Names the file below ROOT, without opening it, which a device or a pipe would notice, and without
 * following a link: PATH is what the kernel says, and has none. */
static int name_file(int root, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS};

    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* Whether STATUS is of the file that is mapped. Some file systems (btrfs, overlayfs) have other
 * numbers here than there: all of those have no device. */
static bool is_mapped_file(const struct stat *status, const struct mapped *mapped)
{
    return S_ISREG(status->st_mode) && status->st_nlink > 0 &&
           ((status->st_ino == mapped->inode && status->st_dev == mapped->device) ||
            major(mapped->device) == 0);
}

/* Opens what NAMED is, to be read, if it is an ELF file, and the one that is mapped. */
static int open_named(int named, const struct mapped *mapped)
{
    char path[PATH_BYTES];
    char magic[SELFMAG];
    struct stat status;

    if (named < 0 || fstat(named, &status) != 0 || !is_mapped_file(&status, mapped))
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", named);
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0)
        return -1;
    if (pread(file, magic, SELFMAG, 0) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0)
        return file;
    close(file);
    return -1;
}

static int open_below(const char *root, const struct mapped *mapped)
{
    int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int named = folder < 0 ? -1 : name_file(folder, mapped->path);
    int file = open_named(named, mapped);

    if (named >= 0)
        close(named);
    if (folder >= 0)
        close(folder);
    return file;
}

/* The file of the module NUMBER, or -1. What is deleted or was never on a disk is not read: the
 * path may be another's by now. */
static int open_module(const struct looker *looker, size_t number)
{
    static const char DELETED[] = " (deleted)";
    char root[PATH_BYTES];

    if (number >= looker->count)
        return -1;
    const struct mapped *mapped = &looker->mapped[number];
    size_t length = strlen(mapped->path);
    if (*mapped->path != '/' || (length >= strlen(DELETED) &&
                                 strcmp(mapped->path + length - strlen(DELETED), DELETED) == 0))
        return -1;
    int file = open_below("/", mapped);
    snprintf(root, sizeof(root), "/proc/%d/root", looker->process);
    return file >= 0 ? file : open_below(root, mapped);
}

void site_look(int channel, void *context)
{
    struct looker looker = {.view = context};
    struct worker_message message;

    int memory;
    bool heard = true;
    while (heard && worker_receive(channel, &message, &memory, -1)) {
        int file = -1;
        if (message.word == SITE_LOOK) {
            read_maps(&looker, message.process);
            show_modules(&looker);
            copy_stack(looker.view, memory, message.address);
        } else if (message.word == SITE_OPEN) {
            file = open_module(&looker, message.number);
        }
        heard = worker_send(channel, &(struct worker_message){.word = SITE_DONE}, file);
        if (file >= 0)
            close(file);
        if (memory >= 0)
            close(memory);
    }
    forget(&looker);
}
