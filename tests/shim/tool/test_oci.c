/* OCI's JSON: what an engine makes of it decides as the whitelist does. */
#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../config/reader.h"
#include "../../../shim/tool/formats/formats.h"
#include "../../../shim/tool/formats/oci_import.h"
#include "../../../shim/tool/tool.h"
#include "../../helpers/engine.h"
#include "../../helpers/pipeline.h"
#include "../../helpers/random_whitelist.h"

enum { LISTS = 30, LISTS_OF_SOAK = 1200, LINES = 9, CALLS = 3000, CALLS_OF_EXAMPLE = 30000 };
/* Each number once, and 100,000 with other arguments. */
enum { CALLS_THERE_AND_BACK = RANDOM_NUMBERS + 100000 };

/* With SOAK in the environment, so many more. */
static unsigned count_lists(void)
{
    return getenv("SOAK") ? LISTS_OF_SOAK : LISTS;
}

static void tell(void *context, const char *text, size_t length)
{
    (void)context;
    fprintf(stderr, "# %.*s", (int)length, text);
}

static bool read_policy(const char *text, struct policy *policy)
{
    struct diagnostics *diagnostics = &policy->diagnostics;

    *policy = (struct policy){0};
    int error = reader_read_text("test.ini", text, strlen(text), &policy->whitelist, diagnostics);
    if (!error)
        error = rules_build(&policy->whitelist, diagnostics, &policy->rules);
    if (!error)
        error = filter_build(&policy->rules, (struct place){"test.ini", 0}, diagnostics,
                             &policy->filter);
    return error == 0;
}

/* The JSON, to be freed; NULL where the format can't say it. */
static char *export(const struct policy *policy, struct diagnostics *diagnostics)
{
    char *json = NULL;
    size_t length;
    struct export_job job = {.file = policy->whitelist.name,
                             .policy = policy,
                             .diagnostics = diagnostics,
                             .output = open_memstream(&json, &length)};

    int error = formats_export_oci(&job);
    fclose(job.output);
    if (!error)
        return json;
    cr_assert_eq(error, -EINVAL);
    free(json);
    return NULL;
}

/* x32's calls and another architecture's kill a thread, where the shim kills the process. */
static void check_foreign(const struct engine *engine)
{
    const uint64_t arguments[6] = {0};

    cr_expect_eq(engine_answer(engine, AUDIT_ARCH_I386, 1, arguments), SECCOMP_RET_KILL_THREAD);
    cr_expect_eq(engine_answer(engine, AUDIT_ARCH_X86_64, 0x40000001, arguments),
                 SECCOMP_RET_KILL_THREAD);
}

/* A number above 2^63-1 has 19 digits or more: jq 1.6 rounds it, and Kubernetes' object refuses it.
 */
static void check_numbers(const char *json)
{
    for (const char *at = strchr(json, ':'); at; at = strchr(at + 1, ':'))
        cr_assert_leq(strtoull(at + 1, NULL, 10), (uint64_t)INT64_MAX, "%.60s", at);
}

static void check(struct random *random, const struct policy *policy, const char *json,
                  size_t calls)
{
    struct engine engine;

    check_numbers(json);
    int error = engine_build(json, &engine);
    cr_assert_eq(error, 0, "%s: %s", strerror(-error), json);
    for (size_t turn = 0; turn < calls; turn++) {
        uint64_t arguments[6];
        int number = random_call(random, &policy->rules, turn, arguments);
        uint32_t wanted = pipeline_word(
            rules_decide(&policy->rules, AUDIT_ARCH_X86_64, number, arguments).action);
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
        if (!name) /* the engine's libseccomp does not know it either */
            wanted = pipeline_word(policy->rules.default_action);
        free(name);
        uint32_t got = engine_answer(&engine, AUDIT_ARCH_X86_64, number, arguments);
        cr_assert_eq(got, wanted, "%.*s call %d(%lx, %lx, %lx, %lx): 0x%x, not 0x%x",
                     getenv("SHOW") ? 99999 : 0, json, number, arguments[0], arguments[1],
                     arguments[2], arguments[3], got, wanted);
    }
    check_foreign(&engine);
    engine_release(&engine);
}

TestSuite(oci, .timeout = 200);

Test(oci, engines_decide_as_whitelists_that_are_shipped_and_those_of_the_tests_and_examples)
{
    struct random random = random_begin("oci");
    size_t tried = 0;
    glob_t found;

    cr_assert_eq(pipeline_whitelists(&found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct policy policy;
        struct diagnostics diagnostics = {0};
        cr_assert_eq(policy_read(found.gl_pathv[i], &policy), 0, "%s", found.gl_pathv[i]);
        char *json = export(&policy, &diagnostics);
        diagnostics_tell(&diagnostics, tell, NULL);
        if (json) {
            check(&random, &policy, json, CALLS_OF_EXAMPLE);
            tried++;
        }
        free(json);
        diagnostics_release(&diagnostics);
        policy_release(&policy);
    }
    globfree(&found);
    cr_assert_gt(tried, 55);
}

/* With what a start by any engine needs besides, which is among POLICY's lines then. */
static size_t check_start(struct random *random, const char *path)
{
    const struct loader loader = {STARTER_ENGINE, true};
    struct startup startup = {0};
    struct diagnostics diagnostics = {0};
    struct policy policy;
    size_t checked = 0;

    cr_assert_eq(policy_read(path, &policy), 0, "%s", path);
    if (policy.whitelist.stage_count == 0) {
        cr_assert_eq(startup_add(&startup, &loader, &policy, &diagnostics), 0, "%s", path);
        char *json = export(&policy, &diagnostics);
        cr_assert_not_null(json, "%s", path);
        check(random, &policy, json, CALLS_OF_EXAMPLE);
        free(json);
        checked = 1;
    }
    startup_release(&startup);
    diagnostics_release(&diagnostics);
    policy_release(&policy);
    return checked;
}

Test(oci, engines_decide_as_shipped_whitelists_with_what_a_start_needs)
{
    static const char *const PATTERNS[] = {"config/whitelists/*.ini",
                                           "config/whitelists/systemd/*.ini"};
    struct random random = random_begin("oci");
    size_t checked = 0;

    for (size_t i = 0; i < sizeof(PATTERNS) / sizeof(*PATTERNS); i++) {
        glob_t found;
        cr_assert_eq(glob(PATTERNS[i], 0, NULL, &found), 0);
        for (size_t k = 0; k < found.gl_pathc; k++)
            checked += check_start(&random, found.gl_pathv[k]);
        globfree(&found);
    }
    cr_assert_geq(checked, 40);
}

Test(oci, engines_decide_as_random_whitelists)
{
    struct random random = random_begin("oci");
    char text[RANDOM_WHITELIST_MAX];
    unsigned checked = 0;
    const unsigned lists = count_lists();

    for (unsigned i = 0; i < lists; i++) {
        struct policy policy;
        struct diagnostics diagnostics = {0};
        random_whitelist(&random, "EPERM kill ENOSYS trap log allow ", random_below(&random, LINES),
                         text);
        char *json = read_policy(text, &policy) ? export(&policy, &diagnostics) : NULL;
        if (json) {
            check(&random, &policy, json, CALLS);
            checked++;
        }
        free(json);
        diagnostics_release(&diagnostics);
        policy_release(&policy);
    }
    fprintf(stderr, "# %u of %u\n", checked, lists);
    cr_assert_gt(checked, lists / 2);
}

/* The import of JSON, as a policy. */
static bool import_text(const char *json, struct policy *policy)
{
    const struct import_capabilities none = {.count = 0};
    char path[] = "/tmp/portcullis-oci-XXXXXX";
    struct import import = {.path = "profile.json", .output = path, .capabilities = &none};

    int descriptor = mkstemp(path);
    cr_assert_geq(descriptor, 0);
    close(descriptor);
    unlink(path);
    import.stream = fmemopen((void *)(uintptr_t)json, strlen(json), "r");
    int status = oci_import(&import);
    fclose(import.stream);
    if (status == STATUS_OK)
        status = policy_open(path, policy);
    else
        *policy = (struct policy){0};
    unlink(path);
    policy->whitelist.name = "import";
    return status == STATUS_OK;
}

static void check_alike(struct random *random, const struct policy *one, const struct policy *other,
                        size_t calls, const char *json)
{
    for (size_t turn = 0; turn < calls; turn++) {
        uint64_t arguments[6];
        int number = random_call(random, &one->rules, turn, arguments);
        uint32_t wanted =
            pipeline_word(rules_decide(&one->rules, AUDIT_ARCH_X86_64, number, arguments).action);
        uint32_t got =
            pipeline_word(rules_decide(&other->rules, AUDIT_ARCH_X86_64, number, arguments).action);
        cr_assert_eq(got, wanted, "%.*s call %d(%lx, %lx, %lx, %lx): 0x%x, not 0x%x",
                     getenv("SHOW") ? 99999 : 0, json, number, arguments[0], arguments[1],
                     arguments[2], arguments[3], got, wanted);
    }
}

/* Those with stages, which the format can't say, are passed by. */
static size_t check_back(struct random *random, const char *path)
{
    struct policy policy;
    struct policy again;
    struct diagnostics diagnostics = {0};
    size_t checked = 0;

    cr_assert_eq(policy_read(path, &policy), 0, "%s", path);
    if (policy.whitelist.stage_count == 0) {
        char *json = export(&policy, &diagnostics);
        cr_assert_not_null(json, "%s", path);
        cr_assert(import_text(json, &again), "%s", path);
        check_alike(random, &policy, &again, CALLS_THERE_AND_BACK, json);
        free(json);
        policy_release(&again);
        checked = 1;
    }
    diagnostics_release(&diagnostics);
    policy_release(&policy);
    return checked;
}

Test(oci, examples_and_what_is_shipped_decide_the_same_there_and_back)
{
    static const char *const PATTERNS[] = {"examples/*/*.ini", "config/whitelists/*.ini"};
    struct random random = random_begin("oci");
    size_t checked = 0;

    for (size_t i = 0; i < sizeof(PATTERNS) / sizeof(*PATTERNS); i++) {
        glob_t found;
        cr_assert_eq(glob(PATTERNS[i], 0, NULL, &found), 0);
        for (size_t k = 0; k < found.gl_pathc; k++)
            checked += check_back(&random, found.gl_pathv[k]);
        globfree(&found);
    }
    cr_assert_gt(checked, 35);
}

Test(oci, random_whitelists_decide_the_same_there_and_back)
{
    struct random random = random_begin("oci");
    char text[RANDOM_WHITELIST_MAX];
    unsigned checked = 0;
    const unsigned lists = count_lists();

    for (unsigned i = 0; i < lists; i++) {
        struct policy policy;
        struct policy again;
        struct diagnostics diagnostics = {0};
        random_whitelist(&random, "EPERM kill ENOSYS trap allow ", random_below(&random, LINES),
                         text);
        char *json = read_policy(text, &policy) ? export(&policy, &diagnostics) : NULL;
        if (json) {
            checked += import_text(json, &again);
            if (again.rules.count > 0)
                check_alike(&random, &policy, &again, CALLS, json);
            policy_release(&again);
        }
        free(json);
        diagnostics_release(&diagnostics);
        policy_release(&policy);
    }
    fprintf(stderr, "# %u of %u\n", checked, lists);
    cr_assert_gt(checked, lists / 2);
}

static char *read_file(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *stream = fopen(path, "re");
    cr_assert_not_null(stream, "%s", path);
    cr_assert_gt(fread(text, 1, (1 << 20) - 1, stream), 0);
    fclose(stream);
    return text;
}

/* Arguments without garbage above the bits that the kernel takes. */
static void clean(int number, uint64_t arguments[6])
{
    const struct prototype *prototype = prototype_find_number(number);

    for (unsigned i = 0; prototype && i < prototype->count; i++) {
        if (prototype->arguments[i].width < 64)
            arguments[i] &= ((uint64_t)1 << prototype->arguments[i].width) - 1;
    }
}

/* What an engine makes of JSON, and what is imported, decide the same. */
static void check_import(const char *json)
{
    struct random random = random_begin("oci");
    struct policy policy;
    struct engine engine;

    cr_assert_eq(engine_build(json, &engine), 0);
    cr_assert(import_text(json, &policy));
    for (size_t turn = 0; turn < CALLS_OF_EXAMPLE; turn++) {
        uint64_t arguments[6];
        int number = random_call(&random, &policy.rules, turn, arguments);
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
        clean(number, arguments);
        uint32_t got =
            pipeline_word(rules_decide(&policy.rules, AUDIT_ARCH_X86_64, number, arguments).action);
        uint32_t wanted = engine_answer(&engine, AUDIT_ARCH_X86_64, number, arguments);
        if (wanted == SECCOMP_RET_KILL_THREAD)
            wanted = SECCOMP_RET_KILL_PROCESS;
        if (name)
            cr_assert_eq(got, wanted, "call %d(%lx, %lx, %lx): 0x%x, not 0x%x", number,
                         arguments[0], arguments[1], arguments[2], got, wanted);
        free(name);
    }
    engine_release(&engine);
    policy_release(&policy);
}

Test(oci, the_engines_own_default_is_imported_as_they_mean_it)
{
    char *json = read_file("/usr/share/containers/seccomp.json");

    check_import(json);
    free(json);
}

Test(oci, every_comparison_is_imported_as_engines_mean_it)
{
    check_import(
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
        "{\"names\":[\"read\",\"exit\",\"_llseek\",\"frobnicate\"],\"action\":\"SCMP_ACT_ALLOW\"},"
        "{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
        "{\"index\":0,\"value\":3,\"op\":\"SCMP_CMP_LT\"}]},"
        "{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
        "{\"index\":1,\"value\":100,\"op\":\"SCMP_CMP_GE\"},"
        "{\"index\":2,\"value\":1,\"op\":\"SCMP_CMP_LE\"}]},"
        "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_KILL\",\"args\":["
        "{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_EQ\"}]},"
        "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
        "{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_GT\"}]},"
        "{\"names\":[\"mprotect\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
        "{\"index\":2,\"value\":4,\"valueTwo\":12,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
        "{\"names\":[\"mmap\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
        "{\"index\":2,\"value\":4,\"op\":\"SCMP_CMP_NE\"},"
        "{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]},"
        "{\"names\":[\"fcntl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
        "{\"index\":1,\"value\":3,\"op\":\"SCMP_CMP_EQ\"},"
        "{\"index\":1,\"value\":4,\"op\":\"SCMP_CMP_EQ\"}]}]}");
}
