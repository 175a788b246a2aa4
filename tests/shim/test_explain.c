/* What `portcullis explain` prints is what the kernel does: random calls under the whitelists that
 * are shipped, asked in one go and made live, with nothing carried out. */
#include <criterion/criterion.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/constants.h"
#include "../helpers/live_verdicts.h"
#include "../helpers/pipeline.h"
#include "../helpers/random.h"

enum { CALLS = 2000, NUMBERS = 512, LINE_BYTES = 1024, WRONG_ENOUGH = 20 };

/* Mostly calls that lines speak of, now and then any. The kernel takes 335 and 336 before seccomp
 * is asked. */
static void pick_call(struct random *random, const struct rules *rules, struct live_try *try)
{
    const struct rule *rule = &rules->rules[random_below(random, (unsigned)rules->count)];
    struct rule any = {.number = (int)random_below(random, NUMBERS)};

    if (random_one_in(random, 4) && any.number != 335 && any.number != 336)
        rule = &any;
    *try = (struct live_try){.number = rule->number};
    random_arguments(random, rule, try->arguments);
}

/* The questions, a line each, in a file of its own. */
static void write_questions(const char *path, const struct live_try *tries)
{
    FILE *stream = fopen(path, "w");

    cr_assert_not_null(stream);
    for (size_t i = 0; i < CALLS; i++) {
        fprintf(stream, "%d", tries[i].number);
        for (unsigned k = 0; k < 6; k++)
            fprintf(stream, " %#" PRIx64, tries[i].arguments[k]);
        fputc('\n', stream);
    }
    cr_assert_eq(fclose(stream), 0);
}

/* The SECCOMP_RET_ word that the word WORD stands for. */
static uint32_t meaning(const char *word)
{
    if (strcmp(word, "allow") == 0)
        return SECCOMP_RET_ALLOW;
    if (strcmp(word, "kill") == 0)
        return SECCOMP_RET_KILL_PROCESS;
    if (strcmp(word, "trap") == 0)
        return SECCOMP_RET_TRAP;
    return SECCOMP_RET_ERRNO | constant_errno(word);
}

/* Reads answers up to that on the next call: "socket(0x1, ...): EPERM". */
static bool read_answer(FILE *stream, uint32_t *answer, char line[LINE_BYTES])
{
    while (fgets(line, LINE_BYTES, stream)) {
        char *verdict = line[0] == ' ' ? NULL : strstr(line, "): ");
        if (!verdict)
            continue;
        line[strcspn(line, "\n")] = '\0';
        *answer = meaning(verdict + 3);
        return true;
    }
    return false;
}

static void compare(const char *whitelist, const char *questions, const struct live_try *tries)
{
    const char *build = getenv("BUILD");
    char command[2 * LINE_BYTES], line[LINE_BYTES];
    unsigned wrong = 0;

    snprintf(command, sizeof(command), "'%s/portcullis' explain '%s' - <'%s'",
             build ? build : "build", whitelist, questions);
    FILE *stream = popen(command, "r"); // NOLINT(cert-env33-c): paths of our own
    cr_assert_not_null(stream);
    for (size_t i = 0; i < CALLS && wrong < WRONG_ENOUGH; i++) {
        uint32_t answer;
        cr_assert(read_answer(stream, &answer, line), "%s: %zu answers", whitelist, i);
        if (answer != tries[i].answer) {
            wrong++;
            cr_log_error("%s: %d is %#x live, and told as %s", whitelist, tries[i].number,
                         tries[i].answer, line);
        }
    }
    cr_expect_eq(wrong, 0, "%s", whitelist);
    pclose(stream);
}

static void try_whitelist(const char *path)
{
    struct live_try *tries = calloc(CALLS, sizeof(*tries));
    char questions[] = "/tmp/portcullis-explain.XXXXXX";
    struct random random = random_begin(path);
    struct pipeline pipeline;
    int descriptor = mkstemp(questions);

    cr_assert(tries && descriptor >= 0);
    close(descriptor);
    cr_assert_eq(pipeline_read_file(path, &pipeline), 0, "%s", path);
    for (size_t i = 0; i < CALLS; i++)
        pick_call(&random, &pipeline.rules, &tries[i]);
    struct sock_fprog program = {(unsigned short)pipeline.filter.count,
                                 pipeline.filter.instructions};
    cr_assert_eq(live_verdicts(&program, tries, CALLS), 0);
    write_questions(questions, tries);
    compare(path, questions, tries);
    unlink(questions);
    free(tries);
    pipeline_release(&pipeline);
}

Test(explain, agrees_with_the_kernel_on_2000_random_calls_under_each_shipped_whitelist)
{
    glob_t found;

    cr_assert_eq(glob("examples/*/*.ini", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        try_whitelist(found.gl_pathv[i]);
    globfree(&found);
}
