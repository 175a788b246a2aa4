/* A line of the kernel's log, of the audit log, or of ausearch, that tells of a system call and
 * seccomp. */
#ifndef PORTCULLIS_TOOL_AUDIT_H
#define PORTCULLIS_TOOL_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

struct audit {
    char program[32]; /* the thread's name, 15 characters of the program's as a rule */
    char executable[256];
    int pid;
    bool foreign; /* a call of another architecture's table */
    int number;
    unsigned argument_count; /* known from the first on; the kernel leaves them out as a rule */
    uint64_t arguments[6];
    const char *fate; /* in words; static storage */
};

/* Returns whether LINE is of that kind; AUDIT is then what it says. */
bool audit_parse(const char *line, struct audit *audit);

#endif
