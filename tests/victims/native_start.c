/* native_start UNIT DEFAULTS PROGRAM [ARGUMENT...]: what systemd 252 does with a unit's system
 * calls between the loading of its filter and the execution of its program. UNIT has
 * SystemCallFilter= and SystemCallErrorNumber= lines, the first of them a list of what is allowed;
 * DEFAULTS has the members of @default, a line each.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { NUMBERS = 1024, NOT_LISTED = -1, KILL = 1 << 20 };

static int answers[NUMBERS]; /* 0: allowed; an errno; or one of those */

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(99);
}

/* "ENOSYS", "kill" */
static int answer(const char *word)
{
    if (strcmp(word, "kill") == 0)
        return KILL;
    for (int error = 1; error < 4096; error++) {
        const char *name = strerrorname_np(error);
        if (name && strcmp(name, word) == 0)
            return error;
    }
    errno = EINVAL;
    fail(word);
}

/* "read write", "~mount ptrace:kill" */
static void list(char *words)
{
    bool inverted = *words == '~';

    for (char *word = strtok(words + inverted, " \n"); word; word = strtok(NULL, " \n")) {
        char *colon = strchr(word, ':');
        if (colon)
            *colon++ = '\0';
        int number = seccomp_syscall_resolve_name(word);
        if (number < 0 || number >= NUMBERS)
            continue; /* systemd warns, and goes on */
        if (!inverted)
            answers[number] = 0;
        else
            answers[number] = colon ? answer(colon) : NOT_LISTED;
    }
}

static int read_unit(const char *path)
{
    static const char FILTER[] = "SystemCallFilter=", ERROR[] = "SystemCallErrorNumber=";
    char line[4096];
    int otherwise = EPERM;
    FILE *unit = fopen(path, "re");

    if (!unit)
        fail(path);
    while (fgets(line, sizeof(line), unit)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, FILTER, sizeof(FILTER) - 1) == 0)
            list(line + sizeof(FILTER) - 1);
        else if (strncmp(line, ERROR, sizeof(ERROR) - 1) == 0)
            otherwise = answer(line + sizeof(ERROR) - 1);
    }
    fclose(unit);
    return otherwise;
}

static void read_defaults(const char *path)
{
    char line[256];
    FILE *defaults = fopen(path, "re");

    for (int i = 0; i < NUMBERS; i++)
        answers[i] = NOT_LISTED;
    if (!defaults)
        fail(path);
    while (fgets(line, sizeof(line), defaults))
        list(line);
    fclose(defaults);
}

static unsigned action(int number)
{
    if (number == 0)
        return SCMP_ACT_ALLOW;
    return number == KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO((unsigned)number);
}

static void load(int otherwise)
{
    scmp_filter_ctx filter = seccomp_init(action(otherwise));
    int error = filter ? 0 : -ENOMEM;

    for (int i = 0; i < NUMBERS && !error; i++) {
        if (answers[i] != NOT_LISTED && action(answers[i]) != action(otherwise))
            error = seccomp_rule_add_exact(filter, action(answers[i]), i, 0);
    }
    if (!error)
        error = seccomp_load(filter);
    if (error) {
        errno = -error;
        fail("filter");
    }
    seccomp_release(filter);
}

int main(int count, char **arguments)
{
    int manager[2];
    char hot = 1;

    if (count < 4)
        return 2;
    if (pipe2(manager, O_CLOEXEC) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail("pipe");
    read_defaults(arguments[2]);
    load(read_unit(arguments[1]));
    /* the command line and the environment anew, with variables replaced */
    for (size_t size = 1 << 17; size <= 1 << 20; size *= 2) {
        char *kept = malloc(1 << 16);
        char *copy = malloc(size);
        if (!kept || !copy)
            fail("malloc");
        memset(copy, 0, size);
        free(copy);
    }
    if (write(manager[1], &hot, 1) != 1)
        fail("write");
    execv(arguments[3], arguments + 3);
    fail(arguments[3]);
}
