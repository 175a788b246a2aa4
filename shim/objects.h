/* The objects that ld.so has loaded, from its link map: found by the auxiliary vector, as a
 * debugger finds it, so that no symbol has to be imported. */
#ifndef PORTCULLIS_SHIM_OBJECTS_H
#define PORTCULLIS_SHIM_OBJECTS_H

#include <link.h>
#include <stdint.h>

/* The first entry TAG of the dynamic section DYNAMIC (NULL: there is none), or NULL. */
const ElfW(Dyn) * objects_entry(const ElfW(Dyn) * dynamic, ElfW(Sxword) tag);

/* Where the table is that OBJECT's dynamic section names by TAG (DT_SYMTAB, DT_JMPREL), or NULL.
 */
const void *objects_table(const struct link_map *object, ElfW(Sxword) tag);

/* The value of TYPE in the auxiliary vector AUXV, or 0. */
unsigned long objects_value(const unsigned long *auxv, unsigned long type);

/* The first object, or NULL where the link map cannot be had. AUXV is the process's own vector. */
const struct link_map *objects_first(const unsigned long *auxv);

/* The one of OBJECTS whose dynamic section is DYNAMIC, or NULL. */
const struct link_map *objects_find(const struct link_map *objects, const ElfW(Dyn) * dynamic);

/* Another one that has the same DT_SONAME as OWN, or NULL. */
const struct link_map *objects_twin(const struct link_map *objects, const struct link_map *own);

#endif
