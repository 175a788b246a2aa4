/* The one way in which the command writes a file that the user names. A file is replaced as a
 * whole: who reads it sees what was there before or all of the new text, also after a crash. A
 * symbolic link stays one, and is not followed where another user may have put it for us
 * (output_path.h). Messages go to standard error. */
#ifndef PORTCULLIS_TOOL_OUTPUT_FILE_H
#define PORTCULLIS_TOOL_OUTPUT_FILE_H

#include "output_path.h"

#include <stddef.h>

/* What may be there already. */
enum output_mode {
    OUTPUT_REPLACE, /* a regular file, which is replaced, or a device, a pipe and the like, which is
                       written to */
    OUTPUT_NEW,     /* nothing */
    OUTPUT_UPDATE,  /* a regular file, which is read first. A lock is held from then on, which all
                       who update files of its folder share, and not waited for forever. The folder
                       itself is locked: so no lock file is left over. Neither a read-only file nor
                       one with several names is changed */
};

struct output_file {
    const char *path; /* as the user wrote it; borrowed */
    enum output_mode mode;
    struct output_path place;
    int folder;                /* the place's, for locks and fsync(2), or -1 */
    int file;                  /* the old file, opened for reading, or -1 */
    char beside[NAME_MAX + 1]; /* the name of the one that is to take its place */
    char *text;                /* owned; OUTPUT_UPDATE: what was read, or NULL */
    size_t length;
};

/* These two are no status. */
enum {
    OUTPUT_FILE_CHANGED = -1, /* somebody has changed the file meanwhile: begin again */
    OUTPUT_FILE_EXISTS = -2,  /* OUTPUT_NEW: there is a file */
};

/* Finds PATH; with OUTPUT_UPDATE locks and reads it. Returns STATUS_OK; OUTPUT_FILE_CHANGED or
 * OUTPUT_FILE_EXISTS; or STATUS_OS or STATUS_CANNOT, after saying why. FILE is to be closed in any
 * case. */
int output_file_open(const char *path, enum output_mode mode, struct output_file *file)
    __attribute__((warn_unused_result));

/* The file becomes LENGTH bytes at BYTES, and keeps its mode and its extended attributes. It keeps
 * its owner too; where that isn't allowed, OUTPUT_UPDATE refuses, and OUTPUT_REPLACE makes the file
 * ours. Returns STATUS_OK when it is on disk; OUTPUT_FILE_CHANGED; other statuses as above: then
 * the file is as it was. */
int output_file_replace(struct output_file *file, const void *bytes, size_t length)
    __attribute__((warn_unused_result));

/* Says that the file can't be had because of ERROR, a negative errno or OUTPUT_PATH_FOREIGN. WHAT:
 * "write" or "read". Returns the status. */
int output_file_cannot(const char *path, const char *what, int error);

void output_file_close(struct output_file *file);

/* Calls ONCE until it returns something else than OUTPUT_FILE_CHANGED, which is given up after a
 * few times. Returns its status. */
int output_file_again(const char *path, int (*once)(void *context), void *context)
    __attribute__((warn_unused_result));

/* All of it at once, for other modes than OUTPUT_UPDATE. Returns STATUS_OK, OUTPUT_FILE_EXISTS,
 * STATUS_OS or STATUS_CANNOT. */
int output_file_write(const char *path, enum output_mode mode, const void *bytes, size_t length)
    __attribute__((warn_unused_result));

/* Whether PATH can be found and its folder written to. Changes nothing and takes no lock. Returns
 * STATUS_OK; or STATUS_OS or STATUS_CANNOT, after saying why. */
int output_file_try(const char *path) __attribute__((warn_unused_result));

/* For what is written piece by piece: opens PATH for appending, and makes it if need be. A regular
 * file becomes empty; one with several names is refused. Returns a descriptor that is closed on
 * exec, or a negative status. */
int output_file_stream(const char *path) __attribute__((warn_unused_result));

#endif
