/* A compiled whitelist in words. */
#ifndef PORTCULLIS_TOOL_DISASSEMBLE_H
#define PORTCULLIS_TOOL_DISASSEMBLE_H

#include <stdbool.h>

#include "artifact.h"

/* Prints settings, sources, and every instruction as pseudo code. */
void disassemble(const struct artifact *artifact, bool json);

#endif
