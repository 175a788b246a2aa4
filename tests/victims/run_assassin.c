/* Runs a command and kills the watcher that it starts, after so many microseconds:
 *
 *     assassin MICROSECONDS COMMAND...
 *
 * Says on standard error whether it found one ("killed" or "missed"), and exits as COMMAND. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A watcher is born soon behind the command, and executes the same. */
static pid_t find_watcher(pid_t command, const char *path)
{
    for (pid_t id = command + 1; id < command + 10; id++) {
        char link[64];
        char target[PATH_MAX] = "";
        snprintf(link, sizeof(link), "/proc/%d/exe", id);
        if (readlink(link, target, sizeof(target) - 1) > 0 && strcmp(target, path) == 0)
            return id;
    }
    return 0;
}

int main(int count, char **arguments)
{
    int status;

    if (count < 3)
        return 2;
    pid_t command = fork();
    if (command == 0) {
        execv(arguments[2], arguments + 2);
        _exit(2);
    }
    usleep((useconds_t)atoi(arguments[1]));
    pid_t watcher = find_watcher(command, arguments[2]);
    fputs(watcher > 0 && kill(watcher, SIGKILL) == 0 ? "killed\n" : "missed\n", stderr);
    if (waitpid(command, &status, 0) < 0)
        return 2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
