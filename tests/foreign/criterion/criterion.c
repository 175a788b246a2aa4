#include "criterion.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 97, TIMEOUT = 120 };

static struct {
    struct criterion_test *tests; /* the last one first */
    bool failed;                  /* the test that this process runs */
} state;

void criterion_add(struct criterion_test *test)
{
    test->next = state.tests;
    state.tests = test;
}

void criterion_failed(bool fatal, const char *file, int line, const char *condition,
                      const char *format, ...)
{
    va_list arguments;
    printf("# %s:%d: %s:", file, line, condition ? condition : "told");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    if (condition)
        state.failed = true;
    if (fatal)
        _exit(FAILED);
}

static const struct criterion_options *suite_options(const char *suite)
{
    static const struct criterion_options none;
    for (const struct criterion_test *test = state.tests; test; test = test->next) {
        if (!test->name && strcmp(test->suite, suite) == 0)
            return &test->options;
    }
    return &none;
}

static _Noreturn void run(const struct criterion_test *test)
{
    const struct criterion_options *suite = suite_options(test->suite);
    void (*init)(void) = test->options.init ? test->options.init : suite->init;
    void (*fini)(void) = test->options.fini ? test->options.fini : suite->fini;
    alarm(test->options.timeout > 0 ? (unsigned)test->options.timeout : TIMEOUT);
    if (init)
        init();
    test->function();
    if (fini)
        fini();
    fflush(NULL);
    _exit(state.failed ? FAILED : 0);
}

static bool passes(const struct criterion_test *test)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run(test);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (WIFSIGNALED(status))
        printf("# died of signal %d\n", WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == test->options.exit_code;
}

int main(void)
{
    int count = 0;
    int failed = 0;
    for (const struct criterion_test *test = state.tests; test; test = test->next) {
        if (!test->name)
            continue;
        bool passed = passes(test);
        failed += !passed;
        printf("%sok %d - %s::%s\n", passed ? "" : "not ", ++count, test->suite, test->name);
    }
    printf("1..%d\n", count);
    return failed > 0;
}
