/* The arguments of the system calls: what they are called, how wide the kernel consumes them, with
 * which sign. The table is generated from the kernel's trace events (events/syscalls/.../format in
 * tracefs) and a reviewed list of exceptions; see config/prototypes.py. */
#ifndef PORTCULLIS_CONFIG_PROTOTYPES_H
#define PORTCULLIS_CONFIG_PROTOTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROTOTYPE_ARGUMENTS_MAX = 6 };

struct argument {
    uint16_t name;        /* in the string pool: the manual page's name */
    uint16_t kernel_name; /* in the string pool: the kernel's name, often the same */
    uint16_t field;       /* in the string pool: the constant that masks a number hidden among flags
                             (O_ACCMODE), or 0 */
    uint8_t width;        /* bits that the kernel consumes: 16, 32 or 64 */
    bool is_signed;
    bool is_pointer; /* can only be compared with 0 */
};

struct prototype {
    uint16_t name;  /* in the string pool */
    int16_t number; /* on this architecture; -1 where it has none */
    uint8_t count;  /* of arguments */
    struct argument arguments[PROTOTYPE_ARGUMENTS_MAX];
};

/* The prototype of a system call by its name (as libseccomp spells it), or NULL where none is
 * known. Static storage. */
const struct prototype *prototype_find(const char *name);

/* The prototype of the system call with this NUMBER, or NULL where none is known. */
const struct prototype *prototype_find_number(int number);

/* The text behind an offset of this table's string pool. Static storage. */
const char *prototype_text(uint16_t offset);

/* The index of the argument called NAME (the manual's name, the kernel's, or a0 to a5 within the
 * count), or -1. */
int prototype_argument(const struct prototype *prototype, const char *name);

/* For listings and tests: the table itself, sorted by name. */
size_t prototype_count(void);
const struct prototype *prototype_at(size_t index);

#endif
