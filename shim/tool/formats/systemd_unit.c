#include "systemd_unit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A unit file while it is read. */
struct reading {
    int (*take)(void *context, unsigned line, const char *key, char *value);
    void *context;
    bool inside;   /* a section where filters stand */
    unsigned line; /* of the setting that is being read */
};

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

static int take_line(struct reading *reading, char *text)
{
    static const char *const SECTIONS[] = {"[Service]", "[Socket]", "[Mount]", "[Swap]"};
    char *line = trim(text);

    if (*line == '[') {
        reading->inside = false;
        for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(SECTIONS[0]); i++)
            reading->inside |= strcmp(line, SECTIONS[i]) == 0;
        return 0;
    }
    char *equal = strchr(line, '=');
    if (!reading->inside || !equal)
        return 0;
    *equal = '\0';
    return reading->take(reading->context, reading->line, trim(line), trim(equal + 1));
}

static bool is_comment(const char *line)
{
    line += strspn(line, " \t");
    return *line == '#' || *line == ';';
}

/* Whether LINE goes on in the next one; then without its '\'. */
static bool goes_on(char *line)
{
    size_t length = strlen(line);

    if (length == 0 || line[length - 1] != '\\')
        return false;
    line[length - 1] = ' ';
    return true;
}

int systemd_settings(const char *text, size_t length,
                     int (*take)(void *context, unsigned line, const char *key, char *value),
                     void *context)
{
    struct reading reading = {.take = take, .context = context};
    char *copy = strndup(text, length);
    char *whole = copy ? calloc(1, strlen(copy) + 1) : NULL;
    char *rest = copy;
    int error = whole ? 0 : -ENOMEM;
    bool continued = false;
    size_t used = 0;

    for (unsigned number = 1; rest && !error; number++) {
        char *line = strsep(&rest, "\n");
        /* a comment between lines that are one does not part them */
        if (is_comment(line))
            continue;
        if (!continued) {
            used = 0;
            reading.line = number;
        }
        continued = goes_on(line);
        size_t part = strlen(line);
        memcpy(whole + used, line, part + 1);
        used += part;
        if (!continued)
            error = take_line(&reading, whole);
    }
    free(whole);
    free(copy);
    return error;
}

/* What comes out of DESCRIPTOR, but for comments, without blanks before it. */
static int read_members(int descriptor, const char *group, char **members)
{
    size_t size = 0;
    size_t length = 0;
    char *line = NULL;
    FILE *input = fdopen(descriptor, "r");
    FILE *output = input ? open_memstream(members, &length) : NULL;

    if (!output) {
        if (input)
            fclose(input);
        else
            close(descriptor);
        return -ENOMEM;
    }
    while (getline(&line, &size, input) > 0) {
        char *word = trim(line);
        if (*word != '\0' && *word != '#' && strcmp(word, group) != 0)
            fprintf(output, "%s\n", word);
    }
    free(line);
    fclose(input);
    return fclose(output) == 0 ? 0 : -ENOMEM;
}

static int start(const char *group, int output, pid_t *process)
{
    char name[] = "systemd-analyze";
    char verb[] = "syscall-filter";
    char pager[] = "--no-pager";
    char word[64];
    char *arguments[] = {name, pager, verb, word, NULL};
    posix_spawn_file_actions_t actions;

    snprintf(word, sizeof(word), "%s", group);
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return -error;
    error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawnp(process, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

int systemd_group(const char *group, char **members)
{
    int ends[2];
    int status = 0;
    pid_t process = 0;

    *members = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    int error = start(group, ends[1], &process);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return error;
    }
    error = read_members(ends[0], group, members);
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!error && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        error = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -ENOEXEC;
    if (error) {
        free(*members);
        *members = NULL;
    }
    return error;
}
