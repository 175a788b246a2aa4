/* What a whitelist is to be given: the names and the lines that it lacks. Made by `learn` and by
 * `import`, put into a file by merge.h. */
#ifndef PORTCULLIS_TOOL_LEARN_ADDITIONS_H
#define PORTCULLIS_TOOL_LEARN_ADDITIONS_H

#include <stddef.h>
#include <stdint.h>

/* One thing to allow. */
struct addition {
    char *name;      /* owned; of the system call, or its number in digits */
    char *condition; /* owned; the line's right side, or NULL: the name goes into "syscalls =" */
    uint64_t count;  /* how often it was seen; 0: not counted */
    char *site;      /* owned; where it was first made, as site_text() says it, or NULL */
    char *note;      /* owned; what people should know of it, for a comment ("too many different
                        values for a condition: request"); mostly NULL */
};

/* A zeroed structure is empty. */
struct additions {
    struct addition *items; /* owned; sorted by name, one name's conditions by their text */
    size_t count;
    size_t capacity;
};

/* Copies the texts (CONDITION and SITE may be NULL). Keeps the order. Returns 0 or -ENOMEM. */
int additions_add(struct additions *additions, const char *name, const char *condition,
                  uint64_t count, const char *site) __attribute__((warn_unused_result));

/* Gives the addition with this NAME and CONDITION, which must be there, a copy of NOTE (NULL: none)
 * in place of the one it has. Returns 0 or -ENOMEM. */
int additions_note(struct additions *additions, const char *name, const char *condition,
                   const char *note) __attribute__((warn_unused_result));

void additions_release(struct additions *additions);

#endif
