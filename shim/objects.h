/* The objects that ld.so has loaded, from its link map: found by the auxiliary vector, as a
 * debugger finds it, so that no symbol has to be imported. */
#ifndef PORTCULLIS_SHIM_OBJECTS_H
#define PORTCULLIS_SHIM_OBJECTS_H

#include <link.h>
#include <stdint.h>

/* The first object, or NULL where the link map cannot be had. AUXV is the process's own vector. */
const struct link_map *objects_first(const unsigned long *auxv);

/* The one of OBJECTS whose dynamic section is DYNAMIC, or NULL. */
const struct link_map *objects_find(const struct link_map *objects, const ElfW(Dyn) * dynamic);

/* Another one that has the same DT_SONAME as OWN, or NULL. */
const struct link_map *objects_twin(const struct link_map *objects, const struct link_map *own);

#endif
