/* What is written can be read again, and decides the same. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/writer.h"
#include "../helpers/pipeline.h"
#include "../helpers/random_whitelist.h"

enum { LISTS = 300, LINES = 10, CALLS = 2000 };

static void add(void *context, const char *text, size_t length)
{
    fwrite(text, 1, length, context);
}

/* The text of WHITELIST; to be freed. */
static char *written(const struct whitelist *whitelist)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    cr_assert_eq(writer_write(whitelist, add, stream), 0);
    fclose(stream);
    return text;
}

static bool read_text(const char *text, struct pipeline *pipeline)
{
    int error = pipeline_read_text(text, pipeline);
    if (pipeline->valid)
        return true;
    char *messages = pipeline_messages(pipeline);
    cr_log_error("%d: %s\n%s", error, messages, text);
    free(messages);
    return false;
}

/* Writes what ONE is and reads that; both must decide the same. */
static void check(struct random *random, const struct pipeline *one, const char *name)
{
    struct pipeline other;
    char *text = written(&one->whitelist);

    cr_assert(read_text(text, &other), "%s", name);
    for (size_t turn = 0; turn < CALLS; turn++) {
        uint64_t arguments[6];
        int number = random_call(random, &one->rules, turn, arguments);
        uint32_t was = pipeline_decide(one, AUDIT_ARCH_X86_64, number, arguments);
        cr_assert_eq(was, pipeline_decide(&other, AUDIT_ARCH_X86_64, number, arguments),
                     "%s: call %d differs in\n%s", name, number, text);
    }
    cr_assert_eq(one->whitelist.settings.children, other.whitelist.settings.children);
    cr_assert_eq(one->whitelist.settings.audit, other.whitelist.settings.audit);
    char *again = written(&other.whitelist);
    cr_expect_str_eq(text, again, "what is canonical stays as it is:\n%s\n%s", text, again);
    free(again);
    free(text);
    pipeline_release(&other);
}

/* Conditions from their structure alone. */
static void forget_texts(struct whitelist *whitelist)
{
    for (size_t i = 0; i < whitelist->entry_count; i++)
        whitelist->entries[i].condition_text = NULL;
}

TestSuite(writer, .timeout = 120);

Test(writer, random_whitelists_decide_the_same_once_written_and_read)
{
    struct random random = random_begin("writer");
    char text[RANDOM_WHITELIST_MAX];
    unsigned checked = 0;

    for (unsigned i = 0; i < LISTS; i++) {
        struct pipeline one;
        random_whitelist(&random, "EPERM kill trap log allow ", random_below(&random, LINES), text);
        (void)!pipeline_read_text(text, &one);
        if (one.valid) {
            if (i % 2)
                forget_texts(&one.whitelist);
            check(&random, &one, text);
            checked++;
        }
        pipeline_release(&one);
    }
    cr_assert_gt(checked, LISTS / 2);
}

Test(writer, so_do_the_whitelists_of_the_tests_and_examples)
{
    struct random random = random_begin("writer");
    glob_t found;

    cr_assert_eq(pipeline_whitelists(&found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct pipeline one;
        cr_assert_eq(pipeline_read_file(found.gl_pathv[i], &one), 0, "%s", found.gl_pathv[i]);
        check(&random, &one, found.gl_pathv[i]);
        forget_texts(&one.whitelist);
        check(&random, &one, found.gl_pathv[i]);
        pipeline_release(&one);
    }
    cr_assert_gt(found.gl_pathc, 25);
    globfree(&found);
}

static void becomes(const char *text, const char *expected)
{
    struct pipeline pipeline;

    cr_assert(read_text(text, &pipeline));
    char *result = written(&pipeline.whitelist);
    cr_expect_str_eq(result, expected, "%s", result);
    free(result);
    forget_texts(&pipeline.whitelist);
    pipeline_release(&pipeline);
}

Test(writer, names_are_sorted_and_lines_keep_their_order)
{
    becomes("; head\n[allow]\nsyscalls = write 300 ?fchmodat2 @stdio read, 3 write\n"
            "socket=domain == AF_UNIX ; why\nread  = fd == 0\n[deny]\nptrace = kill\n"
            "mkdir = 4000\nsocket = EAFNOSUPPORT if domain == AF_NETLINK\n",
            "[filter]\ndefault = EPERM\n\n[allow]\n"
            "syscalls        = @stdio ?fchmodat2 read write 3 300\n"
            "socket          = domain == AF_UNIX\nread            = fd == 0\n\n[deny]\n"
            "ptrace          = kill\nmkdir           = 4000\n"
            "socket          = EAFNOSUPPORT if domain == AF_NETLINK\n");
}

Test(writer, every_setting_is_written_that_is_not_built_in)
{
    becomes("[filter]\ndefault = ENOSYS\naudit = yes\nchildren = reload\nprogram = /bin/a,/bin/b\n"
            "no-new-privileges = no\n[allow]\nsyscalls = read\n",
            "[filter]\ndefault = ENOSYS\naudit = yes\nchildren = reload\nprogram = /bin/a /bin/b\n"
            "no-new-privileges = no\n\n[allow]\nsyscalls        = read\n");
}

Test(writer, many_names_are_spread_over_lines)
{
    struct pipeline pipeline;
    cr_assert(read_text("[allow]\nsyscalls = accept accept4 access acct add_key adjtimex alarm\n"
                        "syscalls = arch_prctl bind bpf brk capget capset chdir chmod chown\n",
                        &pipeline));
    char *text = written(&pipeline.whitelist);
    cr_expect_not_null(strstr(text, " capget\nsyscalls        = capset"), "%s", text);
    free(text);
    pipeline_release(&pipeline);
}

Test(writer, an_allowance_that_another_file_takes_back_is_left_out)
{
    struct pipeline pipeline;
    cr_assert_eq(pipeline_read_file("tests/data/good/allowed_here_denied_there.ini", &pipeline), 0);
    char *text = written(&pipeline.whitelist);
    struct pipeline again;
    cr_expect(read_text(text, &again));
    free(text);
    pipeline_release(&again);
    pipeline_release(&pipeline);
}

/* A condition that no file could have: a list of COUNT values, as 'in' or 'not in'. */
static int write_long(enum comparison comparison, size_t count, char **text)
{
    struct pipeline pipeline;
    size_t length;
    cr_assert(read_text("[allow]\nwrite = fd in 7\n", &pipeline));
    struct entry *entry = &pipeline.whitelist.entries[0];
    struct clause *clause = entry->condition.clauses;
    entry->condition_text = NULL;
    clause->comparison = comparison;
    free(clause->ranges);
    clause->ranges = calloc(count, sizeof(*clause->ranges));
    for (clause->count = 0; clause->count < count; clause->count++)
        clause->ranges[clause->count] = (struct range){2 * clause->count, 2 * clause->count};
    FILE *stream = open_memstream(text, &length);
    int error = writer_write(&pipeline.whitelist, add, stream);
    fclose(stream);
    pipeline_release(&pipeline);
    return error;
}

Test(writer, a_list_that_is_too_long_for_a_line_becomes_several)
{
    struct pipeline pipeline;
    const uint64_t last[6] = {1998};
    const uint64_t beyond[6] = {2000};
    char *text;

    cr_assert_eq(write_long(COMPARE_IN, 1000, &text), 0);
    cr_assert(read_text(text, &pipeline));
    cr_expect_gt(pipeline.whitelist.entry_count, 20);
    cr_expect_eq(pipeline_decide(&pipeline, AUDIT_ARCH_X86_64, 1, last), SECCOMP_RET_ALLOW);
    cr_expect_neq(pipeline_decide(&pipeline, AUDIT_ARCH_X86_64, 1, beyond), SECCOMP_RET_ALLOW);
    pipeline_release(&pipeline);
    free(text);
}

Test(writer, one_that_cannot_be_cut_is_too_long)
{
    char *text;

    cr_expect_eq(write_long(COMPARE_NOT_IN, 1000, &text), -E2BIG);
    free(text);
}

Test(writer, stages_are_written_with_what_begins_them)
{
    becomes("[stage b]\nwhen = main\nread = fd == 0\n[allow]\nsyscalls = write read\n"
            "[stage a]\nwhen = poll epoll_wait\nsyscalls = write\n[deny]\nptrace = kill\n",
            "[filter]\ndefault = EPERM\n\n[allow]\nsyscalls        = read write\n\n"
            "[deny]\nptrace          = kill\n\n"
            "[stage b]\nwhen            = main\nread            = fd == 0\n\n"
            "[stage a]\nwhen            = epoll_wait poll\nsyscalls        = write\n");
}
