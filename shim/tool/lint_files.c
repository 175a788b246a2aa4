#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lint.h"

/* Whether the file or folder that STATUS is of can be written by others than root and its owner. */
static bool is_open_to_others(const struct stat *status)
{
    return (status->st_mode & S_IWOTH) != 0 ||
           ((status->st_mode & S_IWGRP) != 0 && status->st_gid != 0);
}

/* In a folder that others can write, they can put another file in its place. */
static bool has_open_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    struct stat status;
    bool open = folder && stat(folder, &status) == 0 && is_open_to_others(&status) &&
                (status.st_mode & S_ISVTX) == 0;

    free(folder);
    return open;
}

static void check_file(struct lint *lint, const char *path)
{
    struct stat status;
    struct place place = {path, 0};

    if (stat(path, &status) != 0)
        return;
    if (is_open_to_others(&status))
        lint_warn(
            lint, LINT_WRITABLE, place,
            "others than root and the file's owner can write it; 'chmod go-w' takes that away");
    else if (has_open_folder(path))
        lint_warn(
            lint, LINT_WRITABLE, place,
            "others can replace it: its folder can be written by more than root and the owner");
    else if (geteuid() != 0 && access(path, W_OK) == 0)
        lint_warn(lint, LINT_WRITABLE, place,
                  "you can write it, and so can a program that you run under it; let root own it");
}

void lint_files(struct lint *lint)
{
    const struct whitelist *whitelist = &lint->policy->whitelist;
    const char *last = whitelist->name;

    check_file(lint, last);
    for (size_t i = 0; i < whitelist->entry_count; i++) {
        const char *file = whitelist->entries[i].place.file;
        if (strcmp(file, last) != 0 && strcmp(file, whitelist->name) != 0)
            check_file(lint, file);
        last = file;
    }
}
