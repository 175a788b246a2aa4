#include <asm/unistd_64.h>
#include <criterion/criterion.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/constants.h"
#include "../../config/prototypes.h"

static const struct argument *argument_of(const char *call, const char *name)
{
    const struct prototype *prototype = prototype_find(call);
    cr_assert_not_null(prototype, "%s", call);
    int index = prototype_argument(prototype, name);
    cr_assert(index >= 0, "%s has no argument %s", call, name);
    return &prototype->arguments[index];
}

static void check(const char *call, const char *name, unsigned width, bool is_signed)
{
    const struct argument *argument = argument_of(call, name);
    cr_expect_eq(argument->width, width, "%s's %s is %u bits", call, name, argument->width);
    cr_expect_eq(argument->is_signed, is_signed, "the sign of %s's %s", call, name);
    cr_expect_not(argument->is_pointer, "%s's %s is a pointer", call, name);
}

Test(prototypes, the_table_is_sorted_and_every_name_is_found)
{
    cr_assert(prototype_count() >= 360, "%zu", prototype_count());
    for (size_t i = 0; i < prototype_count(); i++) {
        const struct prototype *prototype = prototype_at(i);
        const char *name = prototype_text(prototype->name);
        cr_expect_eq(prototype_find(name), prototype, "%s", name);
        if (i > 0) {
            cr_expect_lt(strcmp(prototype_text(prototype_at(i - 1)->name), name), 0, "%s", name);
        }
    }
    cr_expect_null(prototype_find("opne"));
    cr_expect_null(prototype_find(""));
    cr_expect_str_eq(prototype_text(0), "");
}

static void check_argument(const struct prototype *prototype, int index)
{
    const struct argument *argument = &prototype->arguments[index];
    const char *call = prototype_text(prototype->name);
    const char *name = prototype_text(argument->name);

    cr_expect(argument->width == 16 || argument->width == 32 || argument->width == 64, "%s %s",
              call, name);
    cr_expect(!argument->is_pointer || (argument->width == 64 && !argument->is_signed), "%s %s",
              call, name);
    cr_expect(!argument->is_pointer || argument->field == 0, "%s %s", call, name);
    cr_expect_neq(name[0], '\0', "%s", call);
    cr_expect_eq(prototype_argument(prototype, name), index, "%s %s", call, name);
}

Test(prototypes, every_argument_has_a_width_and_a_name_that_leads_to_it)
{
    for (size_t i = 0; i < prototype_count(); i++) {
        const struct prototype *prototype = prototype_at(i);
        cr_assert(prototype->count <= PROTOTYPE_ARGUMENTS_MAX);
        for (int j = 0; j < prototype->count; j++) {
            check_argument(prototype, j);
        }
    }
}

Test(prototypes, libseccomp_knows_every_call_below_457)
{
    for (size_t i = 0; i < prototype_count(); i++) {
        const struct prototype *prototype = prototype_at(i);
        const char *name = prototype_text(prototype->name);
        int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name);
        if (prototype->number <= __NR_set_mempolicy_home_node) {
            cr_expect(number >= 0, "%s", name);
        }
        if (prototype->number >= 0 && number >= 0) {
            cr_expect_eq(prototype->number, number, "%s is %d", name, number);
        }
    }
}

Test(prototypes, every_call_of_this_machine_has_a_prototype_but_those_that_no_program_makes)
{
    /* The first eight never were more than numbers. The kernel's own trampolines make the last two,
     * of which libseccomp knows one from 2.6 on. */
    static const char *const never[] = {
        "afs_syscall", "epoll_ctl_old", "epoll_wait_old", "getpmsg",   "putpmsg",
        "security",    "tuxcall",       "vserver",        "uretprobe", "uprobe",
    };
    for (int number = 0; number <= 456; number++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);
        bool expected = name != NULL;
        for (size_t i = 0; name && i < sizeof(never) / sizeof(never[0]); i++) {
            expected = expected && strcmp(name, never[i]) != 0;
        }
        if (name) {
            cr_expect_eq(prototype_find(name) != NULL, expected, "%s", name);
        }
        free(name);
    }
}

Test(prototypes, calls_are_found_by_number)
{
    for (int number = -2; number < 1024; number++) {
        const struct prototype *prototype = prototype_find_number(number);
        if (number < 0 || number > 469)
            cr_expect_null(prototype, "%d", number);
        if (number >= 424 && number <= 469)
            cr_expect_not_null(prototype, "%d", number);
        cr_expect(!prototype || prototype->number == number, "%d", number);
    }
    cr_expect_str_eq(prototype_text(prototype_find_number(__NR_socket)->name), "socket");
    cr_expect_str_eq(prototype_text(prototype_find_number(435)->name), "clone3");
    cr_expect_str_eq(prototype_text(prototype_find_number(452)->name), "fchmodat2");
    cr_expect_str_eq(prototype_text(prototype_find_number(462)->name), "mseal");
    cr_expect_eq(prototype_find("openat")->number, __NR_openat);
}

Test(prototypes, modes_are_consumed_as_16_bits)
{
    check("fchmod", "mode", 16, false);
    check("chmod", "mode", 16, false);
    check("fchmodat", "mode", 16, false);
    check("mkdir", "mode", 16, false);
    check("open", "mode", 16, false);
    check("openat", "mode", 16, false);
    check("mknod", "mode", 16, false);
    check("access", "mode", 32, true);
    check("umask", "mask", 32, true);
}

Test(prototypes, integers_are_consumed_as_32_bits_with_their_sign)
{
    check("openat", "dirfd", 32, true);
    check("openat", "flags", 32, true);
    check("write", "fd", 32, false);
    check("kill", "pid", 32, true);
    check("setuid", "uid", 32, false);
    check("socket", "domain", 32, true);
    check("ioctl", "request", 32, false);
    check("prctl", "option", 32, true);
    check("clock_gettime", "clockid", 32, true);
    check("mknod", "dev", 32, false);
}

Test(prototypes, longs_that_the_kernel_cuts_are_compared_as_32_bits)
{
    check("clone", "flags", 32, false);
    check("mmap", "prot", 32, false);
    check("mmap", "flags", 32, false);
    check("mmap", "fd", 32, true);
    check("mprotect", "prot", 32, false);
    check("pkey_mprotect", "prot", 32, false);
    check("mount", "mountflags", 32, false);
    check("fcntl", "arg", 32, true);
    check("ptrace", "pid", 32, true);
    check("readv", "fd", 32, false);
    check("readv", "iovcnt", 32, false);
    check("mbind", "mode", 32, true);
}

Test(prototypes, longs_that_the_kernel_takes_whole_are_compared_as_64_bits)
{
    check("write", "count", 64, false);
    check("lseek", "offset", 64, true);
    check("preadv2", "offset", 64, true);
    check("mmap", "length", 64, false);
    check("prctl", "arg2", 64, false);
    check("ptrace", "request", 64, true);
    check("unshare", "flags", 64, false);
    check("fanotify_mark", "mask", 64, false);
    check("msgrcv", "msgtyp", 64, true);
    check("io_submit", "ctx_id", 64, false);
}

Test(prototypes, pointers_are_told)
{
    cr_expect(argument_of("openat", "pathname")->is_pointer);
    cr_expect(argument_of("clone3", "cl_args")->is_pointer);
    cr_expect(argument_of("capget", "hdrp")->is_pointer);
    cr_expect(argument_of("landlock_create_ruleset", "attr")->is_pointer);
    cr_expect_not(argument_of("landlock_create_ruleset", "size")->is_pointer);
    cr_expect(argument_of("rt_sigaction", "oldact")->is_pointer);
}

Test(prototypes, an_argument_answers_to_the_manual_the_kernel_and_its_position)
{
    const struct prototype *prototype = prototype_find("socket");
    cr_expect_eq(prototype_argument(prototype, "domain"), 0);
    cr_expect_eq(prototype_argument(prototype, "family"), 0);
    cr_expect_eq(prototype_argument(prototype, "a0"), 0);
    cr_expect_eq(prototype_argument(prototype, "a2"), 2);
    cr_expect_eq(prototype_argument(prototype, "a3"), -1);
    cr_expect_eq(prototype_argument(prototype, "a22"), -1);
    cr_expect_eq(prototype_argument(prototype, "Domain"), -1);
    cr_expect_eq(prototype_argument(prototype, ""), -1);
    cr_expect_eq(prototype_argument(prototype_find("getpid"), "a0"), -1);
    cr_expect_eq(prototype_argument(prototype_find("mmap"), "a5"), 5);
}

/* One argument's name in the manual is never another one's in the kernel. */
Test(prototypes, no_name_means_two_arguments)
{
    for (size_t i = 0; i < prototype_count(); i++) {
        const struct prototype *prototype = prototype_at(i);
        for (int j = 0; j < prototype->count; j++) {
            const char *kernel_name = prototype_text(prototype->arguments[j].kernel_name);
            cr_expect_eq(prototype_argument(prototype, kernel_name), j, "%s %s",
                         prototype_text(prototype->name), kernel_name);
        }
    }
}

static void check_field(const char *call, const char *name, const char *field)
{
    cr_expect_str_eq(prototype_text(argument_of(call, name)->field), field, "%s %s", call, name);
}

Test(prototypes, numbers_among_flags_name_their_mask)
{
    check_field("open", "flags", "O_ACCMODE");
    check_field("openat", "flags", "O_ACCMODE");
    check_field("socket", "type", "SOCK_TYPE_MASK");
    check_field("socketpair", "type", "SOCK_TYPE_MASK");
    check_field("mmap", "flags", "MAP_TYPE");
    check_field("clone", "flags", "CSIGNAL");
    check_field("futex", "futex_op", "FUTEX_CMD_MASK");
    check_field("mmap", "prot", "");
}

Test(prototypes, every_mask_is_a_constant_that_fits_its_argument)
{
    for (size_t i = 0; i < prototype_count(); i++) {
        const struct prototype *prototype = prototype_at(i);
        for (unsigned j = 0; j < prototype->count; j++) {
            const struct argument *argument = &prototype->arguments[j];
            const char *field = prototype_text(argument->field);
            int64_t mask = 0;
            if (argument->field != 0) {
                cr_expect(constant_find(field, &mask), "%s", field);
                cr_expect(mask != 0 && mask == (int64_t)(int32_t)mask, "%s", field);
            }
        }
    }
}
