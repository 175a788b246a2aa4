/* A whitelist's bytes, from a regular file of a bearable size. */
#ifndef PORTCULLIS_CONFIG_FILE_H
#define PORTCULLIS_CONFIG_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct file {
    char *text; /* owned: free() */
    size_t length;
    dev_t device; /* with the inode, which file it is */
    ino_t inode;
};

/* Reads the whole file PATH. Returns 0; -EINVAL if it is not a regular file; -EFBIG if it is longer
 * than LIMIT bytes; -EBUSY if its length changes meanwhile; -ENOMEM; or what open(2), fstat(2) or
 * read(2) failed with. */
int file_read(const char *path, size_t limit, struct file *file)
    __attribute__((warn_unused_result));

/* The same for the file that is open as DESCRIPTOR, at its beginning. It is closed in any case. */
int file_read_open(int descriptor, size_t limit, struct file *file)
    __attribute__((warn_unused_result));

#endif
