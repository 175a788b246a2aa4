/* Where in a program a system call was made. */
#ifndef PORTCULLIS_TOOL_SITE_H
#define PORTCULLIS_TOOL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SITES_MAX = 8 };

/* What is known of the libraries of some processes; kept from call to call. A zeroed structure is
 * nothing. */
struct sites {
    struct site_map {
        struct Dwfl *dwfl; /* owned */
        bool attached;     /* the process's stacks can be read */
        pid_t process;
        uint64_t maps; /* a sum over /proc/PID/maps, as it was */
    } maps[SITES_MAX]; /* by the process's id, modulo SITES_MAX */
};

/* "libc.so.6!socket+0x7, called by libc.so.6!getaddrinfo+0x91c, called by curl!main+0x52": the
 * instruction at PC, the function of the C library that led there, and who called that one. Callers
 * are only known where THREAD of PROCESS is STOPPED, traced by this one. Returns TEXT. */
const char *site_text(struct sites *sites, pid_t process, pid_t thread, bool stopped, uint64_t pc,
                      char *text, size_t size);

/* Lets this process open as many files as it may: one stays open for each library that is known. */
void sites_need_room(void);

void sites_release(struct sites *sites);

#endif
