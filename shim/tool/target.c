#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "tool.h"

enum {
    HEADER_BYTES = 256, /* BINPRM_BUF_SIZE: how much of a file the kernel looks at */
    SCRIPTS_MAX = 5, /* how often one script may be run by another (exec_binprm() in fs/exec.c) */
};

/* Whether execve(2) would have anything to do with PATH. */
static int look_at(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0 ? errno : 0;
}

static int refuse(const char *name, int error)
{
    bool missing = error == ENOENT || error == ENOTDIR;

    if (missing && !strchr(name, '/'))
        tool_error("'%s' is not found in PATH", name);
    else
        tool_error("cannot run '%s': %s", name, strerror(error));
    return missing ? STATUS_NOT_FOUND : STATUS_NOT_RUNNABLE;
}

static int search(const char *name, char path[PATH_MAX])
{
    const char *folders = getenv("PATH");
    int worst = ENOENT;

    if (!folders)
        folders = "/bin:/usr/bin";
    for (;;) {
        size_t length = strcspn(folders, ":");
        int size = snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, folders,
                            length > 0 ? "/" : "./", name);
        int error = size < PATH_MAX ? look_at(path) : ENAMETOOLONG;
        if (!error)
            return 0;
        /* as execvp(3): what may not be run is passed by, and remembered */
        if (error == EACCES || error == EISDIR)
            worst = EACCES;
        if (folders[length] == '\0')
            return worst;
        folders += length + 1;
    }
}

int target_find(const char *name, char path[PATH_MAX])
{
    int error;

    if (*name == '\0')
        error = ENOENT;
    else if (!strchr(name, '/'))
        error = search(name, path);
    else if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
        error = ENAMETOOLONG;
    else
        error = look_at(path);
    return error ? refuse(name, error) : STATUS_OK;
}

/* The interpreter that the "#!" line in HEADER names, cut out as the kernel does it; NULL where
 * there is none. */
static char *interpreter(char *header)
{
    char *name = header + 2;

    name[strcspn(name, "\n")] = '\0';
    name += strspn(name, " \t");
    name[strcspn(name, " \t")] = '\0';
    return *name != '\0' ? name : NULL;
}

static int read_header(const char *path, char header[HEADER_BYTES + 1])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (descriptor < 0)
        return errno;
    ssize_t length = read(descriptor, header, HEADER_BYTES);
    int error = errno;
    close(descriptor);
    if (length < 0)
        return error;
    header[length] = '\0';
    return 0;
}

static int refuse_unreadable(const char *path, int error)
{
    tool_error("cannot read '%s': %s; whether the shim would reach it can't be seen", path,
               strerror(error));
    return STATUS_NOT_RUNNABLE;
}

/* PATH is what SCRIPT is run by, if SCRIPT is not NULL. */
static int refuse_image(const char *path, const char *script, const struct image_reason *reason)
{
    if (script)
        tool_error("the shim cannot reach '%s', which runs '%s': it %s; %s", path, script,
                   reason->reason, reason->remedy);
    else
        tool_error("the shim cannot reach '%s': it %s; %s", path, reason->reason, reason->remedy);
    return STATUS_NOT_RUNNABLE;
}

int target_check(const char *path)
{
    char current[PATH_MAX];
    char header[HEADER_BYTES + 1];
    const char *script = NULL;
    struct image_reason reason;

    snprintf(current, sizeof(current), "%s", path);
    for (int scripts = 0;; scripts++) {
        int error = look_at(current);
        if (error) {
            tool_error("cannot run '%s': its interpreter '%s': %s", path, current, strerror(error));
            return STATUS_NOT_RUNNABLE;
        }
        error = read_header(current, header);
        if (error)
            return refuse_unreadable(current, error);
        if (memcmp(header, "\177ELF", 4) == 0)
            return image_check(current, &reason) ? STATUS_OK
                                                 : refuse_image(current, script, &reason);
        bool marked = memcmp(header, "#!", 2) == 0;
        const char *next = marked ? interpreter(header) : "/bin/sh"; /* as execvp(3) */
        if (!next || scripts == SCRIPTS_MAX || (!marked && script)) {
            tool_error("cannot run '%s': %s", path, strerror(next && marked ? ELOOP : ENOEXEC));
            return STATUS_NOT_RUNNABLE;
        }
        script = path;
        snprintf(current, sizeof(current), "%s", next);
    }
}
