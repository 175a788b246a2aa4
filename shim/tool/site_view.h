/* What the three processes share that work out where a call was made (site.h). Each of them may
 * write anything there, at any time: what somebody relies on, he keeps for himself. */
#ifndef PORTCULLIS_TOOL_SITE_VIEW_H
#define PORTCULLIS_TOOL_SITE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "../filter.h"

enum {
    SITE_MODULES_MAX = 1024,
    SITE_NAME_MAX = 96,
    SITE_REGISTERS = 17, /* of DWARF's x86-64: rax rdx rcx rbx rsi rdi rbp rsp r8 ... r15 rip */
    SITE_STACK_MAX = 128 << 10,
    SITE_TEXT_MAX = 1024,
};

/* A file that code is mapped from, and all that is mapped of it in a row. */
struct site_module {
    uint64_t start;
    uint64_t end;
    char name[SITE_NAME_MAX]; /* which file it is, a slash, and the file's name */
};

struct site_view {
    /* by the supervisor */
    uint64_t pc;
    bool has_registers;
    uint64_t registers[SITE_REGISTERS];
    /* by the one that looks */
    uint64_t maps; /* a sum over the code that is mapped */
    uint32_t count;
    struct site_module modules[SITE_MODULES_MAX];
    uint64_t stack_start;
    uint32_t stack_length;
    unsigned char stack[SITE_STACK_MAX];
    /* by the one that names */
    char text[SITE_TEXT_MAX];
};

/* The words of a struct worker_message. */
enum {
    /* to the one that looks: at PROCESS, whose stack is at ADDRESS of the memory that comes
     * along, or unknown; answered by SITE_DONE */
    SITE_LOOK = 1,
    /* to the same: the file of the module NUMBER; answered by SITE_DONE, with or without it. From
     * the one that names, to the supervisor: the same, answered likewise */
    SITE_OPEN,
    /* to the one that names: the place, of the process PROCESS; answered by SITE_DONE */
    SITE_NAME,
    SITE_DONE,
};

/* The one that looks at the process: as privileged as the supervisor, it reads text of the kernel's
 * and copies bytes. What it reads may make it wait for ever. CONTEXT: the view. */
void site_look(int channel, void *context);

/* The one that finds names in the process's files, for which it has no rights of any kind. */
struct site_namer {
    struct site_view *view;
    const struct filter *filter; /* that it loads */
};
void site_name(int channel, void *context);

#endif
