/* The threads that a log of strace speaks of: whose a line is, and who made whom. */
#ifndef PORTCULLIS_TOOL_FORMATS_STRACE_LIVES_H
#define PORTCULLIS_TOOL_FORMATS_STRACE_LIVES_H

#include <stdbool.h>
#include <stddef.h>

#include "../tree.h"
#include "strace_line.h"

/* A thread from its first line in the log to its last. */
struct strace_life {
    long pid;        /* 0: not told (yet) */
    long parent;     /* the life that made it, or -1 */
    bool thread;     /* of its parent's process */
    unsigned first;  /* the line that it was first spoken of on */
    unsigned born;   /* the line that its parent's call ended on */
    bool ended;      /* the log says so */
    bool foreign;    /* it makes calls of another architecture */
    bool called;     /* it has made a call */
    unsigned line;   /* of a call that has begun; 0: there is none */
    char *name;      /* owned; of that call */
    char *arguments; /* owned; so far */
    unsigned probed; /* for strace_marks.h: the state of its last call */
    long earlier;    /* another life of the same pid, or -1 */
    size_t leader;   /* a life nearer to the first of its process; that one's is itself */
};

/* A zeroed structure is empty. */
struct strace_log {
    struct strace_life *lives; /* owned */
    size_t count;
    size_t capacity;
    size_t over;             /* so many at the beginning have ended */
    size_t last;             /* the life spoken of last */
    size_t nameless;         /* 1 more than the life whose pid is not told yet, or 0 */
    struct tree pids;        /* of struct strace_pid */
    struct strace_pid *list; /* owned: the same */
};

/* Whose LINE, which is the line NUMBER of the log, is: made where there is no such life. Returns 0
 * or -ENOMEM. */
int strace_lives_find(struct strace_log *log, const struct strace_line *line, unsigned number,
                      size_t *index) __attribute__((warn_unused_result));

/* On line NUMBER a call of PARENT ended that began on line BEGUN and made PID, a THREAD of its own
 * process or not. The child's own lines may be there already. Returns 0 or -ENOMEM. */
int strace_lives_birth(struct strace_log *log, size_t parent, unsigned begun, unsigned number,
                       long pid, bool thread) __attribute__((warn_unused_result));

/* The life INDEX is over. */
void strace_lives_end(struct strace_log *log, size_t index);

/* The first thread of the process that the life INDEX is of. */
size_t strace_lives_process(struct strace_log *log, size_t index);

/* Whether LINE goes on with what LIFE has begun. */
bool strace_lives_resumes(const struct strace_life *life, const struct strace_line *line);

void strace_log_release(struct strace_log *log);

#endif
