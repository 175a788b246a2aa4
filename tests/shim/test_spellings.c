/* One whitelist on every architecture: what a name stands for on this one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../config/groups.h"
#include "../../config/prototypes.h"
#include "../../config/spellings.h"
#include "../helpers/bpf.h"
#include "../helpers/pipeline.h"

enum { ALLOW = SECCOMP_RET_ALLOW, DEFAULT = SECCOMP_RET_ERRNO | 1 };

static void build(struct pipeline *pipeline, const char *text)
{
    int error = pipeline_read_text(text, pipeline);
    char *messages = pipeline_messages(pipeline);
    cr_assert(error == 0, "%d: %s", error, messages);
    cr_assert(bpf_valid(pipeline->filter.instructions, pipeline->filter.count));
    free(messages);
}

/* The rules decide so, and the program answers so. */
static void expect(const struct pipeline *pipeline, int number, uint64_t first, uint64_t third,
                   uint32_t word)
{
    const uint64_t arguments[6] = {first, 0, third};
    uint32_t decided = pipeline_decide(pipeline, NATIVE_ARCHITECTURE, number, arguments);
    uint32_t simulated = pipeline_simulate(pipeline, NATIVE_ARCHITECTURE, number, arguments);
    cr_expect(decided == word && simulated == word, "%d(%u, _, %u): %#x, rules %#x, program %#x",
              number, (unsigned)first, (unsigned)third, word, decided, simulated);
}

static void expect_message(const char *text, const char *message)
{
    struct pipeline pipeline;
    int error = pipeline_read_text(text, &pipeline);
    char *messages = pipeline_messages(&pipeline);
    cr_expect_eq(error, -EINVAL);
    cr_expect_str_eq(messages, message, "%s", messages);
    free(messages);
    pipeline_release(&pipeline);
}

Test(spellings, an_ordinary_call_has_one)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = read\nwrite = fd == 2\n");
    expect(&pipeline, SYS_read, 0, 0, ALLOW);
    expect(&pipeline, SYS_write, 2, 0, ALLOW);
    expect(&pipeline, SYS_write, 1, 0, DEFAULT);
    cr_expect_not(spellings_known("read"));
    pipeline_release(&pipeline);
}

Test(spellings, every_group_is_a_whitelist_here)
{
    for (size_t i = 0; i < group_count(); i++) {
        struct pipeline pipeline;
        char text[128];
        /* of some groups an architecture may have no call at all */
        snprintf(text, sizeof(text), "[allow]\nsyscalls = getppid @%s\n", group_name(i));
        build(&pipeline, text);
        snprintf(text, sizeof(text), "[filter]\ndefault = allow\n[deny]\n@%s = kill\n",
                 group_name(i));
        pipeline_release(&pipeline);
        build(&pipeline, text);
        pipeline_release(&pipeline);
    }
}

#ifdef __i386__

enum { SOCKET = 1, CONNECT = 3, ACCEPT = 5, SEND = 9, SENDTO = 11, SEMOP = 1, SHMAT = 21 };

Test(spellings, every_other_name_is_a_call_of_this_architecture)
{
    for (size_t i = 0; i < prototype_count(); i++) {
        const char *others = spellings_of(prototype_text(prototype_at(i)->name));
        while (*others != '\0') {
            char name[64];
            others += *others == '!';
            size_t length = strcspn(others, " ");
            memcpy(name, others, length);
            name[length] = '\0';
            const struct prototype *prototype = prototype_find(name);
            cr_expect(prototype && prototype->number >= 0, "%s", name);
            others += length + (others[length] == ' ');
        }
    }
}

Test(spellings, a_name_allows_all_of_them)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = fstat mmap lseek newfstatat ?setuid\n");
    expect(&pipeline, SYS_fstat, 0, 0, ALLOW);
    expect(&pipeline, SYS_fstat64, 0, 0, ALLOW);
    expect(&pipeline, SYS_oldfstat, 0, 0, ALLOW);
    expect(&pipeline, SYS_mmap, 0, 0, ALLOW);
    expect(&pipeline, SYS_mmap2, 0, 0, ALLOW);
    expect(&pipeline, SYS__llseek, 0, 0, ALLOW);
    expect(&pipeline, SYS_fstatat64, 0, 0, ALLOW);
    expect(&pipeline, SYS_setuid32, 0, 0, ALLOW);
    expect(&pipeline, SYS_lstat64, 0, 0, DEFAULT);
    pipeline_release(&pipeline);
}

Test(spellings, a_group_has_all_of_them)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = @stdio @network\n[deny]\n@setuid = 2\n");
    expect(&pipeline, SYS_mmap2, 0, 0, ALLOW);
    expect(&pipeline, SYS_clock_gettime64, 0, 0, ALLOW);
    expect(&pipeline, SYS_socketcall, SOCKET, 0, ALLOW);
    expect(&pipeline, SYS_socketcall, ACCEPT, 0, ALLOW);
    expect(&pipeline, SYS_socketcall, 0, 0, DEFAULT);
    expect(&pipeline, SYS_ipc, SEMOP, 0, DEFAULT);
    expect(&pipeline, SYS_setuid, 0, 0, SECCOMP_RET_ERRNO | 2);
    expect(&pipeline, SYS_setuid32, 0, 0, SECCOMP_RET_ERRNO | 2);
    pipeline_release(&pipeline);
}

Test(spellings, a_denial_denies_all_of_them)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = allow\n[deny]\nsetuid = 2 if uid == 0\numount2 = 3\n"
                     "connect = 4\nsemop = 5\nsendto = 6\nrt_sigreturn = 7\n");
    expect(&pipeline, SYS_setuid, 0, 0, SECCOMP_RET_ERRNO | 2);
    expect(&pipeline, SYS_setuid, 0x10000, 0, SECCOMP_RET_ERRNO | 2); /* it takes 16 bits */
    expect(&pipeline, SYS_setuid32, 0, 0, SECCOMP_RET_ERRNO | 2);
    expect(&pipeline, SYS_setuid32, 0x10000, 0, ALLOW);
    expect(&pipeline, SYS_umount, 0, 0, SECCOMP_RET_ERRNO | 3);
    expect(&pipeline, SYS_connect, 0, 0, SECCOMP_RET_ERRNO | 4);
    expect(&pipeline, SYS_socketcall, CONNECT, 0, SECCOMP_RET_ERRNO | 4);
    expect(&pipeline, SYS_socketcall, SOCKET, 0, ALLOW);
    expect(&pipeline, SYS_ipc, SEMOP, 0, SECCOMP_RET_ERRNO | 5);
    expect(&pipeline, SYS_ipc, 0x10000 | SEMOP, 0, SECCOMP_RET_ERRNO | 5); /* a version */
    expect(&pipeline, SYS_ipc, SHMAT, 0, ALLOW);
    expect(&pipeline, SYS_socketcall, SEND, 0, SECCOMP_RET_ERRNO | 6);
    expect(&pipeline, SYS_socketcall, SENDTO, 0, SECCOMP_RET_ERRNO | 6);
    expect(&pipeline, SYS_sigreturn, 0, 0, SECCOMP_RET_ERRNO | 7);
    pipeline_release(&pipeline);
}

Test(spellings, both_ways_back_from_a_signal_are_allowed_unless_denied)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = read\n");
    expect(&pipeline, SYS_rt_sigreturn, 0, 0, ALLOW);
    expect(&pipeline, SYS_sigreturn, 0, 0, ALLOW);
    pipeline_release(&pipeline);
}

Test(spellings, a_condition_on_a_call_that_socketcall_makes_allows_it_directly_only)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsocket = domain == AF_UNIX\naccept = sockfd == 3\n");
    expect(&pipeline, SYS_socket, 1, 0, ALLOW);
    expect(&pipeline, SYS_socket, 2, 0, DEFAULT);
    expect(&pipeline, SYS_socketcall, SOCKET, 0, DEFAULT);
    expect(&pipeline, SYS_socketcall, ACCEPT, 0, DEFAULT);
    pipeline_release(&pipeline);
}

Test(spellings, a_denial_that_socketcall_gets_round_is_an_error)
{
    expect_message("[filter]\ndefault = allow\n[deny]\nsocket = 1 if domain == AF_NETLINK\n",
                   "test.ini:4: error: 'socket' is allowed by way of 'socketcall', where a "
                   "condition can't see its arguments; deny 'socketcall' as well, or list it in "
                   "[allow] if that is acceptable\n");
    expect_message("[allow]\nsyscalls = @ipc\n[deny]\nshmat = 1 if shmid == 3\n",
                   "test.ini:4: error: 'shmat' is allowed by way of 'ipc', where a condition "
                   "can't see its arguments; deny 'ipc' as well, or list it in [allow] if that is "
                   "acceptable\n");
}

Test(spellings, a_line_on_socketcall_itself_settles_what_it_may)
{
    struct pipeline pipeline;
    build(&pipeline, "[filter]\ndefault = allow\n[deny]\nsocket = 2 if domain == AF_NETLINK\n"
                     "?socketcall = 3 if call == 1\n");
    expect(&pipeline, SYS_socket, 16, 0, SECCOMP_RET_ERRNO | 2);
    expect(&pipeline, SYS_socket, 1, 0, ALLOW);
    expect(&pipeline, SYS_socketcall, SOCKET, 0, SECCOMP_RET_ERRNO | 3);
    expect(&pipeline, SYS_socketcall, CONNECT, 0, ALLOW);
    pipeline_release(&pipeline);
    build(&pipeline, "[allow]\nsyscalls = socket socketcall\n[deny]\nsocket = 2 if domain == 16\n");
    expect(&pipeline, SYS_socket, 16, 0, SECCOMP_RET_ERRNO | 2);
    expect(&pipeline, SYS_socketcall, SOCKET, 0, ALLOW);
    expect(&pipeline, SYS_socketcall, CONNECT, 0, ALLOW);
    pipeline_release(&pipeline);
}

Test(spellings, a_condition_is_not_put_to_a_call_whose_arguments_are_in_a_structure)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nmmap = prot without PROT_EXEC\n");
    expect(&pipeline, SYS_mmap2, 0, 3, ALLOW);
    expect(&pipeline, SYS_mmap2, 0, 7, DEFAULT);
    expect(&pipeline, SYS_mmap, 0, 3, DEFAULT);
    pipeline_release(&pipeline);
    build(&pipeline, "[filter]\ndefault = allow\n[deny]\nmmap = 2 if prot with PROT_EXEC\n");
    expect(&pipeline, SYS_mmap2, 0, 3, ALLOW);
    expect(&pipeline, SYS_mmap2, 0, 7, SECCOMP_RET_ERRNO | 2);
    expect(&pipeline, SYS_mmap, 0, 3, SECCOMP_RET_ERRNO | 2);
    pipeline_release(&pipeline);
}

Test(spellings, a_condition_is_not_put_to_calls_of_the_first_days)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nrt_sigprocmask = how == 1\n");
    expect(&pipeline, SYS_rt_sigprocmask, 1, 0, ALLOW);
    expect(&pipeline, SYS_ssetmask, 1, 0, DEFAULT);
    pipeline_release(&pipeline);
    build(&pipeline, "[filter]\ndefault = allow\n[deny]\numount2 = 2 if flags != 0\n");
    expect(&pipeline, SYS_umount2, 0, 0, ALLOW);
    expect(&pipeline, SYS_umount, 0, 0, SECCOMP_RET_ERRNO | 2);
    pipeline_release(&pipeline);
}

Test(spellings, a_number_is_that_number_alone)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = 359 108\n");
    expect(&pipeline, SYS_socket, 1, 0, ALLOW);
    expect(&pipeline, SYS_socketcall, SOCKET, 0, DEFAULT);
    expect(&pipeline, SYS_fstat, 0, 0, ALLOW);
    expect(&pipeline, SYS_fstat64, 0, 0, DEFAULT);
    pipeline_release(&pipeline);
}

static unsigned place_of(const char *call, const char *argument)
{
    const struct prototype *prototype = prototype_find(call);
    int index = prototype ? prototype_argument(prototype, argument) : -1;
    cr_assert(index >= 0, "%s of %s", argument, call);
    return (unsigned)index;
}

/* Makes a call with each argument where the table has it; the others are 0. */
static long make(const char *call, long fd, char *memory, long count, const char *low,
                 const char *high, long where)
{
    long arguments[6] = {fd};
    if (memory)
        arguments[place_of(call, "buf")] = (long)memory;
    if (count)
        arguments[place_of(call, "count")] = count;
    arguments[place_of(call, low)] = where;
    cr_assert_eq(arguments[place_of(call, high)], 0);
    return syscall(prototype_find(call)->number, arguments[0], arguments[1], arguments[2],
                   arguments[3], arguments[4], arguments[5]);
}

Test(spellings, the_halves_of_an_offset_are_where_the_table_has_them)
{
    char text[] = "text";
    char bytes[4];
    int64_t place = 0;
    int fd = memfd_create("halves", 0);
    cr_assert_eq(make("pwrite64", fd, text, 4, "offset_low", "offset_high", 8000), 4);
    cr_assert_eq(make("pread64", fd, bytes, 4, "offset_low", "offset_high", 8000), 4);
    cr_assert_arr_eq(bytes, "text", 4);
    cr_assert_eq(lseek(fd, 0, SEEK_END), 8004);
    cr_assert_eq(make("ftruncate64", fd, NULL, 0, "offset_low", "offset_high", 9000), 0);
    cr_assert_eq(lseek(fd, 0, SEEK_END), 9000);
    cr_assert_eq(make("fallocate", fd, NULL, 0, "len_low", "len_high", 9500), 0);
    cr_assert_eq(lseek(fd, 0, SEEK_END), 9500);
    cr_assert_eq(place_of("_llseek", "offset_high"), 1);
    cr_assert_eq(syscall(SYS__llseek, fd, 1, 2, &place, SEEK_SET), 0);
    cr_assert(place == 0x100000002);
}

/* The own user, with something above it: only a call that cuts that off takes it from anybody. */
Test(spellings, old_calls_take_users_of_16_bits)
{
    cr_assert_eq(prototype_find("setresuid")->arguments[0].width, 16);
    cr_assert_eq(prototype_find("setresuid32")->arguments[0].width, 32);
    long user = (long)(getuid() & 0xffff) | 0x70000;
    cr_assert_eq(syscall(SYS_setresuid, user, user, user), 0);
    cr_assert_eq(getuid(), (unsigned)user & 0xffff);
    cr_assert_eq(prototype_find("chmod")->arguments[1].width, 16);
}

Test(spellings, a_condition_that_one_of_them_cannot_meet_is_an_error_that_says_which)
{
    expect_message("[allow]\nlseek = offset == 0\n",
                   "test.ini:2: error: unknown argument 'offset' of '_llseek', which has fd, "
                   "offset_high, offset_low, result, whence\n"
                   "test.ini:2: note: '_llseek' is what 'lseek' is called on this architecture\n");
    expect_message("[allow]\npread64 = offset == 0\n",
                   "test.ini:2: error: unknown argument 'offset' of 'pread64', which has fd, buf, "
                   "count, offset_low, offset_high\n");
    expect_message("[allow]\nwrite = count < 0x100000000\n",
                   "test.ini:2: error: '0x100000000' does not fit into the 32 bits of 'count'\n");
    expect_message("[allow]\n1000 = a0 == 0x100000000\n",
                   "test.ini:2: error: '0x100000000' does not fit into the 32 bits of 'a0'\n");
}

#else

#ifdef __aarch64__
Test(spellings, clone_has_its_arguments_in_arm64_s_order)
{
    cr_assert_eq(prototype_argument(prototype_find("clone"), "tls"), 3);
    cr_assert_eq(prototype_argument(prototype_find("clone"), "child_tid"), 4);
}
#endif

Test(spellings, names_of_another_architecture_are_an_error_unless_they_are_optional)
{
    struct pipeline pipeline;
    build(&pipeline, "[allow]\nsyscalls = read ?fstat64\n?mmap2 = prot without PROT_EXEC\n"
                     "[deny]\n?socketcall = 3 if call == 1\n");
    pipeline_release(&pipeline);
    expect_message("[allow]\nsyscalls = read fstat64\n",
                   "test.ini:2: error: the system call 'fstat64' does not exist on this "
                   "architecture\n");
}

#endif
