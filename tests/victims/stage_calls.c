/* Calls poll() in one of several ways, and says before and after whether mkdir is allowed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

/* A taken address, in a table that is read-only once it is relocated. */
static int (*const TABLE[])(struct pollfd *, nfds_t, int) = {poll};

static void say(const char *when)
{
    int made = mkdir("/", 0700);

    printf("%s: %s\n", when, made != 0 && errno == EEXIST ? "allowed" : strerror(errno));
}

/* From another object; -DLIBRARY makes that. */
int library_poll(void);

#ifdef LIBRARY
int library_poll(void)
{
    return poll(NULL, 0, 0);
}
#else
static int by_dlopen(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    int (*function)(void) = NULL;

    if (library)
        *(void **)&function = dlsym(library, "library_poll");
    return function ? function() : -1;
}

static int by_dlsym(struct pollfd *list, nfds_t count)
{
    int (*function)(struct pollfd *, nfds_t, int) = NULL;

    *(void **)&function = dlsym(RTLD_DEFAULT, "poll");
    return function ? function(list, count, 0) : -1;
}

/* seccomp(2) in other ways than the shim's. */
static void try_seccomp(void)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    const unsigned flags[] = {0, SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_NEW_LISTENER};

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], &program);
        printf("flags %u: %s\n", flags[i], result < 0 ? strerror(errno) : "allowed");
    }
    unsigned action = SECCOMP_RET_TRAP;
    long result = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
    printf("another operation: %s\n", result < 0 ? strerror(errno) : "allowed");
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "direct";
    struct pollfd none[1] = {{.fd = -1}};
    volatile nfds_t one = 1;

    say("before");
    if (strcmp(how, "direct") == 0)
        poll(none, one, 0);
    else if (strcmp(how, "table") == 0)
        TABLE[count - count](none, one, 0);
    else if (strcmp(how, "library") == 0)
        library_poll();
    else if (strcmp(how, "dlopen") == 0)
        by_dlopen(arguments[2]);
    else if (strcmp(how, "dlsym") == 0)
        by_dlsym(none, one);
    else if (strcmp(how, "execute") == 0 && fflush(stdout) == 0)
        execv(arguments[2], arguments + 2);
    else if (strcmp(how, "raw") == 0)
        syscall(SYS_poll, none, 1, 0);
    else if (strcmp(how, "seccomp") == 0)
        try_seccomp();
    say("after");
    if (strcmp(how, "seccomp") == 0 && poll(none, one, 0) == 0)
        try_seccomp();
    return 0;
}
#endif
