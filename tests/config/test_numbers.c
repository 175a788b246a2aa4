/* The table of system calls by name. */
#include <criterion/criterion.h>
#include <seccomp.h>
#include <sys/syscall.h>

#include "../../config/numbers.h"
#include "../../config/prototypes.h"

Test(numbers, names_have_the_numbers_of_the_headers)
{
    cr_expect_eq(number_find("read"), SYS_read);
    cr_expect_eq(number_find("exit_group"), SYS_exit_group);
    cr_expect_eq(number_find("faccessat2"), SYS_faccessat2);
}

Test(numbers, every_name_is_found_and_libseccomp_agrees)
{
    size_t known = 0;
    for (size_t i = 0; i < number_count(); i++) {
        const char *name = number_name(i);
        int number = number_find(name);
        int theirs = seccomp_syscall_resolve_name(name);
        cr_expect(number >= 0, "%s", name);
        cr_expect(theirs == number || theirs == __NR_SCMP_ERROR, "%s: %d, %d", name, number,
                  theirs);
        known += theirs == number;
    }
    cr_expect(known > 300);
}

Test(numbers, prototypes_agree)
{
    for (size_t i = 0; i < prototype_count(); i++) {
        const struct prototype *prototype = prototype_at(i);
        const char *name = prototype_text(prototype->name);
        cr_expect_eq(number_find(name), prototype->number, "%s", name);
    }
}

Test(numbers, nobody_knows_a_call_with_a_higher_number_than_the_highest)
{
    bool found = false;
    for (size_t i = 0; i < number_count(); i++) {
        found |= number_find(number_name(i)) == number_highest();
        cr_expect(number_find(number_name(i)) <= number_highest(), "%s", number_name(i));
    }
    cr_expect(found);
    for (int number = number_highest() + 1; number < 2000; number++)
        cr_expect_null(seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number), "%d", number);
}

Test(numbers, what_is_no_name_is_not_found)
{
    static const char *const NAMES[] = {"", "rea", "reads", "Read", "\xff\xff", "socketcall"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        cr_expect_eq(number_find(NAMES[i]), -1, "%s", NAMES[i]);
}
