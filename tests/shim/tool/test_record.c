#include <criterion/criterion.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "../../../shim/tool/call.h"
#include "../../../shim/tool/learn/record.h"
#include "../../helpers/pipeline.h"

enum { TEXT_MAX = 32768 };

struct made {
    const char *name;
    uint64_t arguments[6];
};

#define MADE(...)                                                                                  \
    (const struct made[])                                                                          \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL,                                                                                  \
            {                                                                                      \
                0                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

static void make(struct record *record, const char *name, const uint64_t arguments[6])
{
    int number = call_number(name);

    cr_assert_geq(number, 0, "%s", name);
    cr_assert_eq(record_call(record, number, arguments, NULL), 0);
}

static void make_all(struct record *record, const struct made *made)
{
    for (; made->name; made++)
        make(record, made->name, made->arguments);
}

static struct record *begin(const struct rules *rules, enum record_arguments arguments)
{
    struct record *record = record_open(rules, arguments);

    cr_assert_not_null(record);
    return record;
}

/* What RECORD adds to NOW, a line each: "read", "socket = domain == AF_UNIX". */
static void lines_of(const struct record *record, const struct rules *now, char text[TEXT_MAX])
{
    struct additions additions;
    size_t used = 0;

    cr_assert_eq(record_additions(record, now, &additions), 0);
    *text = '\0';
    for (size_t i = 0; i < additions.count; i++) {
        const struct addition *item = &additions.items[i];
        used +=
            (size_t)snprintf(text + used, TEXT_MAX - used, "%s%s%s\n", item->name,
                             item->condition ? " = " : "", item->condition ? item->condition : "");
    }
    additions_release(&additions);
}

/* After these calls, with nothing known before, LINES are what is to be added. */
static void becomes(enum record_arguments arguments, const struct made *made, const char *lines)
{
    struct record *record = begin(NULL, arguments);
    char text[TEXT_MAX];

    make_all(record, made);
    lines_of(record, NULL, text);
    cr_expect_str_eq(text, lines);
    record_close(record);
}

/* The same where the whitelist WHITELIST is there already. */
static void adds(const char *whitelist, enum record_arguments arguments, const struct made *made,
                 const char *lines)
{
    struct pipeline pipeline;
    char text[TEXT_MAX];

    cr_assert_eq(pipeline_read_text(whitelist, &pipeline), 0, "%s", whitelist);
    struct record *record = begin(&pipeline.rules, arguments);
    make_all(record, made);
    lines_of(record, &pipeline.rules, text);
    cr_expect_str_eq(text, lines, "to %s: %s", whitelist, text);
    record_close(record);
    pipeline_release(&pipeline);
}

Test(record, calls_without_worthy_arguments_become_their_names)
{
    becomes(RECORD_ARGUMENTS_SAFE, MADE({"write", {1}}, {"read", {0}}, {"write", {2}}),
            "read\nwrite\n");
}

Test(record, nothing_seen_adds_nothing)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    char text[TEXT_MAX];

    lines_of(record, NULL, text);
    cr_expect_str_eq(text, "");
    cr_expect_eq(record_total(record), 0);
    cr_expect_eq(record_distinct(record), 0);
    cr_expect_eq(record_last_new(record), -1);
    record_close(record);
}

Test(record, counts_all_calls_and_the_different_ones)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);

    make_all(record, MADE({"read", {0}}, {"socket", {AF_UNIX, SOCK_STREAM}}, {"read", {7}},
                          {"socket", {AF_INET, SOCK_STREAM}}, {"read", {0}}));
    cr_expect_eq(record_total(record), 5);
    cr_expect_eq(record_distinct(record), 2);
    cr_expect_eq(record_last_new(record), call_number("socket"));
    record_close(record);
}

Test(record, a_call_is_fresh_once_for_each_line_that_it_could_become)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    const uint64_t unix_stream[6] = {AF_UNIX, SOCK_STREAM};
    const uint64_t unix_cloexec[6] = {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 7};
    const uint64_t inet_stream[6] = {AF_INET, SOCK_STREAM};
    int number = call_number("socket");
    bool fresh = false;

    cr_assert_eq(record_call(record, number, unix_stream, &fresh), 0);
    cr_expect(fresh);
    cr_assert_eq(record_call(record, number, unix_cloexec, &fresh), 0);
    cr_expect_not(fresh);
    cr_assert_eq(record_call(record, number, inet_stream, &fresh), 0);
    cr_expect(fresh);
    cr_assert_eq(record_call(record, number, unix_stream, &fresh), 0);
    cr_expect_not(fresh);
    record_close(record);
}

Test(record, a_line_has_the_count_of_its_calls_and_the_site_of_the_first)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    struct additions additions;

    make(record, "ioctl", (uint64_t[6]){0, 0x5401});
    cr_assert_eq(record_site(record, "libc.so.6!tcgetattr+0x9"), 0);
    make(record, "ioctl", (uint64_t[6]){0, 0x541b});
    cr_assert_eq(record_site(record, "libc.so.6!ioctl+0x9"), 0);
    make(record, "ioctl", (uint64_t[6]){0, 0x5401});
    make(record, "read", (uint64_t[6]){0});
    cr_assert_eq(record_additions(record, NULL, &additions), 0);
    cr_assert_eq(additions.count, 2);
    cr_expect_str_eq(additions.items[0].condition, "request in TCGETS FIONREAD");
    cr_expect_eq(additions.items[0].count, 3);
    cr_expect_str_eq(additions.items[0].site, "libc.so.6!tcgetattr+0x9");
    cr_expect_null(additions.items[0].note);
    cr_expect_eq(additions.items[1].count, 1);
    cr_expect_null(additions.items[1].site);
    additions_release(&additions);
    record_close(record);
}

Test(record, values_become_a_list_with_names_and_without_them_hexadecimal)
{
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"ioctl", {0, 0x5413}}, {"ioctl", {1, 0x5401}}, {"ioctl", {1, 0xdead0001}}),
            "ioctl = request in TCGETS TIOCGWINSZ 0xdead0001\n");
    becomes(RECORD_ARGUMENTS_SAFE, MADE({"prctl", {15}}), "prctl = option == PR_SET_NAME\n");
}

Test(record, garbage_above_the_width_of_an_argument_is_not_another_value)
{
    becomes(RECORD_ARGUMENTS_SAFE, MADE({"ioctl", {0, 0x5401}}, {"ioctl", {0, 0xffffffff00005401}}),
            "ioctl = request == TCGETS\n");
}

Test(record, flags_that_come_and_go_do_not_split_a_line)
{
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"socket", {AF_UNIX, SOCK_STREAM}},
                 {"socket", {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}},
                 {"socket", {AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC}}),
            "socket = domain == AF_UNIX and type & SOCK_TYPE_MASK == SOCK_STREAM\n");
    becomes(RECORD_ARGUMENTS_ALL,
            MADE({"futex", {0, 0}}, {"futex", {0, 128}}, {"futex", {0, 129}}, {"futex", {0, 1}}),
            "futex = futex_op & FUTEX_CMD_MASK in FUTEX_WAIT FUTEX_WAKE\n");
}

Test(record, all_combinations_become_one_line_and_others_one_for_each_first_value)
{
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"socket", {AF_UNIX, SOCK_STREAM}}, {"socket", {AF_UNIX, SOCK_DGRAM}},
                 {"socket", {AF_INET, SOCK_STREAM}}, {"socket", {AF_INET, SOCK_DGRAM}}),
            "socket = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK in SOCK_STREAM "
            "SOCK_DGRAM\n");
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"socket", {AF_UNIX, SOCK_STREAM}}, {"socket", {AF_NETLINK, SOCK_RAW}},
                 {"socket", {AF_INET, SOCK_STREAM}}, {"socket", {AF_INET, SOCK_DGRAM}}),
            "socket = domain == AF_INET and type & SOCK_TYPE_MASK in SOCK_STREAM SOCK_DGRAM\n"
            "socket = domain == AF_NETLINK and type & SOCK_TYPE_MASK == SOCK_RAW\n"
            "socket = domain == AF_UNIX and type & SOCK_TYPE_MASK == SOCK_STREAM\n");
}

Test(record, memory_is_without_prot_exec_until_it_was_seen_and_then_no_wider_than_that)
{
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"mprotect", {0, 0, PROT_READ}}, {"mprotect", {0, 0, PROT_NONE}},
                 {"mprotect", {0, 0, PROT_READ | PROT_WRITE}}),
            "mprotect = prot without PROT_EXEC\n");
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"mmap", {0, 0, PROT_READ | PROT_EXEC}}, {"mmap", {0, 0, PROT_READ | PROT_WRITE}}),
            "mmap = prot only PROT_READ|PROT_EXEC\nmmap = prot without PROT_EXEC\n");
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"mmap", {0, 0, PROT_READ | PROT_EXEC}},
                 {"mmap", {0, 0, PROT_READ | PROT_WRITE | PROT_EXEC}}),
            "mmap = prot only PROT_READ|PROT_WRITE|PROT_EXEC\n");
}

Test(record, clone_is_without_the_namespaces_that_were_never_seen)
{
    becomes(RECORD_ARGUMENTS_SAFE, MADE({"clone", {0x3d0f00}}, {"clone", {0x1200011}}),
            "clone = flags without "
            "CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|"
            "CLONE_NEWNET\n");
    becomes(RECORD_ARGUMENTS_SAFE, MADE({"clone", {CLONE_NEWUSER | CLONE_NEWPID | 17}}),
            "clone = flags without "
            "CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWNET|CLONE_NEWNS|CLONE_NEWUTS\n");
    becomes(RECORD_ARGUMENTS_SAFE,
            MADE({"clone", {CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC}},
                 {"clone", {CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET}}),
            "clone\n");
}

Test(record, files_are_told_by_access_and_whether_they_are_made_only_where_all_is_wanted)
{
    const struct made made[] = {{"openat", {0xffffff9c, 0, 0x80000}},
                                {"openat", {0xffffff9c, 0, 0x241}},
                                {"openat", {0xffffff9c, 0, 0x90800}},
                                {NULL, {0}}};

    becomes(RECORD_ARGUMENTS_SAFE, made, "openat\n");
    becomes(RECORD_ARGUMENTS_ALL, made,
            "openat = flags & O_ACCMODE == O_RDONLY and flags without O_CREAT|O_TRUNC\n"
            "openat = flags & O_ACCMODE == O_WRONLY\n");
}

Test(record, options_of_sockets_have_the_names_of_their_level)
{
    becomes(RECORD_ARGUMENTS_ALL,
            MADE({"setsockopt", {3, 1, 2}}, {"setsockopt", {3, 1, 9}}, {"setsockopt", {3, 6, 1}}),
            "setsockopt = level == IPPROTO_TCP and optname == TCP_NODELAY\n"
            "setsockopt = level == SOL_SOCKET and optname in SO_REUSEADDR SO_KEEPALIVE\n");
}

Test(record, with_arguments_none_there_are_only_names)
{
    becomes(RECORD_ARGUMENTS_NONE,
            MADE({"socket", {AF_UNIX, SOCK_STREAM}}, {"mmap", {0, 0, 7}}, {"ioctl", {0, 0x5401}}),
            "ioctl\nmmap\nsocket\n");
}

Test(record, a_long_list_is_split_into_lines_that_fit_a_screen)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    char text[TEXT_MAX];
    unsigned lines = 0;

    for (uint64_t i = 0; i < 60; i++)
        make(record, "ioctl", (uint64_t[6]){0, 0x5401 + i});
    lines_of(record, NULL, text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        cr_expect_leq(strlen(line), 100, "%s", line);
        cr_expect_eq(strncmp(line, "ioctl = request ", 16), 0, "%s", line);
        lines++;
    }
    cr_expect_gt(lines, 3);
    cr_expect_lt(lines, 20);
    record_close(record);
}

Test(record, over_64_different_values_a_call_loses_its_condition_and_a_note_says_so)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    struct additions additions;
    bool fresh = false;

    for (uint64_t i = 0; i < 65; i++)
        cr_assert_eq(record_call(record, call_number("ioctl"), (uint64_t[6]){0, i * 3}, &fresh), 0);
    cr_expect(fresh);
    cr_assert_eq(record_call(record, call_number("ioctl"), (uint64_t[6]){0, 999}, &fresh), 0);
    cr_expect_not(fresh);
    cr_assert_eq(record_additions(record, NULL, &additions), 0);
    cr_assert_eq(additions.count, 1);
    cr_expect_str_eq(additions.items[0].name, "ioctl");
    cr_expect_null(additions.items[0].condition);
    cr_expect_eq(additions.items[0].count, 66);
    cr_expect_str_eq(additions.items[0].note, "too many different values for a condition: request");
    additions_release(&additions);
    record_close(record);
}

Test(record, only_the_argument_with_too_many_values_loses_its_condition)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    struct additions additions;

    for (uint64_t i = 0; i < 100; i++)
        make(record, "socket", (uint64_t[6]){i, SOCK_STREAM});
    cr_assert_eq(record_additions(record, NULL, &additions), 0);
    cr_assert_eq(additions.count, 1);
    cr_expect_str_eq(additions.items[0].condition, "type & SOCK_TYPE_MASK == SOCK_STREAM");
    cr_expect_str_eq(additions.items[0].note, "too many different values for a condition: domain");
    additions_release(&additions);
    record_close(record);
}

Test(record, what_the_whitelist_has_is_not_added)
{
    adds("[allow]\nsyscalls = read\nsocket = domain == AF_UNIX\n", RECORD_ARGUMENTS_SAFE,
         MADE({"read", {0}}, {"socket", {AF_UNIX, SOCK_STREAM}}), "");
    adds("[allow]\nsyscalls = read\nsocket = domain == AF_UNIX\n", RECORD_ARGUMENTS_SAFE,
         MADE({"write", {0}}, {"socket", {AF_UNIX, SOCK_STREAM}},
              {"socket", {AF_INET, SOCK_STREAM}}),
         "socket = domain == AF_INET and type & SOCK_TYPE_MASK == SOCK_STREAM\nwrite\n");
}

Test(record, implicitly_allowed_calls_are_listed_all_the_same)
{
    adds("[allow]\nsyscalls = read\n", RECORD_ARGUMENTS_SAFE,
         MADE({"exit_group", {0}}, {"read", {0}}), "exit_group\n");
}

Test(record, what_the_user_denies_is_left_out)
{
    adds("[allow]\nsyscalls = read\n[deny]\nptrace = kill\nsocket = EPERM if domain == AF_NETLINK\n"
         "write = EPERM if fd == 9\n",
         RECORD_ARGUMENTS_SAFE,
         MADE({"ptrace", {0}}, {"socket", {AF_NETLINK, SOCK_RAW}}, {"write", {9}}), "");
    adds("[allow]\nsyscalls = read\n[deny]\nwrite = EPERM if fd == 9\n", RECORD_ARGUMENTS_SAFE,
         MADE({"write", {9}}, {"write", {8}}), "write\n");
}

Test(record, a_whitelist_that_allows_by_default_lacks_nothing)
{
    adds("[filter]\ndefault = allow\n[deny]\nptrace = EPERM\n", RECORD_ARGUMENTS_SAFE,
         MADE({"read", {0}}), "");
    adds("[filter]\ndefault = log\n[allow]\nsyscalls = write\n", RECORD_ARGUMENTS_SAFE,
         MADE({"read", {0}}), "read\n");
}

Test(record, the_users_own_conditions_are_not_swallowed_by_a_name)
{
    adds("[allow]\nwrite = fd in 1..2\n", RECORD_ARGUMENTS_SAFE, MADE({"write", {5}}),
         "write = fd == 5\n");
    adds("[allow]\nwrite = fd in 1..2\n", RECORD_ARGUMENTS_NONE,
         MADE({"write", {5}}, {"write", {1}}, {"write", {6}}, {"write", {7}}, {"write", {9}}),
         "write = fd in 5..7 9\n");
    adds("[allow]\nwrite = fd == 1 and count <= 4096\n", RECORD_ARGUMENTS_SAFE,
         MADE({"write", {1, 0, 8000}}), "write = fd == 1 and count == 8000\n");
    adds("[allow]\nmunmap = addr != 0\nfutex = uaddr == 0\n", RECORD_ARGUMENTS_SAFE,
         MADE({"munmap", {0}}, {"futex", {4096}}), "futex = uaddr != 0\nmunmap = addr == 0\n");
}

Test(record, beside_the_users_flags_a_line_tells_of_the_same_flags)
{
    adds("[allow]\nopenat = flags & O_ACCMODE == O_RDONLY and flags without O_CREAT|O_TRUNC\n",
         RECORD_ARGUMENTS_SAFE,
         MADE({"openat", {0xffffff9c, 0, 0x80241}}, {"openat", {0xffffff9c, 0, 0x80000}}),
         "openat = flags & O_ACCMODE == O_WRONLY\n");
    adds("[allow]\nopenat = flags without O_APPEND\n", RECORD_ARGUMENTS_SAFE,
         MADE({"openat", {0xffffff9c, 0, 0x80441}}), "openat = flags & O_APPEND == O_APPEND\n");
    adds("[allow]\nunlinkat = flags without AT_REMOVEDIR\n", RECORD_ARGUMENTS_NONE,
         MADE({"unlinkat", {0xffffff9c, 0, 0x200}}), "unlinkat = flags with AT_REMOVEDIR\n");
}

Test(record, over_64_values_beside_the_users_condition_become_a_range)
{
    struct pipeline pipeline;
    struct record *record;
    char text[TEXT_MAX];

    cr_assert_eq(pipeline_read_text("[allow]\nwrite = fd in 1..2\n", &pipeline), 0);
    record = begin(&pipeline.rules, RECORD_ARGUMENTS_SAFE);
    for (uint64_t i = 0; i < 5000; i++)
        make(record, "write", (uint64_t[6]){7 + i * 3 % 5000});
    lines_of(record, &pipeline.rules, text);
    cr_expect_str_eq(text, "write = fd in 7..5006\n");
    record_close(record);
    pipeline_release(&pipeline);
}

Test(record, numbers_that_no_kernel_has_are_listed_as_numbers)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    const uint64_t arguments[6] = {0};
    char text[TEXT_MAX];

    cr_assert_eq(record_call(record, 5000, arguments, NULL), 0);
    cr_assert_eq(record_call(record, 5000, arguments, NULL), 0);
    cr_assert_eq(record_call(record, 1001, arguments, NULL), 0);
    cr_assert_eq(record_call(record, -1, arguments, NULL), 0);
    cr_assert_eq(record_call(record, 0x40000001, arguments, NULL), 0);
    lines_of(record, NULL, text);
    cr_expect_str_eq(text, "1001\n5000\n");
    cr_expect_eq(record_total(record), 5);
    cr_expect_eq(record_distinct(record), 2);
    record_close(record);
}

Test(record, a_million_kinds_of_calls_need_no_more_memory_than_a_few)
{
    struct record *record = begin(NULL, RECORD_ARGUMENTS_ALL);
    struct additions additions;
    struct pipeline pipeline;
    char text[TEXT_MAX] = "[allow]\n";
    size_t used = strlen(text);

    for (uint64_t i = 0; i < 1000000; i++) {
        uint64_t mixed = i * UINT64_C(0x9e3779b97f4a7c15);
        const uint64_t arguments[6] = {mixed >> 7, mixed >> 17, mixed >> 27, mixed, mixed, mixed};
        cr_assert_eq(record_call(record, (int)(mixed >> 40 & 0xfff), arguments, NULL), 0);
    }
    cr_assert_eq(record_additions(record, NULL, &additions), 0);
    for (size_t i = 0; i < additions.count; i++) {
        const struct addition *item = &additions.items[i];
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s = %s\n",
                                 item->condition ? item->name : "syscalls",
                                 item->condition ? item->condition : item->name);
    }
    cr_expect_eq(pipeline_read_text(text, &pipeline), 0, "the filter is too long");
    pipeline_release(&pipeline);
    additions_release(&additions);
    record_close(record);
}

Test(record, lists_of_many_calls_fit_into_one_filter)
{
    static const char *const NAMES[] = {"ioctl",  "prctl", "fcntl",  "keyctl", "bpf",    "seccomp",
                                        "ptrace", "setns", "shmctl", "semctl", "syslog", "reboot"};
    struct record *record = begin(NULL, RECORD_ARGUMENTS_SAFE);
    struct additions additions;
    struct pipeline pipeline;
    char text[TEXT_MAX] = "[allow]\n";
    size_t used = strlen(text);
    unsigned notes = 0;

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        for (uint64_t k = 0; k < 64; k++)
            make(record, NAMES[i], (uint64_t[6]){k * 5, k * 5, k * 5});
    }
    cr_assert_eq(record_additions(record, NULL, &additions), 0);
    for (size_t i = 0; i < additions.count; i++) {
        const struct addition *item = &additions.items[i];
        notes += item->note != NULL;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s = %s\n",
                                 item->condition ? item->name : "syscalls",
                                 item->condition ? item->condition : item->name);
    }
    cr_expect_eq(pipeline_read_text(text, &pipeline), 0, "the filter is too long");
    cr_expect_gt(notes, 3);
    cr_expect_lt(notes, 12);
    pipeline_release(&pipeline);
    additions_release(&additions);
    record_close(record);
}
