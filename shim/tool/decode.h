/* A system call in words: its name, and its arguments by the names of their values. Nothing behind
 * a pointer is read. */
#ifndef PORTCULLIS_TOOL_DECODE_H
#define PORTCULLIS_TOOL_DECODE_H

#include <stdint.h>
#include <stdio.h>

#include "../../config/prototypes.h"

enum { DECODE_VALUE_MAX = 512 };

/* The prototype of the system call NUMBER, or NULL. */
const struct prototype *decode_prototype(int number);

/* "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, 0)" */
void decode_call(FILE *stream, int number, const uint64_t arguments[6]);

/* The value of ARGUMENT of CALL in words of the whitelist language: constants, joined by '|' where
 * it is a set of flags, or a number. TEXT is of DECODE_VALUE_MAX bytes. Returns TEXT. */
const char *decode_value(const char *call, const struct argument *argument, uint64_t value,
                         char *text);

/* The same for VALUE as a set of whole flags, as "with" takes it. */
const char *decode_flags(const char *call, const struct argument *argument, uint64_t value,
                         char *text);

/* What to give as CALL for one of the ARGUMENTS of a call: the options of a socket have their names
 * by their level. Static storage, or CALL. */
const char *decode_context(const char *call, const struct argument *argument,
                           const uint64_t arguments[6]);

/* All bits that the kernel looks at of ARGUMENT. */
uint64_t decode_bits(const struct argument *argument);

/* The bits of VALUE that the kernel looks at, its sign extended where ARGUMENT has one. */
uint64_t decode_cut(const struct argument *argument, uint64_t value);

#endif
