/* A file that is replaced as a whole, under a lock that everybody who replaces files of its folder
 * shares. No lock file: the folder itself is locked, so that nothing is left over, and a file that
 * is renamed meanwhile does not matter. Messages go to standard error. */
#ifndef PORTCULLIS_TOOL_LEARN_FOLDER_H
#define PORTCULLIS_TOOL_LEARN_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct folder {
    const char *path;          /* of the file, as the user wrote it; borrowed */
    int descriptor;            /* of the folder that the file is in, symbolic links followed */
    char name[PATH_MAX];       /* of the file, in that folder */
    char beside[NAME_MAX + 1]; /* of the file that is to take its place */
    bool exists;
    struct stat status; /* if it exists */
    char *text;         /* owned; what was read, or NULL */
    size_t length;
};

/* Finds PATH's folder and locks it; reads the file, if there is one. Returns STATUS_OK, STATUS_OS
 * or STATUS_CANNOT, which is told. FOLDER is to be closed in any case. */
int folder_open(const char *path, struct folder *folder) __attribute__((warn_unused_result));

/* The file becomes TEXT: after this returned STATUS_OK it is on disk, before it is as it was. Other
 * statuses as above. */
int folder_replace(struct folder *folder, const char *text, size_t length)
    __attribute__((warn_unused_result));

void folder_close(struct folder *folder);

#endif
