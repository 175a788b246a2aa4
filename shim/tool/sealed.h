/* The filters that a process keeps in its memory for the stages to come. */
#ifndef PORTCULLIS_TOOL_SEALED_H
#define PORTCULLIS_TOOL_SEALED_H

#include "likeness.h"

enum sealed {
    SEALED_SAME,     /* all programs are there, as wanted, where nobody can write */
    SEALED_OTHER,    /* a program is another one */
    SEALED_WRITABLE, /* they can be changed */
    SEALED_GONE,     /* there is nothing: it executed another program, in which no stage begins */
};

/* Looks at what the thread's process keeps at ADDRESS. *INDEX: the wanted program that is another
 * one. Returns an enum sealed or a negative errno. */
int sealed_compare(pid_t thread, const struct sock_fprog *address, const struct wanted *wanted,
                   size_t *index) __attribute__((warn_unused_result));

/* Whether what ADDRESS of the thread's process points to is FILTER, byte for byte, for now. */
bool sealed_holds(pid_t thread, const struct sock_fprog *address, const struct filter *filter);

#endif
