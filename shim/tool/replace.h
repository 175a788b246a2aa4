/* A file that is replaced as a whole. */
#ifndef PORTCULLIS_TOOL_REPLACE_H
#define PORTCULLIS_TOOL_REPLACE_H

#include <stddef.h>

/* PATH becomes LENGTH bytes at BYTES. Who reads it sees what was there before or all of these, also
 * after a crash. A symbolic link stays one. What is no regular file, such as a terminal or a pipe,
 * is written to. Returns 0 or a negative errno. */
int replace_file(const char *path, const void *bytes, size_t length)
    __attribute__((warn_unused_result));

#endif
