#include "systemd_groups.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "systemd_unit.h"

enum { DEPTH_MAX = 8 }; /* of groups in groups; systemd's have three */

/* A group as it is printed. */
struct printed {
    char *name;
    char *members; /* a line each; up to NAME of the next section */
};

struct listing {
    struct printed *items; /* owned; the texts are borrowed */
    size_t count;
};

/* A group in the making. */
struct collection {
    const struct listing *listing;
    struct systemd_group *group;
    bool seen[CALL_NUMBERS];
};

static int compare_printed(const void *one, const void *other)
{
    return strcmp(((const struct printed *)one)->name, ((const struct printed *)other)->name);
}

static int compare_name(const void *name, const void *group)
{
    return strcmp(name, ((const struct systemd_group *)group)->name);
}

/* Cuts TEXT: a group's name stands in the first column, its members behind blanks, and comments
 * begin with '#'. */
static int cut(char *text, struct listing *listing)
{
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (*line == '@' && end) {
            struct printed *items =
                reallocarray(listing->items, listing->count + 1, sizeof(*items));
            if (!items)
                return -ENOMEM;
            listing->items = items;
            items[listing->count++] = (struct printed){line, end + 1};
            *end = '\0';
            if (line > text)
                line[-1] = '\0'; /* the members of the group before end here */
        }
        line = end ? end + 1 : NULL;
    }
    if (listing->count > 1)
        qsort(listing->items, listing->count, sizeof(*listing->items), compare_printed);
    return 0;
}

static int add_call(struct collection *collection, const char *name)
{
    struct systemd_group *group = collection->group;
    int number = isalpha((unsigned char)*name) ? call_number(name) : -ENOENT;

    if (number < 0 || number >= CALL_NUMBERS || collection->seen[number])
        return 0;
    int *numbers = reallocarray(group->numbers, group->count + 1, sizeof(*numbers));
    if (!numbers)
        return -ENOMEM;
    group->numbers = numbers;
    numbers[group->count++] = number;
    collection->seen[number] = true;
    return 0;
}

static int add_members(struct collection *collection, const char *name, unsigned depth)
{
    struct printed wanted = {.name = (char *)(uintptr_t)name};
    const struct listing *listing = collection->listing;
    const struct printed *section =
        bsearch(&wanted, listing->items, listing->count, sizeof(*listing->items), compare_printed);
    int error = 0;

    for (const char *line = section ? section->members : NULL; line && *line != '\0' && !error;) {
        char word[CALL_NAME_MAX] = "";
        line += strspn(line, " \t\n");
        size_t length = strcspn(line, " \t\n");
        if (*line != '#' && length < sizeof(word))
            memcpy(word, line, length);
        if (*word == '@' && depth < DEPTH_MAX && strcmp(word, name) != 0)
            error = add_members(collection, word, depth + 1);
        else if (*word != '\0' && *word != '@')
            error = add_call(collection, word);
        line += strcspn(line, "\n");
    }
    return error;
}

int systemd_groups_parse(struct systemd_groups *groups, char *text)
{
    struct listing listing = {0};
    int error = cut(text, &listing);

    groups->items = error ? NULL : calloc(listing.count + 1, sizeof(*groups->items));
    if (!error && !groups->items)
        error = -ENOMEM;
    for (size_t i = 0; i < listing.count && !error; i++) {
        struct systemd_group *group = &groups->items[groups->count++];
        struct collection collection = {.listing = &listing, .group = group};
        snprintf(group->name, sizeof(group->name), "%s", listing.items[i].name);
        error = add_members(&collection, listing.items[i].name, 0);
    }
    free(listing.items);
    return error;
}

static int start(int output, pid_t *process)
{
    char name[] = "systemd-analyze";
    char pager[] = "--no-pager";
    char verb[] = "syscall-filter";
    char *arguments[] = {name, pager, verb, NULL};
    posix_spawn_file_actions_t actions;

    /* colours are no part of names */
    if (setenv("SYSTEMD_COLORS", "0", 1) != 0)
        return -errno;
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

/* All that comes out of DESCRIPTOR, which is closed; to be freed. */
static int read_output(int descriptor, char **text)
{
    char piece[16384];
    size_t length = 0;
    ssize_t got = 0;
    FILE *copy = open_memstream(text, &length);
    int error = copy ? 0 : -ENOMEM;

    while (!error && (got = read(descriptor, piece, sizeof(piece))) != 0) {
        if (got > 0)
            fwrite(piece, 1, (size_t)got, copy);
        else if (errno != EINTR)
            error = -errno;
    }
    if (copy && fclose(copy) != 0)
        error = -ENOMEM;
    close(descriptor);
    return error;
}

/* What systemd-analyze prints; to be freed. */
static int run(char **text)
{
    int ends[2];
    int status = 0;
    pid_t process = 0;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    int error = start(ends[1], &process);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return error;
    }
    error = read_output(ends[0], text);
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!error && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        error = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -ENOEXEC;
    return error;
}

int systemd_groups_ask(struct systemd_groups *groups)
{
    char *text = NULL;

    if (groups->asked)
        return groups->error;
    groups->asked = true;
    groups->error = run(&text);
    if (!groups->error)
        groups->error = text ? systemd_groups_parse(groups, text) : -ENOEXEC;
    free(text);
    return groups->error;
}

const struct systemd_group *systemd_groups_find(const struct systemd_groups *groups,
                                                const char *name)
{
    return groups->count == 0
               ? NULL
               : bsearch(name, groups->items, groups->count, sizeof(*groups->items), compare_name);
}

void systemd_groups_release(struct systemd_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        free(groups->items[i].numbers);
    free(groups->items);
    *groups = (struct systemd_groups){0};
}
