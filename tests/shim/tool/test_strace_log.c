#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../../shim/tool/formats/strace_marks.h"

struct told {
    char text[2048];
    const struct strace_marks *marks; /* NULL: all calls are told */
};

/* "[PID:NAME(ARGUMENTS)=RESULT]" */
static int tell(void *context, struct strace_log *log, const struct strace_call *call)
{
    struct told *told = context;
    size_t length = strlen(told->text);

    if (told->marks && !strace_marks_counts(told->marks, call))
        return 0;
    snprintf(told->text + length, sizeof(told->text) - length, "[%ld:%s(%s)=%s]",
             log->lives[call->life].pid, call->name, call->arguments, call->result);
    return 0;
}

static void tell_unknown(void *context, unsigned line, const char *text)
{
    struct told *told = context;
    size_t length = strlen(told->text);

    snprintf(told->text + length, sizeof(told->text) - length, "[?%u %s]", line, text);
}

static void expect_calls(const char *text, bool marked, const char *wanted)
{
    struct told told = {0};
    struct strace_visitor visitor = {.context = &told, .call = tell, .unknown = tell_unknown};
    struct strace_marks marks = {0};
    struct strace_log log = {0};
    FILE *stream = tmpfile();

    cr_assert_not_null(stream);
    cr_assert_geq(fputs(text, stream), 0);
    if (marked) {
        cr_assert_eq(strace_marks_find(stream, &marks), 0);
        told.marks = &marks;
    }
    cr_assert_eq(strace_log_read(stream, &visitor, &log), 0);
    cr_expect_str_eq(told.text, wanted, "%s\n%s", text, told.text);
    strace_log_release(&log);
    strace_marks_release(&marks);
    fclose(stream);
}

Test(strace_log, joins_what_is_resumed)
{
    expect_calls("[pid 7] wait4(-1,  <unfinished ...>\n"
                 "[pid 8] getpid() = 8\n"
                 "[pid 7] <... wait4 resumed>NULL, 0, NULL) = 8\n",
                 false, "[8:getpid()=8][7:wait4(-1, NULL, 0, NULL)=8]");
}

Test(strace_log, mends_what_is_torn)
{
    expect_calls("clone(child_stack=NULL, flags=SIGCHLDstrace: Process 9 attached\n"
                 ", child_tidptr=0x7f) = 9\n",
                 false, "[0:clone(child_stack=NULL, flags=SIGCHLD, child_tidptr=0x7f)=9]");
    expect_calls("write(1, \"a\\n\", 2a\n)  = 2\n", false, "[0:write(1, \"a\\n\", 2a)=2]");
    expect_calls("wait4(-1, strace: Process 8 attached\nstrace: Process 9 attached\n"
                 " <unfinished ...>\n[pid 9] getpid() = 9\n",
                 false, "[9:getpid()=9][0:wait4(-1,)=]");
    expect_calls("write(1, \"a\\n\", 2a\nclose(1) = 0\n", false,
                 "[0:write(1, \"a\\n\", 2a)=][0:close(1)=0]");
}

Test(strace_log, ends_the_calls_of_who_ends)
{
    expect_calls("7 read(0,  <unfinished ...>\n7 +++ killed by SIGKILL +++\n8 close(1) = 0\n",
                 false, "[7:read(0,)=][8:close(1)=0]");
    expect_calls("7 read(0,  <unfinished ...>\n", false, "[7:read(0,)=]");
    expect_calls("7 <... read resumed>\"\", 1) = 0\n", false, "[7:read(\"\", 1)=0]");
}

Test(strace_log, tells_what_it_does_not_know)
{
    expect_calls("close(1) = 0\nhello\n", false, "[0:close(1)=0][?2 hello]");
}

#define PROBE "seccomp(SECCOMP_SET_MODE_FILTER, 0x1, NULL) = -1 EFAULT (Bad address)\n"
#define LOAD  "seccomp(SECCOMP_SET_MODE_FILTER, 0x1, {len=9, filter=0x7f}) = 0\n"

Test(strace_marks, stand_where_the_filter_was_loaded)
{
    expect_calls("close(1) = 0\n" PROBE LOAD "close(2) = 0\n", true, "[0:close(2)=0]");
    expect_calls("close(1) = 0\n" PROBE LOAD LOAD "close(2) = 0\n", true, "[0:close(2)=0]");
    expect_calls("prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) = -1 EFAULT (Bad "
                 "address)\nprctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, {len=9, filter=0x7f}, 0, 0) "
                 "= 0\nclose(2) = 0\n",
                 true, "[0:close(2)=0]");
}

Test(strace_marks, are_not_what_programs_do_themselves)
{
    expect_calls("close(1) = 0\n" LOAD, true,
                 "[0:close(1)=0][0:seccomp(SECCOMP_SET_MODE_FILTER, 0x1, {len=9, filter=0x7f})=0]");
    expect_calls(PROBE "close(1) = 0\nprctl(PR_SET_NO_NEW_PRIVS, 1) = 0\n" PROBE LOAD
                       "close(2) = 0\n" PROBE LOAD "close(3) = 0\n",
                 true,
                 "[0:close(2)=0]"
                 "[0:seccomp(SECCOMP_SET_MODE_FILTER, 0x1, NULL)=-1 EFAULT (Bad address)]"
                 "[0:seccomp(SECCOMP_SET_MODE_FILTER, 0x1, {len=9, filter=0x7f})=0]"
                 "[0:close(3)=0]");
}

Test(strace_marks, hold_for_children_and_for_all_threads)
{
    expect_calls("7 close(1) = 0\n7 " PROBE "7 " LOAD "7 clone(flags=SIGCHLD) = 8\n"
                 "8 close(2) = 0\n8 execve(\"a\") = 0\n8 brk(NULL) = 1\n",
                 true,
                 "[7:clone(flags=SIGCHLD)=8][8:close(2)=0][8:execve(\"a\")=0][8:brk(NULL)=1]");
    expect_calls("7 clone(flags=CLONE_VM|CLONE_THREAD) = 9\n9 close(1) = 0\n7 " PROBE "7 " LOAD
                 "9 close(2) = 0\n",
                 true, "[9:close(2)=0]");
    /* what is unmarked does not count beside it, nor does a child that was there before */
    expect_calls("6 fork() = 7\n7 " PROBE "7 " LOAD "7 close(1) = 0\n6 close(2) = 0\n", true,
                 "[7:close(1)=0]");
    expect_calls("7 fork() = 8\n7 " PROBE "7 " LOAD "8 close(2) = 0\n7 close(1) = 0\n", true,
                 "[7:close(1)=0]");
}

Test(strace_marks, hold_for_children_who_speak_before_they_are_known)
{
    expect_calls("7 " PROBE "7 " LOAD "7 vfork( <unfinished ...>\n8 close(2) = 0\n"
                 "8 +++ exited with 0 +++\n7 <... vfork resumed>) = 8\n",
                 true, "[8:close(2)=0][7:vfork()=8]");
    expect_calls("close(1) = 0\n" PROBE LOAD "clone(flags=SIGCHLD <unfinished ...>\n"
                 "[pid 8] close(2) = 0\n[pid 7] <... clone resumed>) = 8\n[pid 7] close(3) = 0\n",
                 true, "[8:close(2)=0][7:clone(flags=SIGCHLD)=8][7:close(3)=0]");
}

Test(strace_marks, survive_a_log_in_which_everyone_is_their_own_parent)
{
    expect_calls("7 clone(flags=CLONE_THREAD) = 7\n7 fork() = 8\n8 fork() = 7\n8 close(1) = 0\n",
                 true, "[7:clone(flags=CLONE_THREAD)=7][7:fork()=8][8:fork()=7][8:close(1)=0]");
}
