/* report_calls WHAT: makes calls that a whitelist refuses, in ways that hide them from a handler.
 */
#define _GNU_SOURCE
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *what, long result)
{
    printf("%s: %ld, %s\n", what, result, result < 0 ? strerror(errno) : "no error");
    fflush(stdout);
}

__attribute__((noinline)) void make_folder(void);

void make_folder(void)
{
    tell("mkdir", mkdir("report.folder", 0750));
}

static void *in_thread(void *nothing)
{
    make_folder();
    return nothing;
}

static void run_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, in_thread, NULL) == 0)
        pthread_join(thread, NULL);
}

static void block_sigsys(void)
{
    sigset_t set;

    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    make_folder();
}

static void on_sigsys(int number, siginfo_t *information, void *context)
{
    (void)context;
    printf("signal %d, code %d, call %d\n", number, information->si_code, information->si_syscall);
    fflush(stdout);
}

static void handle_sigsys(void)
{
    struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

    sigaction(SIGSYS, &action, NULL);
    printf("mkdir: %d\n", mkdir("report.folder", 0750));
}

static void ignore_sigsys(void)
{
    signal(SIGSYS, SIG_IGN);
    make_folder();
}

static void fork_child(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        make_folder();
        _exit(0);
    }
    waitpid(child, &status, 0);
    printf("child: signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void loop(void)
{
    int refused = 0;

    for (int i = 0; i < 200; i++)
        refused += mkdir("report.folder", 0750) < 0 && errno == EROFS;
    printf("refused %d times\n", refused);
}

static void tell_pid(void)
{
    printf("%d\n", getpid());
}

static void raw(void)
{
    tell("raw", syscall(400, 1, 2, 3, 4, 5, 6));
}

static void open_netlink(void)
{
    tell("socket", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static void hide(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    make_folder();
}

/* Waits for a byte, so that things can happen to others meanwhile. */
static void wait_first(void)
{
    char byte;

    puts("waiting");
    fflush(stdout);
    if (read(0, &byte, 1) >= 0)
        make_folder();
}

/* Calls of every shape, none of which does harm if it is let through. */
static void many(void)
{
    syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
    syscall(SYS_openat, 0xffffff9c, NULL, O_RDONLY | O_CLOEXEC, 0777);
    syscall(SYS_openat, AT_FDCWD, NULL, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    syscall(SYS_mmap, NULL, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, -1, 0);
    syscall(SYS_mprotect, NULL, 4096, PROT_READ);
    syscall(SYS_ioctl, 99, TCGETS, NULL);
    syscall(SYS_ioctl, 99, 0xdeadbeef, 5);
    syscall(SYS_fcntl, 99, F_GETFL);
    syscall(SYS_prctl, PR_GET_NAME, NULL, 3, 4, 5);
    syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | CLONE_THREAD | SIGCHLD, NULL, NULL, NULL,
            NULL);
    syscall(SYS_kill, -99999, SIGCONT);
    syscall(SYS_madvise, NULL, 0, MADV_DONTNEED);
    syscall(SYS_lseek, 99, -10L, SEEK_CUR);
    syscall(SYS_futex, NULL, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    syscall(SYS_umask, 022);
    syscall(SYS_fchmod, 99, 0xf0000 | 0755);
    syscall(SYS_pwrite64, 99, NULL, 1L << 20, 8192L);
}

static void set_options(void)
{
    syscall(SYS_setsockopt, 99, IPPROTO_TCP, 1, NULL, 0);
    syscall(SYS_setsockopt, 99, IPPROTO_IP, 1, NULL, 0);
    syscall(SYS_setsockopt, 99, SOL_SOCKET, 9, NULL, 0);
    syscall(SYS_getsockopt, 99, SOL_SOCKET, 4, NULL, NULL);
    syscall(SYS_getsockopt, 99, SOL_NETLINK, 4, NULL, NULL);
}

static const struct {
    const char *name;
    void (*run)(void);
} KINDS[] = {
    {"plain", make_folder},
    {"thread", run_thread},
    {"blocked", block_sigsys},
    {"handled", handle_sigsys},
    {"ignored", ignore_sigsys},
    {"child", fork_child},
    {"loop", loop},
    {"raw", raw},
    {"pid", tell_pid},
    {"netlink", open_netlink},
    {"hidden", hide},
    {"wait", wait_first},
    {"many", many},
    {"options", set_options},
};

int main(int count, char **arguments)
{
    for (size_t i = 0; count > 1 && i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (strcmp(KINDS[i].name, arguments[1]) == 0)
            KINDS[i].run();
    }
    if (count > 1 && strcmp(arguments[1], "system") == 0)
        tell("system", system(arguments[2]));
    return 3;
}
