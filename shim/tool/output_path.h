/* Where a file that is to be written is: its folder, opened, and its name in that folder. The path
 * is walked as the user typed it, one component after the other, each from the opened folder before
 * it. So nobody who renames on the way leads the walk elsewhere. */
#ifndef PORTCULLIS_TOOL_OUTPUT_PATH_H
#define PORTCULLIS_TOOL_OUTPUT_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Not an errno: the path leads through a symbolic link, or to a file, that another user may have
 * put there for us: in a folder where everybody may make files, it is neither ours nor the folder's
 * owner's. The kernel has the same rule for links (fs.protected_symlinks, proc(5)), where it is on,
 * and in sticky folders. */
enum { OUTPUT_PATH_FOREIGN = -10001 };

struct output_path {
    int folder;              /* O_PATH; owned */
    char name[NAME_MAX + 1]; /* of the file, in that folder; no symbolic link but with in_proc */
    bool exists;
    bool in_proc; /* the name is a link below /proc, such as /dev/stdout leads to: what it is a
                     link to may have no path, or another one */
    struct stat status; /* of the file, if it exists; of what it is a link to, with in_proc */
};

/* Walks PATH. Returns 0, a negative errno or OUTPUT_PATH_FOREIGN. PLACE is to be closed in any
 * case. */
int output_path_open(const char *path, struct output_path *place)
    __attribute__((warn_unused_result));

/* Looks again what has the name in the folder. Returns as above; -ESTALE if it is a link by now. */
int output_path_look(struct output_path *place) __attribute__((warn_unused_result));

void output_path_close(struct output_path *place);

#endif
