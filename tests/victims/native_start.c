/* native_start UNIT DEFAULTS PROGRAM [ARGUMENT...]: what systemd 252 does with a unit's system
 * calls between the loading of its filter and the execution of its program. UNIT has
 * SystemCallFilter= and SystemCallErrorNumber= lines, without groups; DEFAULTS has the members of
 * @default, a line each.
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

enum { NUMBERS = 1024, ABSENT = -1, PLAIN = 0, KILL = 1 << 20 };

static const char *defaults;
static int listed[NUMBERS]; /* ABSENT, PLAIN, or with an errno or KILL */
static bool begun;
static bool allows; /* what is listed is allowed, else it is refused */

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

static void forget(void)
{
    begun = allows = false;
    for (int i = 0; i < NUMBERS; i++)
        listed[i] = ABSENT;
}

/* "read", "ptrace:kill" */
static void put(char *word, bool inverted)
{
    char *colon = strchr(word, ':');

    if (colon)
        *colon++ = '\0';
    int number = seccomp_syscall_resolve_name(word);
    if (number < 0 || number >= NUMBERS)
        return; /* systemd warns, and goes on */
    if (inverted != allows || (inverted && colon))
        listed[number] = colon ? answer(colon) : PLAIN;
    else
        listed[number] = ABSENT;
}

static void put_defaults(void)
{
    char line[256];
    FILE *names = fopen(defaults, "re");

    if (!names)
        fail(defaults);
    while (fgets(line, sizeof(line), names)) {
        line[strcspn(line, "\n")] = '\0';
        put(line, false);
    }
    fclose(names);
}

/* "read write", "~mount ptrace:kill", "" */
static void list(char *words)
{
    bool inverted = *words == '~';

    if (*words == '\0') {
        forget();
        return;
    }
    if (!begun) {
        begun = true;
        allows = !inverted;
        if (allows)
            put_defaults();
    }
    for (char *word = strtok(words + inverted, " "); word; word = strtok(NULL, " "))
        put(word, inverted);
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

static unsigned action(int number)
{
    return number == KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO((unsigned)number);
}

static void load(int otherwise)
{
    unsigned plain = allows ? SCMP_ACT_ALLOW : action(otherwise);
    unsigned rest = allows ? action(otherwise) : SCMP_ACT_ALLOW;
    scmp_filter_ctx filter = seccomp_init(rest);
    int error = filter ? 0 : -ENOMEM;

    for (int i = 0; i < NUMBERS && !error; i++) {
        unsigned wanted = listed[i] == PLAIN ? plain : action(listed[i]);
        if (listed[i] != ABSENT && wanted != rest)
            error = seccomp_rule_add_exact(filter, wanted, i, 0);
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
    defaults = arguments[2];
    forget();
    load(read_unit(arguments[1]));
    /* the command line and the environment anew, with variables replaced */
    for (size_t size = 1 << 17; size <= 1 << 20; size *= 2) {
        char *kept = malloc(1 << 16);
        char *copy = malloc(size);
        if (!kept || !copy)
            fail("malloc");
        memset(copy, 0, size);
        __asm__ volatile("" : : "r"(kept), "r"(copy) : "memory"); /* they are wanted */
        free(copy);
    }
    if (write(manager[1], &hot, 1) != 1)
        fail("write");
    execv(arguments[3], arguments + 3);
    fail(arguments[3]);
}
