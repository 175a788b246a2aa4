#include "strace_lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What no honest log needs: more lives of one pid during one call, and longer lines of descent. */
enum { LIVES_OF_PID_MAX = 16, DESCENT_MAX = 1024 };

/* All lives of one pid. */
struct strace_pid {
    long pid;
    long latest; /* an index */
    struct strace_pid *next;
};

static int compare(const void *one, const void *other)
{
    const struct strace_pid *a = one;
    const struct strace_pid *b = other;

    return (a->pid > b->pid) - (a->pid < b->pid);
}

static const struct strace_pid *find_pid(const struct strace_log *log, long pid)
{
    const struct strace_pid wanted = {.pid = pid};

    return tree_find(&log->pids, &wanted, compare);
}

/* The life INDEX turns out to be PID. */
static int set_pid(struct strace_log *log, size_t index, long pid)
{
    struct strace_pid wanted = {.pid = pid, .latest = -1, .next = log->list};
    struct strace_pid *all = tree_find(&log->pids, &wanted, compare);

    if (!all) {
        all = malloc(sizeof(*all));
        if (!all)
            return -ENOMEM;
        *all = wanted;
        if (tree_add(&log->pids, all, compare) != 0) {
            free(all);
            return -ENOMEM;
        }
        log->list = all;
    }
    log->lives[index].pid = pid;
    log->lives[index].earlier = all->latest;
    all->latest = (long)index;
    return 0;
}

static int add(struct strace_log *log, long pid, unsigned number, size_t *index)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity ? log->capacity * 2 : 16;
        struct strace_life *lives = realloc(log->lives, capacity * sizeof(*lives));
        if (!lives)
            return -ENOMEM;
        log->lives = lives;
        log->capacity = capacity;
    }
    *index = log->count;
    log->lives[log->count++] =
        (struct strace_life){.parent = -1, .earlier = -1, .first = number, .leader = *index};
    if (pid != 0)
        return set_pid(log, *index, pid);
    log->nameless = *index + 1;
    return 0;
}

/* The life without a pid before its lines: the only one that is not over, or the first of them. */
static int find_alone(struct strace_log *log, unsigned number, size_t *index)
{
    while (log->over < log->count && log->lives[log->over].ended)
        log->over++;
    *index = log->over;
    return log->over < log->count ? 0 : add(log, 0, number, index);
}

bool strace_lives_resumes(const struct strace_life *life, const struct strace_line *line)
{
    return line->kind == STRACE_RESUMED && life->name && strlen(life->name) == line->name.length &&
           strncmp(life->name, line->name.start, line->name.length) == 0;
}

/* strace -f puts no pid before the lines as long as there is one thread. Once there are more, the
 * first has one: it is the pid that no call has returned. */
static bool is_nameless(const struct strace_log *log, const struct strace_line *line)
{
    const struct strace_life *life = log->nameless ? &log->lives[log->nameless - 1] : NULL;

    return life && (!life->name || strace_lives_resumes(life, line));
}

static bool is_alive(const struct strace_log *log, size_t index, long pid)
{
    return index < log->count && log->lives[index].pid == pid && !log->lives[index].ended;
}

int strace_lives_find(struct strace_log *log, const struct strace_line *line, unsigned number,
                      size_t *index)
{
    if (line->pid == 0)
        return find_alone(log, number, index);
    *index = log->last;
    if (is_alive(log, log->last, line->pid))
        return 0;
    const struct strace_pid *all = find_pid(log, line->pid);
    long life = all ? all->latest : -1;
    for (unsigned i = 0; i < LIVES_OF_PID_MAX && life >= 0; i++) {
        *index = log->last = (size_t)life;
        if (!log->lives[life].ended)
            return 0;
        life = log->lives[life].earlier;
    }
    if (!is_nameless(log, line))
        return add(log, line->pid, number, index);
    *index = log->nameless - 1;
    log->nameless = 0;
    return set_pid(log, *index, line->pid);
}

/* Whether LIFE, or what made it, and so on, is CHILD. No honest log has it so. */
static bool comes_from(const struct strace_log *log, size_t life, size_t child)
{
    for (unsigned i = 0; i < DESCENT_MAX; i++) {
        if (life == child)
            return true;
        if (log->lives[life].parent < 0)
            return false;
        life = (size_t)log->lives[life].parent;
    }
    return true;
}

/* The life of PID, spoken of since line BEGUN, that PARENT has made; log->count if there is none.
 */
static size_t find_child(const struct strace_log *log, size_t parent, unsigned begun, long pid)
{
    const struct strace_pid *all = find_pid(log, pid);
    long life = all ? all->latest : -1;

    for (unsigned i = 0; i < LIVES_OF_PID_MAX && life >= 0; i++) {
        const struct strace_life *child = &log->lives[life];
        if (child->parent < 0 && child->first >= begun && !comes_from(log, parent, (size_t)life))
            return (size_t)life;
        life = child->earlier;
    }
    return log->count;
}

int strace_lives_birth(struct strace_log *log, size_t parent, unsigned begun, unsigned number,
                       long pid, bool thread)
{
    size_t child = find_child(log, parent, begun, pid);

    if (child == log->count) {
        int error = add(log, pid, number, &child);
        if (error)
            return error;
    }
    log->lives[child].parent = (long)parent;
    log->lives[child].born = number;
    log->lives[child].thread = thread;
    if (thread)
        log->lives[child].leader = parent;
    return 0;
}

void strace_lives_end(struct strace_log *log, size_t index)
{
    log->lives[index].ended = true;
    if (log->nameless == index + 1)
        log->nameless = 0;
}

size_t strace_lives_process(struct strace_log *log, size_t index)
{
    struct strace_life *lives = log->lives;

    /* each that is passed is brought nearer to the first */
    while (lives[index].leader != index) {
        lives[index].leader = lives[lives[index].leader].leader;
        index = lives[index].leader;
    }
    return index;
}

void strace_log_release(struct strace_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        free(log->lives[i].name);
        free(log->lives[i].arguments);
    }
    free(log->lives);
    tree_release(&log->pids);
    while (log->list) {
        struct strace_pid *pid = log->list;
        log->list = pid->next;
        free(pid);
    }
    *log = (struct strace_log){0};
}
