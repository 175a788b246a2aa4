/* The profiles of container engines. */
#ifndef PORTCULLIS_TOOL_FORMATS_OCI_IMPORT_H
#define PORTCULLIS_TOOL_FORMATS_OCI_IMPORT_H

#include <json-c/json.h>

#include "../import.h"
#include "draft.h"

/* For verb_import(). Takes a profile in the runtime's shape or in the engines', or a runtime's
 * config.json. */
int oci_import(const struct import *import);

/* An element of "syscalls", and where it stands. */
struct oci_element {
    struct draft *draft;
    const struct import_capabilities *capabilities;
    struct json_object *object; /* borrowed */
    size_t index;
};

/* How long LIST is; 0 for what is no list. */
size_t oci_length(struct json_object *list);

/* Whether LIST has WORD. */
bool oci_has(struct json_object *list, const char *word);

/* Whether ELEMENT holds on this machine and with these capabilities, by its includes and excludes;
 * where a capability decides that, it is told. */
bool oci_element_holds(const struct oci_element *element);

/* The name that ELEMENT is told by: the first of its names. */
const char *oci_element_name(const struct oci_element *element);

#endif
