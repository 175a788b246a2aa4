#include <criterion/criterion.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../../../shim/tool/formats/strace_value.h"

static void expect_value(const char *text, uint64_t wanted)
{
    uint64_t value = 0;

    cr_expect(strace_value(text, strlen(text), &value), "%s", text);
    cr_expect_eq(value, wanted, "%s", text);
}

static void expect_none(const char *text)
{
    uint64_t value = 0;

    cr_expect_not(strace_value(text, strlen(text), &value), "%s", text);
}

Test(strace_value, is_a_number_or_constants)
{
    expect_value("0", 0);
    expect_value("-1", UINT64_MAX);
    expect_value("0x7f", 127);
    expect_value("0644", 0644);
    expect_value("NULL", 0);
    expect_value("PROT_READ|PROT_WRITE", PROT_READ | PROT_WRITE);
    expect_value("PROT_READ|0x1000", PROT_READ | 0x1000);
    expect_value(" TCGETS ", TCGETS);
}

Test(strace_value, has_no_comments_and_no_paths)
{
    expect_value("0x30 /* AF_??? */", 0x30);
    expect_value("0x1200000 /* A|B */|0x11 /* SIGCHLD */", 0x1200011);
    expect_value("3</tmp/a>", 3);
    expect_value("AT_FDCWD</tmp>", (uint64_t)-100);
    expect_value("SNDCTL_TMR_TIMEBASE or TCGETS", TCGETS);
    expect_value("TCGETS or SNDCTL_TMR_TIMEBASE", TCGETS);
}

Test(strace_value, may_be_the_number_of_an_ioctl)
{
    expect_value("_IOC(_IOC_NONE, 0x54, 0x1, 0)", _IOC(_IOC_NONE, 0x54, 1, 0));
    expect_value("_IOC(_IOC_READ, 0x54, 0x1, 0x3c)", _IOC(_IOC_READ, 0x54, 1, 0x3c));
    expect_value("_IOC(_IOC_READ|_IOC_WRITE, 0x54, 0x1, 0x3c)",
                 _IOC(_IOC_READ | _IOC_WRITE, 0x54, 1, 0x3c));
    expect_none("_IOC(_IOC_FROB, 0x54, 0x1, 0x3c)");
    expect_none("_IOC(_IOC_READ, 0x54, 0x1)");
    expect_none("_IOC(_IOC_READ");
    expect_none("_IOC(");
}

Test(strace_value, is_not_guessed)
{
    expect_none("");
    expect_none("FROB_IT");
    expect_none("PROT_READ|FROB_IT");
    expect_none("\"text\"");
    expect_none("{st_mode=S_IFREG}");
    expect_none("~[RTMIN RT_1]");
    expect_none("PROT_READ|");
}

Test(strace_values, stand_in_the_order_of_the_call)
{
    uint64_t values[6] = {0};

    unsigned readable =
        strace_values("NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0",
                      prototype_find("mmap"), values);
    cr_expect_eq(readable, 0x3f);
    cr_expect_eq(values[1], 8192);
    cr_expect_eq(values[2], PROT_READ | PROT_WRITE);
    cr_expect_eq(values[3], MAP_PRIVATE | MAP_ANONYMOUS);
    cr_expect_eq(values[4], UINT64_MAX);
}

Test(strace_values, go_where_their_names_say)
{
    uint64_t values[6] = {0};

    unsigned readable = strace_values("child_stack=NULL, flags=CLONE_VM|SIGCHLD, child_tidptr=0x7f",
                                      prototype_find("clone"), values);
    cr_expect_eq(readable & 1, 1);
    cr_expect_eq(values[0], 0x111);
}

Test(strace_values, are_not_there_where_they_cannot_be_read)
{
    uint64_t values[6] = {0};

    cr_expect_eq(
        strace_values("1, FROB, {a=1, b=[2, 3]}, \"x, y\", 7", prototype_find("futex"), values),
        1U | 16U);
    cr_expect_eq(values[4], 7);
    cr_expect_eq(strace_values("", NULL, values), 0);
    cr_expect_eq(strace_values("1, 2, 3, 4, 5, 6, 7, 8", NULL, values), 0x3f);
    cr_expect_eq(values[5], 6);
}
