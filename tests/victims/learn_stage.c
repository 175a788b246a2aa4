/* Calls that tell in which process, and when, they were made: before the first poll(), after it,
 * in a child that was made before it, in one that was made after it. */
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(pid_t child)
{
    if (child < 0 || waitpid(child, NULL, 0) != child)
        exit(1);
}

int main(int count, char **arguments)
{
    (void)arguments;
    getuid();
    close(socket(AF_INET, SOCK_DGRAM, 0));
    pid_t child = fork();
    if (child == 0) {
        geteuid();
        if (count > 1)
            poll(NULL, 0, 0);
        getgid(); /* in the stage, if there was an argument */
        _exit(0);
    }
    wait_for(child);
    getppid(); /* in no stage, whatever the child has done */
    poll(NULL, 0, 0);
    getegid();
    close(socket(AF_UNIX, SOCK_DGRAM, 0));
    child = fork();
    if (child == 0) {
        getpid();
        getpgid(0); /* the stage is inherited */
        _exit(0);
    }
    wait_for(child);
    return 0;
}
