/* Starts a program as no shell can:
 *
 *     launch [-o CALL[:A0]=ERROR]... [-e STRING]... [-i] [-0] [-v KIBIBYTES] PROGRAM ARG...
 *
 * -o  under an outer filter that answers CALL (with A0 as its first argument) with ERROR; "success"
 *     is an answer as well, and then nothing is done either; so are "kill", "kill-thread", "trap",
 *     "log" and "trace"
 * -i  without the environment it has itself
 * -e  with STRING as one more of the environment, even where there is one of that name
 * -v  with a variable of so many KiB in front
 * -0  without any argument, its name included */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { INSTRUCTIONS_MAX = 64, VARIABLES_MAX = 256, ERRNO_MAX = 133 };

static struct sock_filter instructions[INSTRUCTIONS_MAX];
static unsigned short instruction_count;
static char *variables[VARIABLES_MAX];
static size_t variable_count;

static const struct {
    const char *name;
    unsigned number;
} calls[] = {
    {"prctl", SYS_prctl}, {"seccomp", SYS_seccomp}, {"unshare", SYS_unshare},
    {"mmap", SYS_mmap},   {"munmap", SYS_munmap},   {"exit_group", SYS_exit_group},
    {"clone", SYS_clone}, {"wait4", SYS_wait4},
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void add(struct sock_filter instruction)
{
    instructions[instruction_count++] = instruction;
}

static unsigned call_number(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        if (strlen(calls[i].name) == length && !strncmp(calls[i].name, name, length))
            return calls[i].number;
    }
    errno = EINVAL;
    give_up(name);
}

static unsigned error_number(const char *name)
{
    if (!strcmp(name, "success"))
        return 0;
    for (int error = 1; error <= ERRNO_MAX; error++) {
        const char *known = strerrorname_np(error);
        if (known && !strcmp(known, name))
            return (unsigned)error;
    }
    errno = EINVAL;
    give_up(name);
}

static unsigned answer_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned answer;
    } ANSWERS[] = {
        {"kill", SECCOMP_RET_KILL_PROCESS}, {"kill-thread", SECCOMP_RET_KILL_THREAD},
        {"trap", SECCOMP_RET_TRAP},         {"log", SECCOMP_RET_LOG},
        {"trace", SECCOMP_RET_TRACE},
    };
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(*ANSWERS); i++) {
        if (!strcmp(ANSWERS[i].name, name))
            return ANSWERS[i].answer;
    }
    return SECCOMP_RET_ERRNO | error_number(name);
}

static void add_answer(const char *text)
{
    unsigned call = call_number(text, strcspn(text, ":="));
    const char *argument = strchr(text, ':');
    const char *error = strchr(text, '=');
    if (!error) {
        errno = EINVAL;
        give_up(text);
    }
    unsigned answer = answer_of(error + 1);
    add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ, call, 0, argument ? 3 : 1));
    if (argument) {
        unsigned value = (unsigned)strtoul(argument + 1, NULL, 0);
        add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                         offsetof(struct seccomp_data, args)));
        add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ, value, 0, 1));
    }
    add((struct sock_filter)BPF_STMT(BPF_RET, answer));
}

static void load(void)
{
    if (instruction_count == 0)
        return;
    add((struct sock_filter)BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW));
    struct sock_fprog program = {.len = instruction_count, .filter = instructions};
    /* Root needs no no_new_privs, and then its absence can be tested. */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
        return;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
        give_up("seccomp");
}

static char *large_variable(const char *kibibytes)
{
    static const char name[] = "LARGE=";
    size_t size = strtoul(kibibytes, NULL, 0) * 1024;
    char *variable = malloc(sizeof(name) + size);
    if (!variable)
        give_up("malloc");
    memset(variable, 'x', sizeof(name) + size - 1);
    memcpy(variable, name, sizeof(name) - 1);
    variable[sizeof(name) + size - 1] = '\0';
    return variable;
}

int main(int argc, char **argv, char **envp)
{
    static char *nothing[] = {NULL};
    char *added[VARIABLES_MAX];
    size_t added_count = 0;
    char **arguments = NULL;
    (void)argc;
    for (int option; (option = getopt(argc, argv, "+o:e:iv:0")) != -1;) {
        if (option == 'o')
            add_answer(optarg);
        else if (option == 'e')
            added[added_count++] = optarg;
        else if (option == 'v')
            variables[variable_count++] = large_variable(optarg);
        else if (option == 'i')
            envp = nothing;
        else if (option == '0')
            arguments = nothing;
        else
            return EXIT_FAILURE;
    }
    while (*envp)
        variables[variable_count++] = *envp++;
    memcpy(variables + variable_count, added, added_count * sizeof(*added));
    load();
    execve(argv[optind], arguments ? arguments : argv + optind, variables);
    give_up(argv[optind]);
}
