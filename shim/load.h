/* BPF to the kernel: every thread of the process, or nothing. */
#ifndef PORTCULLIS_SHIM_LOAD_H
#define PORTCULLIS_SHIM_LOAD_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

struct load {
    struct sock_fprog *programs; /* borrowed; loaded in this order */
    size_t count;
    bool no_new_privileges; /* set NO_NEW_PRIVS first */
    bool audit;             /* SECCOMP_FILTER_FLAG_LOG */
    bool more;              /* others are to follow, so that prctl(2) would not do */
    /* The filter that is there already may be the same list, which whoever executed us loaded. It
     * allows seccomp(2), and not what it takes to ask a child. */
    bool reloads;
};

/* What a message ends in where an outer filter kills for seccomp(2). */
#define LOAD_ALLOW_SECCOMP "; allow it there (in a unit: SystemCallFilter=seccomp)"

/* Whether an outer filter kills for seccomp(2) with FLAGS; a child finds out. Where there is none
 * it takes one system call. */
bool load_is_fatal(unsigned flags);

/* The flags for seccomp(2). */
unsigned load_flags(bool audit);

/* Loads the programs by seccomp(2) with TSYNC, or by prctl(2) where an outer filter refuses
 * seccomp(2) and this is provably the only thread. Makes no system call after the last program is
 * in. Returns NULL when every program is in force in every thread; otherwise a text (static
 * storage) that says what failed, with *ERROR the errno, or minus the id of a thread (the text ends
 * in "thread"), or 0 where there is neither: the process must then end. */
const char *load_programs(const struct load *load, long *error) __attribute__((warn_unused_result));

#endif
