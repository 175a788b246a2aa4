/* A library whose constructor makes calls that no loader makes, itself and by what it executes. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

__attribute__((constructor)) static void begin(void)
{
    char *child[] = {"/bin/true", NULL};
    pid_t process;

    if (write(STDOUT_FILENO, "a banner\n", 9) < 0)
        return;
    (void)!getsid(0);
    if (getenv("NATIVE_END"))
        _exit(7);
    if (!getenv("NATIVE_SPAWN") || posix_spawn(&process, child[0], NULL, NULL, child, environ) != 0)
        return;
    waitpid(process, NULL, 0);
    (void)!getpgid(0);
}

int native(void);

int native(void)
{
    return 0;
}
