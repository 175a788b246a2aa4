/* Unit files, as far as they are filters. */
#ifndef PORTCULLIS_TOOL_FORMATS_SYSTEMD_IMPORT_H
#define PORTCULLIS_TOOL_FORMATS_SYSTEMD_IMPORT_H

#include "../import.h"

/* For verb_import(). */
int systemd_import(const struct import *import);

#endif
