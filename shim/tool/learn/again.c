#include "again.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../gate.h"
#include "../launch.h"
#include "../policy.h"
#include "../report.h"
#include "../tool.h"

struct again *again_open(void)
{
    struct again *again =
        mmap(NULL, sizeof(*again), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (again != MAP_FAILED)
        return again;
    tool_error("out of memory");
    return NULL;
}

/* Until CHILD has ended. The terminal's signals reach it by themselves. */
static int wait_for(pid_t child, const sigset_t *signals)
{
    int status;

    for (;;) {
        int signal = sigwaitinfo(signals, NULL);
        if (signal == SIGTERM || signal == SIGHUP)
            kill(child, signal);
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

int again_wait(int (*run)(void *context, int keep), void *context)
{
    static const int SIGNALS[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
    sigset_t signals;
    sigset_t before;
    struct sigaction child_action;
    int pipes[2];
    char byte;

    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++)
        sigaddset(&signals, SIGNALS[i]);
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        tool_error("cannot make a pipe: %s", strerror(errno));
        return STATUS_CANNOT;
    }
    fflush(NULL);
    sigprocmask(SIG_BLOCK, &signals, &before);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &child_action);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        sigprocmask(SIG_SETMASK, &before, NULL);
        sigaction(SIGCHLD, &child_action, NULL);
        _exit(run(context, pipes[1]));
    }
    int error = errno;
    close(pipes[1]);
    int status = child > 0 ? wait_for(child, &signals) : STATUS_CANNOT;
    if (child < 0)
        tool_error("cannot make a process: %s", strerror(error));
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* the watcher has the other end as long as there is anything to be watched */
    while (child > 0 && read(pipes[0], &byte, 1) < 0 && errno == EINTR)
        continue;
    close(pipes[0]);
    return status;
}

int again_run(const char *path, const char *executable, char **arguments, int keep,
              struct again *again)
{
    struct policy policy; /* as long as this process */
    int status = policy_open(path, &policy);
    const struct report_settings settings = {
        .policy = &policy, .file = path, .shim = true, .again = again};
    struct gate gate = {.settings = &policy.whitelist.settings, .keep = keep};
    char shim[PATH_MAX];

    if (status == STATUS_OK)
        status = launch_find_shim(NULL, shim);
    if (status == STATUS_OK)
        status = report_join(&settings, &gate);
    if (status == STATUS_OK && gate_lower(&gate) != 0)
        status = STATUS_CANNOT;
    if (status == STATUS_OK)
        status = launch_keep_order(executable);
    if (status == STATUS_OK)
        status = launch_set_environment(shim, path);
    if (status == STATUS_OK)
        status = launch_execute(executable, arguments);
    return status;
}
