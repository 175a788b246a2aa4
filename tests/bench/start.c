/* Starts programs and times them, from vfork to wait: `start ROUNDS <VARIANTS`.
 *
 * A variant is a line of words: [NAME=VALUE...] COMMAND [ARGUMENT...]. A round starts each variant
 * once, so that what disturbs the machine disturbs all of them. Prints a line for each start: the
 * number of the variant, nanoseconds, page faults. A command that does not exit with 0 ends it.
 * Descriptor 3, where it is open, is at its beginning for each (bwrap --seccomp 3). */
#include <err.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VARIANTS_MAX = 200, WORDS_MAX = 32 };

struct variant {
    char *words[WORDS_MAX + 1]; /* the environment, NULL, the command, NULL */
    char **command;
};

static bool read_variant(struct variant *variant)
{
    static char *line;
    static size_t capacity;
    size_t count = 0;

    if (getline(&line, &capacity, stdin) < 0)
        return false;
    char *rest = strdup(line);
    for (char *word = strtok(rest, " \n"); word; word = strtok(NULL, " \n")) {
        if (!variant->command && !strchr(word, '=')) {
            variant->words[count++] = NULL;
            variant->command = &variant->words[count];
        }
        if (count == WORDS_MAX)
            errx(2, "too many words: %s", line);
        variant->words[count++] = word;
    }
    variant->words[count] = NULL;
    if (!variant->command)
        errx(2, "no command: %s", line);
    return true;
}

static long nanoseconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000000000 + now.tv_nsec - start->tv_nsec;
}

/* glibc's posix_spawn() is a vfork(). */
static void start(size_t index, const struct variant *variant)
{
    struct timespec begin;
    struct rusage usage;
    int status;
    pid_t pid;

    (void)lseek(3, 0, SEEK_SET);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int error = posix_spawnp(&pid, variant->command[0], NULL, NULL, variant->command,
                             (char **)variant->words);
    if (error)
        errx(1, "%s: %s", variant->command[0], strerror(error));
    if (wait4(pid, &status, 0, &usage) != pid)
        err(1, "wait4");
    long taken = nanoseconds_since(&begin);
    if (status != 0)
        errx(1, "variant %zu ended with wait status 0x%x", index, (unsigned)status);
    printf("%zu %ld %ld\n", index, taken, usage.ru_minflt);
}

int main(int count, char **arguments)
{
    static struct variant variants[VARIANTS_MAX];
    size_t variant_count = 0;

    if (count != 2)
        errx(2, "usage: start ROUNDS <VARIANTS");
    while (variant_count < VARIANTS_MAX && read_variant(&variants[variant_count]))
        variant_count++;
    for (long round = strtol(arguments[1], NULL, 10); round > 0; round--) {
        for (size_t i = 0; i < variant_count; i++)
            start(i, &variants[i]);
    }
    return 0;
}
