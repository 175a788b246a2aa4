/* A file that is replaced as a whole, under a lock that everybody who replaces files of its folder
 * shares. The folder itself is locked: so no lock file is left over, and it does not matter that
 * the file is another one afterwards. Messages go to standard error. */
#ifndef PORTCULLIS_TOOL_LEARN_FOLDER_H
#define PORTCULLIS_TOOL_LEARN_FOLDER_H

#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>

struct folder {
    const char *path;          /* of the file, as the user wrote it; borrowed */
    int descriptor;            /* of the folder that the file is in, symbolic links followed */
    int file;                  /* the file, or -1 */
    char name[NAME_MAX + 1];   /* of the file, in that folder */
    char beside[NAME_MAX + 1]; /* of the one that is to take its place */
    struct stat status;        /* of the file, if there is one */
    char *text;                /* owned; what was read, or NULL */
    size_t length;
};

/* Finds PATH's folder and locks it; reads the file, if there is one. Waits for the lock, but not
 * for ever. Returns STATUS_OK, STATUS_OS or STATUS_CANNOT, which is told. FOLDER is to be closed in
 * any case. */
int folder_open(const char *path, struct folder *folder) __attribute__((warn_unused_result));

/* Not a status: somebody who knows no lock has changed the file since it was read. */
enum { FOLDER_CHANGED = -1 };

/* The file becomes TEXT, and keeps owner, mode and extended attributes. Returns STATUS_OK when it
 * is on disk; FOLDER_CHANGED; other statuses as above: then the file is as it was. SIGXFSZ should
 * be ignored. */
int folder_replace(struct folder *folder, const char *text, size_t length)
    __attribute__((warn_unused_result));

/* Says that FOLDER's file can't be had because of ERROR, an errno. Returns the status. */
int folder_cannot(const struct folder *folder, const char *what, int error);

void folder_close(struct folder *folder);

#endif
