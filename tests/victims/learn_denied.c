/* Makes a call that a [deny] line speaks of, and tells what came of it. The argument: "handler" has
 * one for SIGSYS, "blocked" blocks it, "plain" does neither. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void say(const char *text, size_t length)
{
    if (write(STDOUT_FILENO, text, length) != (ssize_t)length)
        _exit(2);
}

static void on_signal(int signal, siginfo_t *information, void *context)
{
    char text[128];

    (void)context;
    say(text, (size_t)snprintf(text, sizeof(text), "signal %d, code %d, call %d, at %d; ", signal,
                               information->si_code, information->si_syscall,
                               information->si_call_addr != NULL));
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "plain";
    const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigset_t all;
    char text[128];

    sigfillset(&all);
    if (strcmp(how, "handler") == 0)
        sigaction(SIGSYS, &action, NULL);
    if (strcmp(how, "blocked") == 0)
        sigprocmask(SIG_BLOCK, &all, NULL);
    errno = 0;
    long result = syscall(SYS_mkdir, "/nowhere/to/be/made", 0700);
    say(text, (size_t)snprintf(text, sizeof(text), "mkdir: %ld, %s\n", result, strerror(errno)));
    return 3;
}
