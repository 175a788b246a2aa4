#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../../shim/tool/formats/strace_line.h"

static const char *text_of(struct strace_text text)
{
    static char buffers[4][512];
    static unsigned next;
    char *buffer = buffers[next++ % 4];

    snprintf(buffer, sizeof(buffers[0]), "%.*s", (int)text.length, text.start ? text.start : "");
    return buffer;
}

static void expect_call(const char *text, long pid, const char *name, const char *arguments,
                        const char *result)
{
    struct strace_line line;

    strace_line_parse(text, &line);
    cr_expect_eq(line.kind, STRACE_CALL, "%s", text);
    cr_expect_eq(line.pid, pid, "%s", text);
    cr_expect_str_eq(text_of(line.name), name, "%s", text);
    cr_expect_str_eq(text_of(line.arguments), arguments, "%s", text);
    cr_expect_str_eq(text_of(line.result), result, "%s", text);
}

static void expect_kind(const char *text, enum strace_kind kind)
{
    struct strace_line line;

    strace_line_parse(text, &line);
    cr_expect_eq(line.kind, kind, "%s", text);
}

Test(strace_line, has_a_name_arguments_and_a_result)
{
    expect_call("close(3)                                = 0", 0, "close", "3", "0");
    expect_call("getppid()                               = 27528", 0, "getppid", "", "27528");
    expect_call("access(\"/etc/ld.so.preload\", R_OK) = -1 ENOENT (No such file or directory)", 0,
                "access", "\"/etc/ld.so.preload\", R_OK", "-1 ENOENT (No such file or directory)");
}

Test(strace_line, is_found_behind_all_that_strace_puts_before_it)
{
    static const char *const PREFIXES[] = {
        "4711 ",
        "4711  ",
        "[pid  4711] ",
        "[pid 4711<sh>] ",
        "4711<sh> ",
        "4711 22:45:13 ",
        "4711 22:45:13.370108 ",
        "4711 1795473913.324224 ",
        "4711 1795473913 ",
        "4711 1795473913.324224 (+     0.000123) ",
        "4711      0.000123 ",
        "[pid  4711]      0.000123 ",
        "[pid  4711] [ 231] [00007f8513f00409] ",
        "4711 [????????????????] ",
    };
    char text[256];

    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++) {
        snprintf(text, sizeof(text), "%sread(3, \"\", 4096) = 0 <0.000012>", PREFIXES[i]);
        expect_call(text, 4711, "read", "3, \"\", 4096", "0");
    }
    expect_call("22:45:13.370108 read(3, \"\", 4096) = 0", 0, "read", "3, \"\", 4096", "0");
    expect_call("     0.000281 [ 231] [00007f8513f00409] exit_group(0) = ?", 0, "exit_group", "0",
                "?");
}

Test(strace_line, is_not_cut_by_what_a_program_reads_or_a_path_has)
{
    expect_call("write(1, \"a) = 1 \\\" (b\", 12) = 12", 0, "write", "1, \"a) = 1 \\\" (b\", 12",
                "12");
    expect_call("read(3</tmp/a) = 1 (b>, \"\", 1) = 0", 0, "read", "3</tmp/a) = 1 (b>, \"\", 1",
                "0");
    expect_call("write(5<TCP:[127.0.0.1:80->127.0.0.1:5]>, \"x\", 1) = 1", 0, "write",
                "5<TCP:[127.0.0.1:80->127.0.0.1:5]>, \"x\", 1", "1");
    expect_call("ioctl(0</dev/pts/0<char 136:0>>, TCGETS, {c_iflag=ICRNL, ...}) = 0", 0, "ioctl",
                "0</dev/pts/0<char 136:0>>, TCGETS, {c_iflag=ICRNL, ...}", "0");
    expect_call("prctl(0x41555856 /* PR_) = (? */, 0x7ff) = 448", 0, "prctl",
                "0x41555856 /* PR_) = (? */, 0x7ff", "448");
    expect_call("capset({pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_KILL}) = 0", 0, "capset",
                "{pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_KILL}", "0");
    expect_call("wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 7", 0, "wait4",
                "-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL", "7");
}

Test(strace_line, may_be_half_a_call)
{
    struct strace_line line;

    strace_line_parse("[pid 7] wait4(-1,  <unfinished ...>", &line);
    cr_expect_eq(line.kind, STRACE_UNFINISHED);
    cr_expect_str_eq(text_of(line.arguments), "-1,");
    strace_line_parse("[pid 7] <... wait4 resumed>0x7ff, 0, NULL) = 8", &line);
    cr_expect_eq(line.kind, STRACE_RESUMED);
    cr_expect_str_eq(text_of(line.name), "wait4");
    cr_expect_str_eq(text_of(line.arguments), "0x7ff, 0, NULL");
    cr_expect_str_eq(text_of(line.result), "8");
    strace_line_parse("clone(child_stack=NULL, flags=SIGCHLDstrace: Process 9 attached", &line);
    cr_expect_eq(line.kind, STRACE_TORN);
    expect_call("read(0, <unfinished ...>) = ?", 0, "read", "0,", "?");
}

Test(strace_line, may_be_no_call)
{
    expect_kind("--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---", STRACE_NOTHING);
    expect_kind("7 --- stopped by SIGSTOP ---", STRACE_NOTHING);
    expect_kind("strace: Process 7 attached", STRACE_NOTHING);
    expect_kind(" > /usr/lib/libc.so.6(_exit+0x29) [0xd4409]", STRACE_NOTHING);
    expect_kind("[pid 7] ?\?\?( <unfinished ...>", STRACE_NOTHING);
    expect_kind("7 +++ superseded by execve in pid 8 +++", STRACE_NOTHING);
    expect_kind("", STRACE_NOTHING);
    expect_kind("7 +++ exited with 0 +++", STRACE_END);
    expect_kind("+++ killed by SIGSYS (core dumped) +++", STRACE_END);
    expect_kind("% time     seconds  usecs/call     calls    errors syscall", STRACE_TABLE);
    expect_kind("syscall              calls", STRACE_TABLE);
    expect_kind("Process 2649 attached with 2 threads - interrupt to quit", STRACE_NOTHING);
    expect_kind("Process 2649 attached (waiting for parent)", STRACE_NOTHING);
    expect_kind("Process 2649 detached", STRACE_NOTHING);
    expect_kind("Process 2649 suspended", STRACE_NOTHING);
    expect_kind(" | 00000  61 0a                                             a.               |",
                STRACE_NOTHING);
    expect_kind(" * 2 bytes in buffer 0", STRACE_NOTHING);
    expect_kind("Process attached", STRACE_UNKNOWN);
    expect_kind("Process 7 is here", STRACE_UNKNOWN);
    expect_kind(" | here  61 0a", STRACE_UNKNOWN);
    expect_kind(" * 2 bytes here", STRACE_UNKNOWN);
    expect_kind("hello, world", STRACE_UNKNOWN);
    expect_kind("7", STRACE_UNKNOWN);
    expect_kind("[pid", STRACE_UNKNOWN);
    expect_kind("<... ", STRACE_UNKNOWN);
    expect_kind("f(x) is a function", STRACE_UNKNOWN);
}

Test(strace_line, tells_of_another_architecture)
{
    struct strace_line line;

    strace_line_parse("strace: [ Process PID=7 runs in 32 bit mode. ]", &line);
    cr_expect_eq(line.kind, STRACE_MODE);
    cr_expect_eq(line.pid, 7);
    cr_expect(line.foreign);
    strace_line_parse("[ Process PID=7 runs in 64 bit mode. ]", &line);
    cr_expect_eq(line.kind, STRACE_MODE);
    cr_expect_not(line.foreign);
}
