/* Where in a program a system call was made.
 *
 * The program's files, maps and stack are its own to choose, and what they make a reader do as
 * well. So two other processes read them: one looks at the process, and may hang at it; one without
 * any right finds names in its files, and may crash or never come to an end. Both are started when
 * they are first needed, and again after they were killed. What is lost then is the place. */
#ifndef PORTCULLIS_TOOL_SITE_H
#define PORTCULLIS_TOOL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../filter.h"
#include "worker.h"

struct user_regs_struct;

/* A zeroed structure is nothing. */
struct sites {
    struct site_view *view; /* owned: what the three share */
    struct worker looker;
    struct worker namer;
    struct filter filter; /* owned: the namer's */
    unsigned lost;        /* so often one of them was killed or died */
    pid_t process;
    uint64_t pc;
    bool looked; /* site_look_at() has come to its end */
};

/* Looks at PROCESS, in which the instruction at PC made a call, for site_text(). Callers are known
 * only with the thread's REGISTERS; otherwise NULL. */
void site_look_at(struct sites *sites, pid_t process, const struct user_regs_struct *registers,
                  uint64_t pc);

/* The same; the registers are those of THREAD, where it is STOPPED, traced by this process. */
void site_look_at_thread(struct sites *sites, pid_t process, pid_t thread, bool stopped,
                         uint64_t pc);

/* "libc.so.6!socket+0x7, called by libc.so.6!getaddrinfo+0x91c, called by curl!main+0x52": the
 * instruction, the function of the C library that led there, and who called that one; of what was
 * looked at last, which may be gone by now. Returns TEXT. */
const char *site_text(struct sites *sites, char *text, size_t size);

void sites_release(struct sites *sites);

#endif
