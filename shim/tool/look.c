#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../program.h"
#include "threads.h"

enum { PROC_PATH_MAX = 64, STATUS_BYTES_MAX = 8192 };

/* Reads all of a file that fits into SIZE. Returns its length, or a negative errno. */
static ssize_t read_file(const char *path, void *buffer, size_t size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = 1;

    if (descriptor < 0)
        return -errno;
    while (length < size && got > 0) {
        got = read(descriptor, (char *)buffer + length, size - length);
        length += got > 0 ? (size_t)got : 0;
    }
    int error = got < 0 ? errno : 0;
    close(descriptor);
    return error ? -error : (ssize_t)length;
}

/* The number behind "\nNAME:" in TEXT, or OTHERWISE. */
static uint64_t field(const char *text, const char *name, int base, uint64_t otherwise)
{
    char line[32];

    snprintf(line, sizeof(line), "\n%s:", name);
    const char *found = strstr(text, line);
    return found ? strtoull(found + strlen(line), NULL, base) : otherwise;
}

/* "Name:\tsleep\nState:\tS (sleeping)\n..." */
static void read_name(const char *text, char *name, size_t size)
{
    size_t length = strcspn(text, "\n");
    size_t before = length > strlen("Name:\t") ? strlen("Name:\t") : length;

    snprintf(name, size, "%.*s", (int)(length - before), text + before);
}

static bool has_ended(const char *text)
{
    const char *state = strstr(text, "\nState:\t");

    return state && strchr("ZX", state[strlen("\nState:\t")]);
}

int look_thread(pid_t thread, struct thread_status *status)
{
    char path[PROC_PATH_MAX];
    char text[STATUS_BYTES_MAX];

    snprintf(path, sizeof(path), "/proc/%d/status", thread);
    ssize_t length = read_file(path, text, sizeof(text) - 1);
    if (length < 0)
        return (int)length;
    text[length] = '\0';
    bool filtered = field(text, "Seccomp", 10, 0) == 2;
    *status = (struct thread_status){
        .process = (pid_t)field(text, "Tgid", 10, 0),
        .parent = (pid_t)field(text, "PPid", 10, 0),
        .tracer = (pid_t)field(text, "TracerPid", 10, 0),
        .ignored = field(text, "SigIgn", 16, 0),
        .caught = field(text, "SigCgt", 16, 0),
        .blocked = field(text, "SigBlk", 16, 0),
        .no_new_privileges = field(text, "NoNewPrivs", 10, 0) == 1,
        .filters = filtered ? (unsigned)field(text, "Seccomp_filters", 10, 1) : 0,
        .threads = (unsigned)field(text, "Threads", 10, 0),
        .ended = has_ended(text),
    };
    read_name(text, status->name, sizeof(status->name));
    return status->process != 0 ? 0 : -ESRCH;
}

bool look_executes(pid_t process, const char *const *paths, size_t count)
{
    char path[PROC_PATH_MAX];
    struct stat own;
    struct stat other;

    snprintf(path, sizeof(path), "/proc/%d/exe", process);
    if (stat(path, &own) != 0)
        return true; /* what can't be told apart is held: the shim does as much */
    for (size_t i = 0; i < count; i++) {
        const char *named = program_path(paths[i]);
        if (stat(named, &other) != 0)
            continue;
        if (own.st_dev == other.st_dev && own.st_ino == other.st_ino)
            return true;
        if (program_other(path, named, S_ISREG(other.st_mode)) != 0)
            return true;
    }
    return false;
}

const char *look_program(pid_t process, char *path, size_t size)
{
    char link[PROC_PATH_MAX];

    snprintf(link, sizeof(link), "/proc/%d/exe", process);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0)
        return "?";
    path[length] = '\0';
    /* whoever names a file may mean to drive a terminal */
    for (char *c = path; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return path;
}

/* Whether LINE of /proc/PID/maps is of code in FILE, which is called PATH:
 *
 *     7f00-7f01 r-xp 00001000 fe:00 4711      /lib/libc.so.6
 */
static bool is_code_of(char *line, const char *path, const struct stat *file)
{
    enum { RANGE, RIGHTS, OFFSET, DEVICE, INODE, FIELDS };
    char *fields[FIELDS];
    char *rest = line;

    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = strsep(&rest, " ");
        if (!rest)
            return false;
    }
    if (!strchr(fields[RIGHTS], 'x'))
        return false;
    if (strcmp(rest + strspn(rest, " "), path) == 0)
        return true;
    unsigned long major_number = strtoul(fields[DEVICE], &rest, 16);
    unsigned long minor_number = *rest == ':' ? strtoul(rest + 1, NULL, 16) : 0;
    return strtoul(fields[INODE], NULL, 10) == file->st_ino &&
           makedev((unsigned)major_number, (unsigned)minor_number) == file->st_dev;
}

bool look_maps(pid_t process, const char *path)
{
    char maps[PROC_PATH_MAX];
    struct stat file;
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    snprintf(maps, sizeof(maps), "/proc/%d/maps", process);
    FILE *stream = stat(path, &file) == 0 ? fopen(maps, "re") : NULL;
    while (stream && !found && getline(&line, &size, stream) > 0)
        found = is_code_of(line, path, &file);
    free(line);
    if (stream)
        fclose(stream);
    return found;
}

/* What the filter lacks in THREAD, or NULL. */
static const char *lacks(pid_t thread, unsigned before, bool no_new_privileges, bool *gone)
{
    struct thread_status status;
    int error = look_thread(thread, &status);

    if (error == -ENOENT || error == -ESRCH) {
        *gone = true;
        return NULL;
    }
    if (error)
        return "no status to be read";
    if (status.filters <= before)
        return "no filter of the shim's";
    return no_new_privileges && !status.no_new_privileges ? "no NO_NEW_PRIVS" : NULL;
}

/* One look at all threads. *GONE: one ended meanwhile, and may have started another unseen; the
 * kernel may have cut the list off there. */
static const char *look_at_threads(pid_t process, unsigned before, bool no_new_privileges,
                                   bool *gone, char *why, size_t size)
{
    struct thread_status status;
    struct threads threads;
    const char *lack = NULL;

    *gone = false;
    if (threads_list(process, &threads) != 0)
        return "its threads can't be listed";
    for (size_t i = 0; i < threads.count && !lack; i++) {
        lack = lacks(threads.ids[i], before, no_new_privileges, gone);
        if (lack)
            snprintf(why, size, "its thread %d has %s", (int)threads.ids[i], lack);
    }
    *gone |= look_thread(process, &status) != 0 || status.threads != threads.count;
    threads_release(&threads);
    return lack ? why : NULL;
}

const char *look_for_filter(pid_t process, unsigned before, bool no_new_privileges,
                            const char *shim, char *why, size_t size)
{
    const char *lack;
    bool gone;

    if (shim && !look_maps(process, shim)) {
        snprintf(why, size, "the loader has not loaded '%s'", shim);
        return why;
    }
    do {
        lack = look_at_threads(process, before, no_new_privileges, &gone, why, size);
    } while (gone && !lack);
    return lack;
}
