/* A parent that sends COUNT signals to its child, one a millisecond, and then stops it, until there
 * is a line to read. In the end it says how many signals the child got and how often the parent was
 * told that something happened to the child. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile unsigned *signals;
static volatile unsigned notices;

static void count_signal(int signal)
{
    (void)signal;
    ++*signals;
}

static void count_notice(int signal)
{
    (void)signal;
    notices++;
}

static _Noreturn void be_child(void)
{
    signal(SIGRTMIN, count_signal);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
}

static void send_all(pid_t child, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        sigqueue(child, SIGRTMIN, (union sigval){.sival_int = 0});
        usleep(1000);
    }
    for (unsigned i = 0; i < 2000 && *signals < count; i++)
        usleep(1000);
}

int main(int count, char **arguments)
{
    char line[8];
    int status;
    int more = 0;

    if (count != 2)
        return 2;
    signals =
        mmap(NULL, sizeof(*signals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    signal(SIGCHLD, count_notice);
    pid_t child = fork();
    if (child == 0)
        be_child();
    usleep(100000);
    printf("%d\n", (int)child);
    fflush(stdout);
    send_all(child, (unsigned)strtoul(arguments[1], NULL, 10));
    printf("%u signals, %u notices, ", *signals, notices);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    notices = 0;
    puts(WIFSTOPPED(status) ? "stopped" : "ended");
    fflush(stdout);
    if (!fgets(line, sizeof(line), stdin))
        return 1;
    while (waitpid(child, &status, WUNTRACED | WCONTINUED | WNOHANG) > 0)
        more++;
    printf("then %u notices, %d changes\n", notices, more);
    kill(child, SIGKILL);
    return 0;
}
