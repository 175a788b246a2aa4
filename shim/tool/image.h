/* An ELF file, and whether ld.so would preload anything into it. */
#ifndef PORTCULLIS_TOOL_IMAGE_H
#define PORTCULLIS_TOOL_IMAGE_H

#include <limits.h>
#include <stdbool.h>

#define IMAGE_SHIM "libportcullis.so"

struct image_reason {
    char reason[PATH_MAX + 128]; /* "is statically linked" */
    const char *remedy;
};

/* Returns true, or false with a REASON. */
bool image_check(const char *path, struct image_reason *reason);

/* What the kernel runs the file PATH by: the string in its first PT_INTERP, up to its NUL. Returns
 * whether there is one. */
bool image_interpreter(const char *path, char interpreter[PATH_MAX]);

/* Whether the file PATH is a loader such as ld.so, which others are given to: `ld.so ./program`.
 * Where it can't be opened, it isn't, and errno is set; else errno is 0. */
bool image_is_loader(const char *path);

/* Whether the program PATH is linked with a library whose name begins with PREFIX. */
bool image_needs(const char *path, const char *prefix);

/* Whether the file PATH can be read, is called a shim by its DT_SONAME, is made for programs of
 * this machine, and lies where code may be mapped from. */
bool image_is_shim(const char *path);

#endif
