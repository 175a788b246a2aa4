/* Compiled whitelists: what was made comes back, and whatever is wrong with a file is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../shim/digest.h"
#include "../../../shim/tool/policy.h"

enum { BITS = 8 };

/* A text, and what was compiled from it. */
struct shape {
    char path[64];
    struct policy policy;
    struct filter filter;
    struct artifact artifact;
};

static void compile_file(const char *path, struct shape *shape)
{
    cr_assert(policy_open(path, &shape->policy) == 0);
    cr_assert(filter_build_once(&shape->policy.rules, (struct place){path, 0},
                                &shape->policy.diagnostics, &shape->filter) == 0);
    cr_assert(artifact_make(&shape->policy.whitelist, &shape->filter, &shape->artifact) == 0);
}

/* A file with TEXT in it; its name goes to PATH. */
static void write_text(const char *text, char path[64])
{
    snprintf(path, 64, "/tmp/test_compiled.XXXXXX");
    int descriptor = mkstemp(path);

    cr_assert(descriptor >= 0);
    cr_assert(write(descriptor, text, strlen(text)) == (ssize_t)strlen(text));
    cr_assert(close(descriptor) == 0);
}

/* SHAPE stays where it is: the whitelist's name is in it. */
static void compile_text(const char *text, struct shape *shape)
{
    *shape = (struct shape){0};
    write_text(text, shape->path);
    compile_file(shape->path, shape);
}

static void release(struct shape *shape)
{
    if (shape->path[0] != '\0')
        unlink(shape->path);
    artifact_release(&shape->artifact);
    filter_release(&shape->filter);
    policy_release(&shape->policy);
}

/* The bytes are looked at where nothing stands behind them, so that a step too far is noticed. */
static const char *open_copy(const void *bytes, size_t length)
{
    struct compiled compiled;
    void *copy = malloc(length ? length : 1);

    if (length > 0)
        memcpy(copy, bytes, length);
    const char *mistake = compiled_open(copy, length, &compiled);
    free(copy);
    return mistake;
}

static void refuse_all_damage(const struct shape *shape)
{
    size_t length = shape->artifact.length;
    unsigned char *bytes = malloc(length + 16);

    cr_assert(bytes != NULL);
    memcpy(bytes, shape->artifact.bytes, length);
    cr_assert(open_copy(bytes, length) == NULL);
    for (size_t i = 0; i < length; i++)
        cr_assert(open_copy(bytes, i) != NULL, "cut short at %zu", i);
    memset(bytes + length, 0, 16);
    for (size_t i = 1; i <= 16; i++)
        cr_assert(open_copy(bytes, length + i) != NULL, "%zu bytes behind the end", i);
    for (size_t bit = 0; bit < BITS * length; bit++) {
        bytes[bit / BITS] ^= (unsigned char)(1U << bit % BITS);
        cr_assert(open_copy(bytes, length) != NULL, "bit %zu flipped", bit);
        bytes[bit / BITS] ^= (unsigned char)(1U << bit % BITS);
    }
    free(bytes);
}

static void refuse_all_damage_to(const char *text)
{
    struct shape shape;

    compile_text(text, &shape);
    refuse_all_damage(&shape);
    release(&shape);
}

static const char SMALL[] = "[allow]\nsyscalls = read write\n";

static const char SETTINGS[] =
    "[filter]\naudit = yes\nchildren = reload\nno-new-privileges = no\nprogram = /bin/true "
    "/bin/false\ndefault = kill\n[allow]\nsyscalls = @stdio\n";

static const char CONDITIONS[] =
    "[allow]\nsyscalls = read\n"
    "socket = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == 1\n"
    "ioctl = request in 1..1000\nwrite = fd == 1 and count < 100\n"
    "[deny]\nread = EIO if fd == 7\nptrace = kill\nkill = trap\n";

static char *three_hundred_names(void)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    cr_assert(stream != NULL);
    fputs("[allow]\n", stream);
    for (unsigned i = 0; i < 300; i++)
        fprintf(stream, "syscalls = %u\n", i);
    fclose(stream);
    return text;
}

Test(compiled, damage_to_a_small_one_is_refused)
{
    refuse_all_damage_to(SMALL);
}

Test(compiled, damage_to_one_with_settings_and_programs_is_refused)
{
    refuse_all_damage_to(SETTINGS);
}

Test(compiled, damage_to_one_with_conditions_is_refused)
{
    refuse_all_damage_to(CONDITIONS);
}

Test(compiled, damage_to_one_of_three_hundred_names_is_refused, .timeout = 60)
{
    char *text = three_hundred_names();

    refuse_all_damage_to(text);
    free(text);
}

Test(compiled, damage_to_one_with_includes_is_refused, .timeout = 60)
{
    struct shape shape = {0};

    compile_file("tests/data/good/diamond_of_includes.ini", &shape);
    cr_assert(shape.artifact.compiled.header->source_count > 1);
    refuse_all_damage(&shape);
    release(&shape);
}

Test(compiled, program_comes_back_as_it_was)
{
    struct shape shape;
    const struct compiled *compiled = &shape.artifact.compiled;

    compile_text(CONDITIONS, &shape);
    cr_assert(compiled->header->stage_count == 1);
    cr_assert(compiled->stages[0].instruction_count == shape.filter.count);
    cr_assert(memcmp(compiled->instructions, shape.filter.instructions,
                     shape.filter.count * sizeof(*compiled->instructions)) == 0);
    release(&shape);
}

Test(compiled, settings_come_back_as_they_were)
{
    struct shape shape;
    struct whitelist whitelist = {0};

    compile_text(SETTINGS, &shape);
    cr_assert(artifact_unpack(&shape.artifact, &whitelist) == 0);
    cr_assert(whitelist.settings.audit);
    cr_assert(!whitelist.settings.no_new_privileges);
    cr_assert(whitelist.settings.children == CHILDREN_RELOAD);
    cr_assert(whitelist.settings.program_count == 2);
    cr_assert_str_eq(whitelist.settings.programs[0], "/bin/true");
    cr_assert_str_eq(whitelist.settings.programs[1], "/bin/false");
    whitelist_release(&whitelist);
    release(&shape);
}

Test(compiled, stages_come_back_as_they_were)
{
    struct policy policy = {0}, back = {0};
    struct filter filters[3];
    struct artifact artifact;
    char path[64];

    write_text("[allow]\nsyscalls = read write\n"
               "[stage one]\nwhen = poll epoll_wait\nsyscalls = read\n"
               "[stage two]\nwhen = main\nwrite = fd == 1\n",
               path);
    cr_assert(policy_open(path, &policy) == 0);
    filters[0] = policy.filter;
    filters[1] = policy.stages[0].filter;
    filters[2] = policy.stages[1].filter;
    cr_assert(artifact_make(&policy.whitelist, filters, &artifact) == 0);
    cr_assert(artifact_unpack(&artifact, &back.whitelist) == 0);
    cr_assert(back.whitelist.stage_count == 2);
    for (size_t i = 0; i < 3; i++) {
        struct filter filter;
        cr_assert(artifact_filter(&artifact, i, &filter) == 0);
        cr_assert(filter.count == filters[i].count);
        cr_assert(memcmp(filter.instructions, filters[i].instructions,
                         filter.count * sizeof(*filter.instructions)) == 0);
        filter_release(&filter);
    }
    for (size_t i = 0; i < 2; i++) {
        cr_assert_str_eq(back.whitelist.stages[i].name, policy.whitelist.stages[i].name);
        cr_assert(back.whitelist.stages[i].triggers == policy.whitelist.stages[i].triggers);
    }
    whitelist_release(&back.whitelist);
    artifact_release(&artifact);
    policy_release(&policy);
    unlink(path);
}

Test(compiled, same_text_makes_the_same_bytes)
{
    struct shape shape;
    struct artifact again;

    compile_text(CONDITIONS, &shape);
    cr_assert(artifact_make(&shape.policy.whitelist, &shape.filter, &again) == 0);
    cr_assert(again.length == shape.artifact.length);
    cr_assert(memcmp(again.bytes, shape.artifact.bytes, again.length) == 0);
    artifact_release(&again);
    release(&shape);
}

Test(compiled, source_that_is_gone_is_an_error)
{
    struct shape shape;
    struct artifact again;

    compile_text(SMALL, &shape);
    cr_assert(unlink(shape.path) == 0);
    cr_assert(artifact_make(&shape.policy.whitelist, &shape.filter, &again) == -ENOENT);
    cr_assert(artifact_source(&shape.artifact, 0) == SOURCE_GONE);
    artifact_release(&again);
    release(&shape);
}

Test(compiled, one_that_the_shim_would_refuse_for_its_size_is_not_made)
{
    enum { PROGRAMS = 60000 };
    struct shape shape;
    struct artifact again;

    compile_text(SMALL, &shape);
    struct whitelist whitelist = shape.policy.whitelist;
    whitelist.settings.programs = calloc(PROGRAMS, sizeof(char *));
    whitelist.settings.program_count = PROGRAMS;
    for (size_t i = 0; i < PROGRAMS; i++)
        whitelist.settings.programs[i] = "/bin/true";
    cr_assert(artifact_make(&whitelist, &shape.filter, &again) == -E2BIG);
    free(whitelist.settings.programs);
    artifact_release(&again);
    release(&shape);
}

/* SipHash-2-4 as `openssl mac -macopt hexkey:... -macopt size:8 siphash` has it. */
Test(compiled, digest_is_siphash)
{
    static const char TEXT[] = "0123456789abcdef0";

    cr_assert(digest_of(TEXT, 0) == 0x5ed437dcc333054a);
    cr_assert(digest_of(TEXT, 7) == 0x2299c3f3dda8ac07);
    cr_assert(digest_of(TEXT, 8) == 0x387184745214d8f8);
    cr_assert(digest_of(TEXT, 17) == 0x7f063f92012f144a);
}

/* What a file with a digest that is right says of itself where it is wrong all the same. */

enum { PARTS_MAX = 5000 };

static struct forged {
    struct compiled_header header;
    struct compiled_stage stage;
    struct sock_filter code[PARTS_MAX];
} forged;

/* A file of one program of COUNT times "allow", and no text but the empty one. */
static struct forged *forge(uint32_t count)
{
    struct compiled_header header = {.magic = COMPILED_MAGIC,
                                     .format = COMPILED_FORMAT,
                                     .machine = compiled_machine(),
                                     .stage_count = 1,
                                     .instruction_count = count,
                                     .text_bytes = 1};

    memset(&forged, 0, sizeof(forged));
    forged.header = header;
    forged.stage.instruction_count = count;
    for (uint32_t i = 0; i < count; i++)
        forged.code[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return &forged;
}

static void says(const char *wanted)
{
    size_t length = compiled_size(&forged.header);

    cr_assert(length < sizeof(forged));
    compiled_seal(&forged, length);
    const char *mistake = open_copy(&forged, length);
    cr_assert_str_eq(mistake ? mistake : "nothing", wanted);
}

Test(compiled, forged_one_is_right_to_begin_with)
{
    forge(4);
    says("nothing");
}

Test(compiled, longest_program_of_the_kernel_is_taken_and_a_longer_one_refused)
{
    forge(4096);
    says("nothing");
    forge(4097);
    says("it has more than the 4096 instructions that the kernel takes");
}

Test(compiled, other_format_and_architecture_are_refused)
{
    forge(4)->header.format = COMPILED_FORMAT + 1;
    says("its format is newer than this portcullis");
    forge(4)->header.format = 0;
    says("its format is unknown");
    forge(4)->header.machine = AUDIT_ARCH_I386;
    says("it was compiled for another architecture");
}

Test(compiled, unknown_setting_is_refused)
{
    forge(4)->header.flags = COMPILED_FLAGS + 1;
    says("it has settings that this portcullis does not know");
}

Test(compiled, counts_that_contradict_each_other_are_refused)
{
    static const char WANTED[] = "it contradicts itself";

    forge(4)->header.stage_count = 0;
    says(WANTED);
    forge(4)->stage.instruction_count = 3;
    says(WANTED);
    forge(4)->stage.instruction_count = 5;
    says(WANTED);
    forge(4)->stage.instruction_count = 0;
    says(WANTED);
    forge(4)->stage.zero = 1;
    says(WANTED);
    forge(4)->stage.name = 1;
    says(WANTED);
    forge(4)->stage.when = 1;
    says(WANTED);
    forge(4)->header.maker = 1;
    says(WANTED);
    forge(4)->header.text_bytes = 0;
    says(WANTED);
    ((char *)&forge(4)->code[4])[0] = 'x';
    says(WANTED);
    forge(4)->header.source_count = 1;
    forged.header.text_bytes = 1;
    ((struct compiled_source *)&forged.code[4])->path = 1;
    says(WANTED);
    forge(4)->header.program_count = 1;
    *(uint32_t *)&forged.code[4] = 1;
    says(WANTED);
}

/* Counts whose sum runs over, with the size that it runs to. */
Test(compiled, count_that_would_run_over_is_refused)
{
    forge(4)->header.instruction_count = 0x20000000;
    size_t length = sizeof(forged.header) + sizeof(forged.stage) + 4 * sizeof(*forged.code) + 1;
    compiled_seal(&forged, length);
    cr_assert_str_eq(open_copy(&forged, length), "it contradicts itself");
}

Test(compiled, instruction_that_the_kernel_would_refuse_is_refused)
{
    static const struct sock_filter WRONG[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0),
        BPF_STMT(BPF_ST, 16),
        BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_A, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD),
        BPF_STMT(BPF_JMP | BPF_JA, 3),
        BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
        BPF_STMT(0xffff, 0),
    };

    for (size_t i = 0; i < sizeof(WRONG) / sizeof(*WRONG); i++) {
        forge(4)->code[0] = WRONG[i];
        says("it has an instruction that no filter has");
    }
    forge(4)->code[0] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 2);
    says("nothing");
    /* the last one may not fall off the end */
    forge(4)->code[3] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
    says("it has an instruction that no filter has");
    forge(4)->code[3] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1);
    says("it has an instruction that no filter has");
}
