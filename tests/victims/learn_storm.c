// Signals that come while a program is started, from somebody whom nobody traces. Each is queued
// with a value of its own, and each must arrive once, as it was sent.
//
// Preloaded into `filters`, it tells the sender who it is, waits for the first signal, and lets the
// program begin. When that ends, it waits for the last of $STORM and says what came. With -DSENDER
// it is the sender:
//
//     sender FIFO COUNT [stops]    with `stops` it stops and continues the program in between
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef SENDER
int main(int count, char **arguments)
{
    const struct timespec pause = {.tv_nsec = 1};
    FILE *from = count > 2 ? fopen(arguments[1], "re") : NULL;
    int to;

    if (!from || fscanf(from, "%d", &to) != 1)
        return 1;
    for (int i = 0; i < atoi(arguments[2]); i++) {
        while (sigqueue(to, SIGRTMIN, (union sigval){.sival_int = i}) != 0)
            nanosleep(&pause, NULL);
        if (count > 3 && i % 4 == 0) {
            kill(to, SIGSTOP);
            kill(to, SIGCONT);
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}
#else
static volatile sig_atomic_t arrived, wrong, sender;

static bool is_it(void)
{
    return strcmp(program_invocation_short_name, "filters") == 0;
}

static void on_signal(int signal, siginfo_t *information, void *context)
{
    (void)signal;
    (void)context;
    if (arrived == 0)
        sender = information->si_pid;
    if (information->si_code != SI_QUEUE || information->si_pid != sender ||
        information->si_value.sival_int != arrived)
        wrong = wrong + 1;
    arrived = arrived + 1;
}

__attribute__((constructor)) static void begin(void)
{
    const struct sigaction action = {.sa_sigaction = on_signal,
                                     .sa_flags = SA_SIGINFO | SA_RESTART};
    int fifo = is_it() ? open(getenv("STORM_FIFO"), O_WRONLY) : -1;

    if (fifo < 0)
        return;
    sigaction(SIGRTMIN, &action, NULL);
    dprintf(fifo, "%d\n", getpid());
    close(fifo);
    while (arrived == 0)
        ;
}

__attribute__((destructor)) static void end(void)
{
    while (is_it() && arrived < atoi(getenv("STORM")))
        usleep(1000);
    if (is_it())
        printf("%d signals, %d wrong\n", (int)arrived, (int)wrong);
    fflush(stdout);
}
#endif
