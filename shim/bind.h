/* Puts a function of ours where the loaded objects call one of the C library's: into the slots of
 * their own tables, as ld.so fills them. No symbol is exported for it. */
#ifndef PORTCULLIS_SHIM_BIND_H
#define PORTCULLIS_SHIM_BIND_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

struct binding {
    const char *symbol;              /* borrowed: the function's name */
    uintptr_t replacement;           /* what is called in its place */
    uintptr_t real;                  /* set by bind_find(): where it is; 0: no object has it */
    const struct link_map *provider; /* set by bind_find(): who has it */
    unsigned slots;                  /* set by bind_slots(): how many point to REPLACEMENT now */
};

/* Finds the function as ld.so does: the first of OBJECTS, OWN aside, that defines it; of several
 * versions the default one. Returns NULL, or a text (static storage) that says why it cannot be
 * replaced. */
const char *bind_find(const struct link_map *objects, const struct link_map *own,
                      struct binding *binding) __attribute__((warn_unused_result));

/* Fills the slots: those that calls go through, bound or still to be bound, and those that hold the
 * function's address, in all OBJECTS but OWN and the one that provides it. Pages that ld.so has
 * made read-only are so again afterwards. HEADERS, COUNT: the program's (AT_PHDR, AT_PHNUM).
 * Returns NULL, or a text (static storage) that says what failed, with *ERROR the errno or 0: the
 * process must then end. */
const char *bind_slots(const struct link_map *objects, const struct link_map *own,
                       const ElfW(Phdr) * headers, size_t header_count, struct binding *bindings,
                       size_t count, long *error) __attribute__((warn_unused_result));

#endif
