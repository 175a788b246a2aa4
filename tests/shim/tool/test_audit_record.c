#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../../shim/tool/formats/audit_record.h"

#define KERNEL                                                                                     \
    "auid=1000 uid=1000 gid=1000 ses=1 subj=unconfined pid=77 comm=\"tool\" "                      \
    "exe=\"/usr/bin/tool\" "                                                                       \
    "sig=31 arch=c000003e syscall=165 compat=0 ip=0x7f code=0x80000000"
#define SAID "mount in tool (77, /usr/bin/tool) was refused, and the process was killed"

/* "CALL in PROGRAM (PID, EXECUTABLE) was FATE" */
static void expect_record(const char *line, const char *wanted)
{
    struct audit_record record;
    char call[AUDIT_NAME_MAX], got[1024] = "no record";

    if (audit_record_parse(line, &record))
        snprintf(got, sizeof(got), "%s in %s (%d, %s) was %s", audit_record_call(&record, call),
                 record.program, record.pid, record.executable, record.fate);
    cr_expect_str_eq(got, wanted, "%s\ngot:    %s\nwanted: %s", line, got, wanted);
}

Test(audit_record, is_found_behind_what_those_put_before_it_who_keep_it)
{
    static const char *const HEADS[] = {
        "type=1326 audit(1700000000.1:4): ",
        "audit: type=1326 audit(1700000000.1:4): ",
        "[   12.3] audit: type=1326 audit(1700000000.1:4): ",
        "Dec 01 12:00:00 host kernel: audit: type=1326 audit(1700000000.1:4): ",
        "type=SECCOMP msg=audit(1700000000.1:4): ",
        "node=host type=SECCOMP msg=audit(1700000000.1:4): ",
        "Dec 01 12:00:00 host audit[77]: SECCOMP ",
        "2026-12-01T12:00:00+0000 host audit[77]: SECCOMP ",
        "[   12.345678] host audit[77]: SECCOMP ",
        "SECCOMP ",
    };
    char line[1024];

    for (size_t i = 0; i < sizeof(HEADS) / sizeof(HEADS[0]); i++) {
        snprintf(line, sizeof(line), "%s%s", HEADS[i], KERNEL);
        expect_record(line, SAID);
        snprintf(line, sizeof(line), "%s%s\r\n", HEADS[i], KERNEL);
        expect_record(line, SAID);
    }
}

Test(audit_record, is_of_its_own_type)
{
    static const char *const HEADS[] = {
        "",
        "type=SYSCALL msg=audit(1:1): ",
        "type=USER_CMD msg=audit(1:1): cmd=echo type=SECCOMP ",
        "Dec 01 12:00:00 host audit[77]: AVC ",
        "Dec 01 12:00:00 host tool[77]: SECCOMP ",
        "Dec 01 12:00:00 host tool[77]: audit[77]: SECCOMP ",
        "type=",
        "SECCOMP",
        ": ",
        "]: SECCOMP ",
    };
    char line[1024];

    for (size_t i = 0; i < sizeof(HEADS) / sizeof(HEADS[0]); i++) {
        snprintf(line, sizeof(line), "%s%s", HEADS[i], KERNEL);
        expect_record(line, "no record");
        expect_record(HEADS[i], "no record");
    }
    expect_record("type=SECCOMP", "no record");
    expect_record("type=SECCOMP syscall=", "no record");
    expect_record("type=SECCOMP syscall=frob", "no record");
    expect_record("type=SECCOMP syscall=99999999999999999999", "no record");
}

Test(audit_record, may_be_repeated_in_words)
{
    expect_record("type=SECCOMP msg=audit(1:1): " KERNEL "\x1d"
                  "AUID=\"me\" UID=\"me\" ARCH=x86_64 SYSCALL=mount",
                  SAID);
    expect_record("type=SECCOMP msg=audit(1:1): " KERNEL
                  "AUID=\"me\" UID=\"me\" ARCH=x86_64 SYSCALL=mount",
                  SAID);
    expect_record("type=SECCOMP msg=audit(1:1): " KERNEL "\x1d"
                  "AUID=\"x syscall=2\" syscall=3",
                  SAID);
}

#define WORDS "type=SECCOMP msg=audit(03/04/2025 07:39:37.599:1) : auid=unset uid=root pid=77 "

Test(audit_record, has_the_fates_of_the_kernel_in_numbers_and_in_words)
{
    static const char *const FATES[][2] = {
        {"0x80000000", "refused, and the process was killed"},
        {"kill-process", "refused, and the process was killed"},
        {"0x0", "refused, and the thread was killed"},
        {"kill-thread", "refused, and the thread was killed"},
        {"kill", "refused, and the thread or the process was killed"},
        {"0x30000", "refused, and the thread got SIGSYS"},
        {"trap", "refused, and the thread got SIGSYS"},
        {"0x50000", "refused with an error"},
        {"0x50001", "refused with an error"},
        {"errno", "refused with an error"},
        {"0x7fc00000", "handed to a supervisor"},
        {"user-notify", "handed to a supervisor"},
        {"0x7ff00000", "handed to a tracer"},
        {"trace", "handed to a tracer"},
        {"0x7ffc0000", "let through, and logged"},
        {"log", "let through, and logged"},
        {"0x7fff0000", "let through"},
        {"allow", "let through"},
        {"0x12340000", "logged"},
        {"frob", "logged"},
        {"", "logged"},
    };
    char line[512], wanted[128];

    for (size_t i = 0; i < sizeof(FATES) / sizeof(FATES[0]); i++) {
        snprintf(line, sizeof(line),
                 WORDS "comm=t exe=/t sig=SIGSYS arch=x86_64 syscall=mount code=%s ", FATES[i][0]);
        snprintf(wanted, sizeof(wanted), "mount in t (77, /t) was %s", FATES[i][1]);
        expect_record(line, wanted);
    }
    expect_record(WORDS "comm=t code=log exe=/t sig=SIGSYS arch=x86_64 syscall=mount",
                  "mount in t code=log (77, /t) was logged");
}

Test(audit_record, is_not_forged_by_names)
{
#define TAIL " sig=SIGSYS arch=x86_64 syscall=mount compat=0 ip=0x7f code=errno "
#define WAS  " was refused with an error"
    expect_record(WORDS "comm=x syscall=read exe=/t" TAIL, "mount in x syscall=read (77, /t)" WAS);
    expect_record(WORDS "comm=x arch=i386 exe=/t" TAIL, "mount in x arch=i386 (77, /t)" WAS);
    expect_record(WORDS "comm=x pid=1 exe=/t" TAIL, "mount in x pid=1 (77, /t)" WAS);
    expect_record(WORDS "comm=x comm=y exe=/t" TAIL, "mount in x comm=y (77, /t)" WAS);
    expect_record(WORDS "comm=x exe=/sh exe=/t" TAIL, "mount in x exe=/sh (77, /t)" WAS);
    expect_record(WORDS "comm=x exe=/sh exe=/t exe=/u" TAIL,
                  "mount in x exe=/sh (77, /t exe=/u)" WAS);
    expect_record(WORDS "comm=x exe=/a sig=1 arch=i386 syscall=read code=log" TAIL,
                  "mount in x (77, /a sig=1 arch=i386 syscall=read code=log)" WAS);
    expect_record(WORDS "comm=\"a b exe=/t\"x" TAIL, "mount in \"a b (77, /t\"x)" WAS);
    expect_record("type=1326 audit(1:1): pid=77 comm=782073797363616C6C3D72656164 exe=\"/t\" "
                  "sig=31 arch=c000003e syscall=165 code=0x50000",
                  "mount in x syscall=read (77, /t)" WAS);
    expect_record("type=1326 audit(1:1): pid=77 comm=1B5B41 exe=2F00 sig=31 arch=c000003e "
                  "syscall=165 code=0x50000",
                  "mount in ?[A (77, /)" WAS);
}

Test(audit_record, may_lack_names)
{
    expect_record("type=1326 audit(1:1): pid=77 sig=31 syscall=165 code=0x50000",
                  "mount in ? (77, ?)" WAS);
    expect_record("type=1326 audit(1:1): comm= exe= arch=c000003e syscall=165 code=0x50000",
                  "mount in ? (0, ?)" WAS);
    expect_record("type=1326 syscall=165", "mount in ? (0, ?) was logged");
    expect_record("type=1326 comm=\" exe=\" arch=c000003e syscall=165",
                  "mount in ? (0, ?) was logged");
    expect_record("type=1326 pid=1 exe=\" arch=c000003e syscall=165",
                  "mount in ? (1, ?) was logged");
    expect_record("type=1326 comm=exe=/t arch=c000003e syscall=165",
                  "mount in ? (0, /t) was logged");
    expect_record("SECCOMP syscall=165", "mount in ? (0, ?) was logged");
    expect_record("SECCOMP arch=c000003e syscall=165", "mount in ? (0, ?) was logged");
    expect_record("type=1326 audit(1:1): comm=\" exe=\" syscall=165",
                  "mount in ? (0, ?) was logged");
}

Test(audit_record, may_be_about_another_architecture)
{
#define OF(architecture, call)                                                                     \
    "type=SECCOMP comm=t exe=/t sig=31 arch=" architecture " syscall=" call " code=0x50000"
    expect_record(OF("40000003", "11"), "call 11 (execve) of i386 in t (0, /t)" WAS);
    expect_record(OF("i386", "execve"), "call 11 (execve) of i386 in t (0, /t)" WAS);
    expect_record(OF("c00000b7", "48"), "call 48 (faccessat) of aarch64 in t (0, /t)" WAS);
    expect_record(OF("aarch64", "faccessat"), "call 48 (faccessat) of aarch64 in t (0, /t)" WAS);
    expect_record(OF("aarch64", "unknown-syscall(9999)"), "call 9999 of aarch64 in t (0, /t)" WAS);
    expect_record(OF("12345678", "11"), "call 11 of another architecture in t (0, /t)" WAS);
    expect_record(OF("vax", "11"), "call 11 of another architecture in t (0, /t)" WAS);
    expect_record(OF("vax", "read"), "no record");
    expect_record(OF("aarch64", "open"), "no record");
    expect_record(OF("c000003e", "1073741824"), "call 1073741824 (read) of x32 in t (0, /t)" WAS);
    expect_record(OF("c000003e", "-1"), "call -1 of another architecture in t (0, /t)" WAS);
    expect_record(OF("c000003e", "4294967295"), "call -1 of another architecture in t (0, /t)" WAS);
    expect_record(OF("x86_64", "unknown-syscall(463)"), "setxattrat in t (0, /t)" WAS);
    expect_record(OF("x86_64", "unknown-syscall(1000)"), "1000 in t (0, /t)" WAS);
}

Test(audit_record, may_have_arguments)
{
    struct audit_record record;

    cr_assert(
        audit_record_parse("type=1326 pid=1 arch=c000003e syscall=41 a0=10 a1=ffffffffffffffff "
                           "a2=0 a4=1 code=0x0",
                           &record));
    cr_expect_eq(record.argument_count, 3);
    cr_expect_eq(record.arguments[0], 16);
    cr_expect_eq(record.arguments[1], UINT64_MAX);
    cr_assert(audit_record_parse("type=1326 a0=1 syscall=41 a0=x", &record));
    cr_expect_eq(record.argument_count, 0);
}
