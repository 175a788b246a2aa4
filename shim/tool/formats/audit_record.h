/* One record about seccomp(2): a line of the kernel's log, of the audit daemon's (RAW or ENRICHED),
 * of ausearch with or without -i, or of journald. Pure. */
#ifndef PORTCULLIS_TOOL_FORMATS_AUDIT_RECORD_H
#define PORTCULLIS_TOOL_FORMATS_AUDIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../call.h"

enum {
    AUDIT_PROGRAM_MAX = 64,
    AUDIT_EXECUTABLE_MAX = 256,
    AUDIT_NAME_MAX = 2 * CALL_NAME_MAX,
};

/* A zeroed one is empty; no byte of it is padding. */
struct audit_record {
    char program[AUDIT_PROGRAM_MAX]; /* the thread's name: 15 characters, if they are printable */
    char executable[AUDIT_EXECUTABLE_MAX];
    int pid;
    int number;              /* of the call, in its own architecture's table */
    uint64_t arguments[6];   /* of which ARGUMENT_COUNT are known */
    unsigned argument_count; /* from the first on; the kernel leaves them out as a rule */
    uint32_t architecture;   /* AUDIT_ARCH_..., or SCMP_ARCH_X32; 0: of no known one */
    bool foreign;            /* a call of another architecture's table */
    const char *fate;        /* in words; static storage */
};

/* Returns whether LINE, which need not end with its '\n', is of that kind; RECORD is then what it
 * says. Where the name of a process or of a file could stand for a field, as in what ausearch -i
 * writes, the kernel's own fields count, which come last. */
bool audit_record_parse(const char *line, struct audit_record *record);

/* "mount", "call 48 (faccessat) of aarch64", "call 11 of another architecture". Returns TEXT. */
const char *audit_record_call(const struct audit_record *record, char text[AUDIT_NAME_MAX]);

#endif
