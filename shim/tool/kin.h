/* The calls that go with a call: who needs the one needs the others next. */
#ifndef PORTCULLIS_TOOL_KIN_H
#define PORTCULLIS_TOOL_KIN_H

#include <stdint.h>

#include "../rules.h"

enum { KIN_LINE_MAX = 512 };

/* A line of [allow], "syscalls = read close", with what RULES do not speak of yet and what a
 * program that makes the native call NUMBER needs as well; "" if there is nothing. Returns LINE. */
const char *kin_line(const struct rules *rules, int number, const uint64_t arguments[6],
                     char line[KIN_LINE_MAX]);

#endif
