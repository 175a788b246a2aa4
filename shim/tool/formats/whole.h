/* Imports that make a whole whitelist. */
#ifndef PORTCULLIS_TOOL_FORMATS_WHOLE_H
#define PORTCULLIS_TOOL_FORMATS_WHOLE_H

#include "../import.h"
#include "draft.h"

/* Reads all of IMPORT's stream, has READ make a draft of it, and writes the whitelist that it is to
 * standard output, or to the output file, which must not be there yet. WHAT says in the heading
 * what it was made of. Returns a status; everything is told. */
int whole_import(const struct import *import, const char *what,
                 int (*read)(struct draft *draft, void *context, const char *text, size_t length),
                 void *context) __attribute__((warn_unused_result));

#endif
