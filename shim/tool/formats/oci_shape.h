/* What the members of a profile have to be. */
#ifndef PORTCULLIS_TOOL_FORMATS_OCI_SHAPE_H
#define PORTCULLIS_TOOL_FORMATS_OCI_SHAPE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "../../../config/diagnostic.h"

enum oci_shape { OCI_PROFILE, OCI_ELEMENT, OCI_ARGUMENT, OCI_CONDITION, OCI_MAP };

/* Whether OBJECT, WHAT it is called in messages, is an object whose members are what an engine
 * takes them for: null is as good as none. Reports what is not; a member that no engine has is a
 * warning.
 */
bool oci_shape_check(struct json_object *object, enum oci_shape shape, const char *what,
                     const char *file, struct diagnostics *diagnostics);

/* The place of OBJECT in FILE. */
struct place oci_place(const char *file, struct json_object *object);

#endif
