/* Loading: all threads or a reason, also under outer filters that refuse or pretend. Every test
 * filters a child of its own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../shim/load.h"

#define NUMBER   offsetof(struct seccomp_data, nr)
#define FIRST    offsetof(struct seccomp_data, args)
#define ERRNO(e) (SECCOMP_RET_ERRNO | (e))
#define COUNT(x) (sizeof(x) / sizeof(*(x)))

/* A program that gives VERDICT to the call NUMBER whose first argument is OPTION, -1 for any, and
 * allows the rest. */
struct single {
    struct sock_filter instructions[6];
    struct sock_fprog program;
};

static void single_fill(struct single *single, long number, long option, unsigned verdict)
{
    const struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIRST),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)option, 0, option == -1 ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, verdict),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    memcpy(single->instructions, instructions, sizeof(instructions));
    single->program =
        (struct sock_fprog){.len = COUNT(instructions), .filter = single->instructions};
}

/* Loads it without the code under test. */
static void outer_filter(long number, long option, unsigned verdict)
{
    struct single single;
    single_fill(&single, number, option, verdict);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &single.program, 0, 0) != 0)
        _exit(99);
}

static void fail_child(const char *text, long error)
{
    fprintf(stderr, "%s: %ld\n", text ? text : "no failure", error);
    _exit(1);
}

/* What the tests load: getppid is refused with ENOTSUP. */
static const char *load_one(bool no_new_privileges, bool audit, long *error)
{
    struct single single;
    single_fill(&single, SYS_getppid, -1, ERRNO(ENOTSUP));
    struct load load = {.programs = &single.program,
                        .count = 1,
                        .no_new_privileges = no_new_privileges,
                        .audit = audit};
    return load_programs(&load, error);
}

static bool is_refused(void)
{
    return syscall(SYS_getppid) == -1 && errno == ENOTSUP;
}

static void expect_loaded(bool audit)
{
    long error = -1;
    const char *text = load_one(true, audit, &error);
    if (text || !is_refused())
        fail_child(text, error);
}

static void expect_failure(bool audit, const char *wanted, long wanted_error)
{
    long error = -1;
    const char *text = load_one(true, audit, &error);
    if (!text || strcmp(text, wanted) != 0 || error != wanted_error || is_refused())
        fail_child(text, error);
}

/* Runs BODY in a child; its status has to be STATUS. */
static void in_child(void (*body)(void), int status)
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        alarm(20);
        body();
        _exit(0);
    }
    int actual;
    cr_assert_eq(waitpid(child, &actual, 0), child);
    cr_assert_eq(actual, status, "status %#x", (unsigned)actual);
}

/* Threads that look at the filter, each when it is told to. */
enum { THREADS = 16 };
static struct {
    atomic_int ready;
    atomic_bool look;
    atomic_int refused;
} crowd;

static void *look(void *unused)
{
    (void)unused;
    atomic_fetch_add(&crowd.ready, 1);
    while (!atomic_load(&crowd.look))
        syscall(SYS_getppid);
    atomic_fetch_add(&crowd.refused, is_refused());
    return NULL;
}

static void start_threads(pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, look, NULL) != 0)
            _exit(98);
    }
    while (atomic_load(&crowd.ready) < count)
        sched_yield();
}

static void all_threads_body(void)
{
    pthread_t threads[THREADS];
    start_threads(threads, THREADS);
    expect_loaded(false);
    atomic_store(&crowd.look, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (atomic_load(&crowd.refused) != THREADS)
        _exit(1);
}

Test(load, filters_all_threads)
{
    in_child(all_threads_body, 0);
}

static void audit_body(void)
{
    expect_loaded(true);
}

Test(load, filters_with_the_audit_flag)
{
    in_child(audit_body, 0);
}

static void no_new_privileges_body(void)
{
    expect_loaded(false);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        _exit(1);
}

Test(load, sets_no_new_privs_where_it_is_asked_to)
{
    in_child(no_new_privileges_body, 0);
}

static void new_privileges_body(void)
{
    long error = -1;
    const char *text = load_one(false, false, &error);
    bool root = geteuid() == 0;
    if (root ? text != NULL : (!text || error != EACCES))
        fail_child(text, error);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
        _exit(1);
}

Test(load, leaves_no_new_privs_alone_where_it_is_not_asked_to)
{
    in_child(new_privileges_body, 0);
}

static void several_body(void)
{
    struct single singles[2];
    single_fill(&singles[0], SYS_getppid, -1, ERRNO(ENOTSUP));
    single_fill(&singles[1], SYS_getpgrp, -1, ERRNO(ENOTSUP));
    struct sock_fprog programs[] = {singles[0].program, singles[1].program};
    struct load load = {.programs = programs, .count = 2, .no_new_privileges = true};
    long error;
    const char *text = load_programs(&load, &error);
    if (text || !is_refused() || syscall(SYS_getpgrp) != -1)
        fail_child(text, error);
}

Test(load, loads_several_programs)
{
    in_child(several_body, 0);
}

static void none_body(void)
{
    struct load load = {.no_new_privileges = true};
    long error;
    const char *text = load_programs(&load, &error);
    if (!text || strcmp(text, "there is no filter to load") != 0 || error != 0)
        fail_child(text, error);
}

Test(load, no_program_is_a_failure)
{
    in_child(none_body, 0);
}

static void malformed_body(void)
{
    struct sock_filter endless[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER)};
    struct sock_fprog program = {.len = 1, .filter = endless};
    struct load load = {.programs = &program, .count = 1, .no_new_privileges = true};
    long error;
    const char *text = load_programs(&load, &error);
    if (!text || strcmp(text, "cannot load the filter") != 0 || error != EINVAL)
        fail_child(text, error);
}

Test(load, a_malformed_program_is_a_failure)
{
    in_child(malformed_body, 0);
}

static void *diverge(void *tid)
{
    outer_filter(SYS_getpgrp, -1, ERRNO(ENOTSUP));
    *(long *)tid = syscall(SYS_gettid);
    return look(NULL);
}

static void divergent_thread_body(void)
{
    pthread_t thread;
    long tid = 0;
    if (pthread_create(&thread, NULL, diverge, &tid) != 0)
        _exit(98);
    while (atomic_load(&crowd.ready) < 1)
        sched_yield();
    expect_failure(false, "cannot filter all threads, because of a filter of its own in thread",
                   -tid);
}

Test(load, a_thread_with_a_filter_of_its_own_is_a_failure_that_names_it)
{
    in_child(divergent_thread_body, 0);
}

/* The last call is the load: under this filter, any other but exit_group would kill. */
static void last_call_body(void)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {.len = COUNT(instructions), .filter = instructions};
    struct load load = {.programs = &program, .count = 1, .no_new_privileges = true};
    long error;
    _exit(load_programs(&load, &error) ? 1 : 42);
}

Test(load, is_the_last_call_that_is_made)
{
    in_child(last_call_body, 42 << 8);
}

static void last_call_by_prctl_body(void)
{
    outer_filter(SYS_seccomp, -1, ERRNO(EPERM));
    last_call_body();
}

Test(load, is_the_last_call_that_is_made_by_prctl_too)
{
    in_child(last_call_by_prctl_body, 42 << 8);
}

/* Under outer filters. */

static void refused_one_thread_body(void)
{
    outer_filter(SYS_seccomp, -1, ERRNO(EPERM));
    expect_loaded(false);
}

Test(load, one_thread_is_filtered_where_seccomp_is_refused)
{
    in_child(refused_one_thread_body, 0);
}

static void refused_several_threads_body(void)
{
    pthread_t thread;
    outer_filter(SYS_seccomp, -1, ERRNO(ENOSYS));
    start_threads(&thread, 1);
    expect_failure(false, "seccomp(2) is refused, and this may not be the only thread", EINVAL);
}

Test(load, several_threads_are_not_filtered_where_seccomp_is_refused)
{
    in_child(refused_several_threads_body, 0);
}

static void refused_audit_body(void)
{
    outer_filter(SYS_seccomp, -1, ERRNO(EPERM));
    expect_failure(true, "seccomp(2) is refused, and 'audit' needs it", EPERM);
}

Test(load, audit_is_not_to_be_had_where_seccomp_is_refused)
{
    in_child(refused_audit_body, 0);
}

static void both_refused_body(void)
{
    outer_filter(SYS_seccomp, -1, ERRNO(EPERM));
    outer_filter(SYS_prctl, PR_SET_SECCOMP, ERRNO(EPERM));
    expect_failure(false, "both seccomp(2) and prctl(2) are refused", EPERM);
}

Test(load, nothing_is_loaded_where_prctl_is_refused_too)
{
    in_child(both_refused_body, 0);
}

static const char pretended[] = "an outer filter only pretends to make system calls";

static void pretended_seccomp_body(void)
{
    outer_filter(SYS_seccomp, -1, ERRNO(0));
    expect_failure(false, pretended, 0);
}

Test(load, a_pretended_seccomp_is_noticed)
{
    in_child(pretended_seccomp_body, 0);
}

static void pretended_no_new_privileges_body(void)
{
    outer_filter(SYS_prctl, PR_GET_NO_NEW_PRIVS, ERRNO(0));
    expect_failure(false, pretended, 0);
}

Test(load, a_pretended_no_new_privs_is_noticed)
{
    in_child(pretended_no_new_privileges_body, 0);
}

static void pretended_unshare_body(void)
{
    outer_filter(SYS_seccomp, -1, ERRNO(EPERM));
    outer_filter(SYS_unshare, -1, ERRNO(0));
    expect_failure(false, pretended, 0);
}

Test(load, a_pretended_unshare_is_noticed)
{
    in_child(pretended_unshare_body, 0);
}

static void pretended_prctl_body(void)
{
    outer_filter(SYS_seccomp, -1, ERRNO(EPERM));
    outer_filter(SYS_prctl, PR_SET_SECCOMP, ERRNO(0));
    expect_failure(false, pretended, 0);
}

Test(load, a_pretended_prctl_is_noticed)
{
    in_child(pretended_prctl_body, 0);
}
