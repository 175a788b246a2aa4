/* Facts about the programs that whitelists become. What is expected is written out here; that the
 * rules say the same, and that the kernel takes the program, is looked at every time. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "../helpers/bpf.h"
#include "../helpers/live_verdicts.h"
#include "../helpers/pipeline.h"

enum { X32 = 0x40000000, FCHMODAT2 = 452, SOCK_RAW_BITS = 3, NETLINK = 16 };

static const uint32_t NATIVE = NATIVE_ARCHITECTURE;

static const uint32_t KILL = SECCOMP_RET_KILL_PROCESS;
static const uint32_t ALLOW = SECCOMP_RET_ALLOW;

static void build(struct pipeline *pipeline, const char *text)
{
    int error = pipeline_read_text(text, pipeline);
    char *messages = pipeline_messages(pipeline);
    cr_assert(error == 0, "%d: %s", error, messages);
    cr_expect_str_eq(messages, "");
    free(messages);
    cr_assert(pipeline->filter.count <= FILTER_INSTRUCTIONS_MAX);
    cr_assert(bpf_valid(pipeline->filter.instructions, pipeline->filter.count));
    struct sock_fprog program = {(unsigned short)pipeline->filter.count,
                                 pipeline->filter.instructions};
    cr_assert(live_verdicts(&program, NULL, 0) == 0, "the kernel does not take it");
}

static void expect_arch(const struct pipeline *pipeline, uint32_t architecture, int number,
                        uint64_t first, uint64_t second, uint32_t word)
{
    uint64_t arguments[6] = {first, second};
    uint32_t decided = pipeline_decide(pipeline, architecture, number, arguments);
    uint32_t simulated = pipeline_simulate(pipeline, architecture, number, arguments);
    cr_expect(decided == word && simulated == word,
              "%d(%#llx, %#llx): wanted %#x, rules %#x, simulation %#x", number,
              (unsigned long long)first, (unsigned long long)second, word, decided, simulated);
}

static void expect(const struct pipeline *pipeline, int number, uint64_t first, uint64_t second,
                   uint32_t word)
{
    expect_arch(pipeline, NATIVE, number, first, second, word);
}

static uint32_t error_word(int error)
{
    return SECCOMP_RET_ERRNO | (uint32_t)error;
}

static void expect_message(const char *text, const char *message)
{
    struct pipeline pipeline;
    cr_expect(pipeline_read_text(text, &pipeline) == -EINVAL);
    char *messages = pipeline_messages(&pipeline);
    cr_expect_str_eq(messages, message);
    free(messages);
    cr_expect_null(pipeline.filter.instructions);
    pipeline_release(&pipeline);
}

Test(filter, too_many_instructions_are_an_error_that_names_the_costliest_line)
{
    expect_message(
        "[allow]\n"
        "read = fd != 3\n"
        "mmap = prot != 1 and flags != 5 and fd != 3\n"
        "write = fd in 1..2\n",
        "test.ini:3: error: the whitelist needs more than the 4096 BPF instructions that "
        "the kernel takes; this line costs most: write 'mmap' with fewer values or "
        "clauses\n");
    expect_message(
        "[allow]\n"
        "syscalls = mmap read\n"
        "[deny]\n"
        "read = EBADF if fd > 3\n"
        "mmap = EPERM if prot != 1 and flags != 5 and fd != 3\n",
        "test.ini:5: error: the whitelist needs more than the 4096 BPF instructions that "
        "the kernel takes; this line costs most: write 'mmap' with fewer values or "
        "clauses\n");
}

Test(filter, many_names_are_allowed_and_nothing_else)
{
    char text[8192] = "[allow]\n";
    size_t used = sizeof("[allow]\n") - 1;
    struct pipeline pipeline;
    for (int number = 0; number < 900; number += 3) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "syscalls = %d\n", number);
        cr_assert(used < sizeof(text));
    }
    build(&pipeline, text);
    for (int number = 0; number < 900; number++) {
        bool implicit = number == SYS_rt_sigreturn || number == SYS_exit ||
                        number == SYS_exit_group || number == SYS_restart_syscall;
        const struct rule *rule = rules_find(&pipeline.rules, number);
        bool absent = (rule && rule->fallback) || rules_is_newer(number);
        uint32_t refused = error_word(absent ? ENOSYS : EPERM);
        expect(&pipeline, number, 1, 2, number % 3 == 0 || implicit ? ALLOW : refused);
        expect_arch(&pipeline, AUDIT_ARCH_I386, number, 1, 2, KILL);
        expect(&pipeline, X32 + number, 1, 2, KILL);
    }
    expect(&pipeline, -1, 1, 2, error_word(EPERM));
    pipeline_release(&pipeline);
}

Test(filter, of_two_denials_the_first_that_matches_decides)
{
    static const struct {
        const char *actions[2];
        uint32_t words[2];
    } PAIRS[] = {
        {{"EACCES", "EBUSY"}, {SECCOMP_RET_ERRNO | EACCES, SECCOMP_RET_ERRNO | EBUSY}},
        {{"kill", "EBUSY"}, {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | EBUSY}},
        {{"trap", "kill"}, {SECCOMP_RET_TRAP, SECCOMP_RET_KILL_PROCESS}},
        {{"EACCES", "trap"}, {SECCOMP_RET_ERRNO | EACCES, SECCOMP_RET_TRAP}},
    };
    static const char *const DEFAULTS[] = {"EPERM", "kill", "allow", "log"};
    /* every pair, in both orders, under every default */
    for (size_t i = 0; i < 32; i++) {
        size_t pair = i / 8;
        size_t one = i / 4 % 2;
        struct pipeline pipeline;
        char text[256];
        snprintf(text, sizeof(text),
                 "[filter]\ndefault = %s\n[allow]\nkill = pid > 0\n"
                 "[deny]\nkill = %s if sig in 5..10\nkill = %s if sig in 8..20\n",
                 DEFAULTS[i % 4], PAIRS[pair].actions[one], PAIRS[pair].actions[!one]);
        build(&pipeline, text);
        expect(&pipeline, SYS_kill, 7, 4, ALLOW);
        expect(&pipeline, SYS_kill, 7, 7, PAIRS[pair].words[one]);
        expect(&pipeline, SYS_kill, 7, 9, PAIRS[pair].words[one]);
        expect(&pipeline, SYS_kill, 7, 12, PAIRS[pair].words[!one]);
        expect(&pipeline, SYS_kill, 7, 21, ALLOW);
        pipeline_release(&pipeline);
    }
}

Test(filter, four_denials_that_alternate_keep_their_order)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = kill\n[allow]\nsyscalls = kill\n"
                     "[deny]\n"
                     "kill = EPERM if pid < 0\n"
                     "kill = trap if pid < 3\n"
                     "kill = EPERM if pid < 10\n"
                     "kill = kill if pid < 20\n");
    expect(&pipeline, SYS_kill, (uint32_t)-1, 0, error_word(EPERM));
    expect(&pipeline, SYS_kill, 2, 0, SECCOMP_RET_TRAP);
    expect(&pipeline, SYS_kill, 3, 0, error_word(EPERM));
    expect(&pipeline, SYS_kill, 19, 0, KILL);
    expect(&pipeline, SYS_kill, 20, 0, ALLOW);
    pipeline_release(&pipeline);
}

Test(filter, a_denial_by_errno_is_not_outbid_by_a_default_that_kills)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = kill\n"
                     "[allow]\nsocket = domain in 1 2 16\n"
                     "[deny]\nsocket = EAFNOSUPPORT if domain == 16\nptrace = ESRCH\n");
    expect(&pipeline, SYS_socket, 1, 1, ALLOW);
    expect(&pipeline, SYS_socket, NETLINK, 1, error_word(EAFNOSUPPORT));
    expect(&pipeline, SYS_socket, 3, 1, KILL);
    expect(&pipeline, SYS_ptrace, 0, 0, error_word(ESRCH));
    expect(&pipeline, SYS_mount, 0, 0, KILL);
    pipeline_release(&pipeline);
}

Test(filter, a_denial_with_a_condition_before_one_without_comes_first)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = getpid\nsocket = domain == 1\n"
                     "[deny]\nsocket = trap if type == 3\nsocket = EACCES\n"
                     "socket = kill if type == 1\n");
    expect(&pipeline, SYS_socket, 1, SOCK_RAW_BITS, SECCOMP_RET_TRAP);
    expect(&pipeline, SYS_socket, 1, 1, error_word(EACCES));
    pipeline_release(&pipeline);
}

Test(filter, alternatives_are_ored_and_clauses_anded)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nkill = pid in 1..2\nkill = pid == 7 and sig <= 9 and sig >= 3\n"
                     "kill = sig == 0\n");
    expect(&pipeline, SYS_kill, 1, 9, ALLOW);
    expect(&pipeline, SYS_kill, 3, 9, error_word(EPERM));
    expect(&pipeline, SYS_kill, 3, 0, ALLOW);
    expect(&pipeline, SYS_kill, 7, 2, error_word(EPERM));
    expect(&pipeline, SYS_kill, 7, 3, ALLOW);
    expect(&pipeline, SYS_kill, 7, 9, ALLOW);
    expect(&pipeline, SYS_kill, 7, 10, error_word(EPERM));
    pipeline_release(&pipeline);
}

Test(filter, an_argument_is_compared_as_wide_as_the_kernel_takes_it)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nfchmod = mode only 0755\nkill = pid == -1\nftruncate = length <= 5\n"
                     "[deny]\nkill = EBUSY if sig == 9\n");
    expect(&pipeline, SYS_fchmod, 1, 0xdead0000 | 0755, ALLOW);
    expect(&pipeline, SYS_fchmod, 1, 02755, error_word(EPERM));
    expect(&pipeline, SYS_kill, 0xffffffff, 0, ALLOW);
    expect(&pipeline, SYS_kill, UINT64_MAX, 0, ALLOW);
    expect(&pipeline, SYS_kill, 0x12345678ffffffff, 0, ALLOW);
    expect(&pipeline, SYS_kill, 0x12345678ffffffff, 0x100000009, error_word(EBUSY));
    expect(&pipeline, SYS_ftruncate, 1, 0x100000005, error_word(EPERM));
    expect(&pipeline, SYS_ftruncate, 1, (uint64_t)-5, ALLOW);
    pipeline_release(&pipeline);
}

Test(filter, calls_of_other_architectures_are_killed)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = read write openat\nkill = sig == 0\n"
                     "[deny]\nopenat = EPERM if dfd == 3\n");
    for (int number = 0; number < 600; number++) {
        expect(&pipeline, number | X32, 3, 0, KILL);
        expect_arch(&pipeline, AUDIT_ARCH_I386, number, 3, 0, KILL);
        expect_arch(&pipeline, AUDIT_ARCH_AARCH64, number, 3, 0, KILL);
    }
    expect(&pipeline, -1, 0, 0, error_word(EPERM));
    expect(&pipeline, -2, 0, 0, KILL);
    pipeline_release(&pipeline);
}

Test(filter, a_list_that_logs_kills_for_calls_of_other_architectures)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = log\n[allow]\nsyscalls = read openat\n"
                     "[deny]\nptrace = kill\nopenat = EPERM if dfd == 3\n");
    expect(&pipeline, SYS_read, 0, 0, ALLOW);
    expect(&pipeline, SYS_mount, 0, 0, SECCOMP_RET_LOG);
    expect(&pipeline, SYS_clone3, 0, 0, SECCOMP_RET_LOG);
    expect(&pipeline, SYS_ptrace, 0, 0, KILL);
    expect(&pipeline, SYS_openat, 3, 0, error_word(EPERM));
    expect(&pipeline, SYS_read | X32, 0, 0, KILL);
    expect(&pipeline, SYS_ptrace | X32, 0, 0, KILL);
    expect_arch(&pipeline, AUDIT_ARCH_I386, SYS_ptrace, 0, 0, KILL);
    expect(&pipeline, -1, 0, 0, SECCOMP_RET_LOG);
    pipeline_release(&pipeline);
}

Test(filter, a_line_that_says_what_the_default_says_does_no_harm)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = mkdir read\nwrite = fd == 1\n"
                     "[deny]\nptrace = EPERM\nread = EPERM if fd == 5\nread = EIO if fd < 9\n"
                     "write = EPERM if count == 7\nbpf = EPERM if size == 1\n");
    expect(&pipeline, SYS_mkdir, 0, 0, ALLOW);
    expect(&pipeline, SYS_ptrace, 0, 0, error_word(EPERM));
    expect(&pipeline, SYS_read, 5, 0, error_word(EPERM));
    expect(&pipeline, SYS_read, 6, 0, error_word(EIO));
    expect(&pipeline, SYS_read, 9, 0, ALLOW);
    expect(&pipeline, SYS_write, 1, 0, ALLOW);
    expect(&pipeline, SYS_bpf, 0, 0, error_word(EPERM));
    pipeline_release(&pipeline);
    build(&pipeline, "[filter]\ndefault = allow\n[allow]\nsyscalls = read\nkill = sig == 0\n"
                     "[deny]\nmount = EPERM\nkill = EPERM if sig in 0..3\n");
    expect(&pipeline, SYS_read, 0, 0, ALLOW);
    expect(&pipeline, SYS_kill, 1, 0, error_word(EPERM));
    expect(&pipeline, SYS_kill, 1, 4, ALLOW);
    expect(&pipeline, SYS_mount, 0, 0, error_word(EPERM));
    expect(&pipeline, SYS_ptrace, 0, 0, ALLOW);
    pipeline_release(&pipeline);
}

Test(filter, numbers_stand_for_calls_that_have_no_name_here)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = getpid 1000 ?no_such_call\n452 = a2 == 5\n"
                     "[deny]\n1001 = ENOTSUP\n1002 = EIO if a0 == 0x123456789abcdef0\n"
                     "?no_such_either = kill\n");
    expect(&pipeline, 1000, 0, 0, ALLOW);
    expect(&pipeline, 1001, 0, 0, error_word(ENOTSUP));
    expect(&pipeline, 1002, 0x123456789abcdef0, 0, error_word(EIO));
    expect(&pipeline, 1002, 0x9abcdef0, 0, error_word(EPERM));
    expect(&pipeline, 1003, 0, 0, error_word(ENOSYS));
    uint64_t arguments[6] = {0, 0, 0xffffffff00000000 | 5};
    cr_expect(pipeline_decide(&pipeline, NATIVE, FCHMODAT2, arguments) ==
              pipeline_simulate(&pipeline, NATIVE, FCHMODAT2, arguments));
    arguments[2] = 5;
    cr_expect(pipeline_simulate(&pipeline, NATIVE, FCHMODAT2, arguments) == ALLOW);
    arguments[2] = 6;
    cr_expect(pipeline_simulate(&pipeline, NATIVE, FCHMODAT2, arguments) == error_word(EPERM));
    pipeline_release(&pipeline);
}

Test(filter, what_the_c_library_can_do_without_is_not_there)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = kill\n[allow]\nsyscalls = read clone\n");
    expect(&pipeline, SYS_clone3, 0, 0, error_word(ENOSYS));
    expect(&pipeline, SYS_openat2, 0, 0, error_word(ENOSYS));
    expect(&pipeline, SYS_ptrace, 0, 0, KILL);
    pipeline_release(&pipeline);
    build(&pipeline, "[filter]\ndefault = kill\n[allow]\nsyscalls = read clone3\n"
                     "[deny]\nopenat2 = EPERM\nfaccessat2 = EACCES if dfd == 3\n");
    expect(&pipeline, SYS_clone3, 0, 0, ALLOW);
    expect(&pipeline, SYS_openat2, 0, 0, error_word(EPERM));
    expect(&pipeline, SYS_faccessat2, 3, 0, error_word(EACCES));
    expect(&pipeline, SYS_faccessat2, 4, 0, KILL);
    pipeline_release(&pipeline);
}

Test(filter, under_a_default_that_allows_clone3_does_not_get_round_what_is_said_of_clone)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = allow\n[deny]\nclone = EPERM if a0 with 0x10000000\n");
    expect(&pipeline, SYS_clone, 0x10000000, 0, error_word(EPERM));
    expect(&pipeline, SYS_clone, 0x100, 0, ALLOW);
    expect(&pipeline, SYS_clone3, 0, 0, error_word(ENOSYS));
    expect(&pipeline, SYS_openat2, 0, 0, ALLOW);
    pipeline_release(&pipeline);
}

Test(filter, a_condition_that_nothing_meets_says_nothing)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nkill = sig == 1 and sig == 2\nread = fd < 3 and fd > 5\n"
                     "write = fd == 1\n[deny]\nwrite = kill if fd & 6 == 1\n");
    expect(&pipeline, SYS_kill, 1, 1, error_word(EPERM));
    expect(&pipeline, SYS_kill, 1, 3, error_word(EPERM));
    expect(&pipeline, SYS_read, 4, 0, error_word(EPERM));
    expect(&pipeline, SYS_write, 1, 0, ALLOW);
    pipeline_release(&pipeline);
}

Test(filter, the_four_calls_that_every_program_needs_are_allowed_unless_denied)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = kill\n[allow]\nsyscalls = read\n"
                     "[deny]\nexit = trap\nexit_group = EBUSY if error_code == 7\n");
    expect(&pipeline, SYS_rt_sigreturn, 0, 0, ALLOW);
    expect(&pipeline, SYS_restart_syscall, 0, 0, ALLOW);
    expect(&pipeline, SYS_exit, 0, 0, SECCOMP_RET_TRAP);
    expect(&pipeline, SYS_exit_group, 0, 0, ALLOW);
    expect(&pipeline, SYS_exit_group, 7, 0, error_word(EBUSY));
    pipeline_release(&pipeline);
}
