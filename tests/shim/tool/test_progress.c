#include <criterion/criterion.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../../../shim/tool/call.h"
#include "../../../shim/tool/learn/progress.h"

enum { TEXT_MAX = 4096 };

/* Standard error as it is seen from the other end. */
struct screen {
    int end;
};

/* Each test is a process of its own: its standard error becomes a terminal, or a pipe. */
static struct screen open_screen(bool terminal)
{
    struct screen screen;
    int ends[2];

    if (terminal) {
        struct termios raw;
        memset(&raw, 0, sizeof(raw));
        cfmakeraw(&raw);
        cr_assert_eq(openpty(&ends[0], &ends[1], NULL, &raw, NULL), 0);
    } else {
        cr_assert_eq(pipe(ends), 0);
    }
    cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    screen.end = ends[0];
    return screen;
}

/* What was written since; a mark is written behind it, so that this does not wait. */
static void read_screen(const struct screen *screen, char text[TEXT_MAX])
{
    size_t used = 0;
    char *mark = NULL;

    cr_assert_eq(write(STDERR_FILENO, "\001", 1), 1);
    do {
        ssize_t got = read(screen->end, text + used, TEXT_MAX - 1 - used);
        cr_assert_gt(got, 0);
        used += (size_t)got;
        text[used] = '\0';
        mark = strchr(text, '\001');
    } while (!mark);
    *mark = '\0';
}

static void shows(const struct screen *screen, const char *expected)
{
    char text[TEXT_MAX];

    read_screen(screen, text);
    cr_expect_str_eq(text, expected);
}

/* One progress line that begins so and tells the time. */
static void shows_line(const struct screen *screen, const char *expected)
{
    char text[TEXT_MAX];

    read_screen(screen, text);
    cr_expect_eq(strncmp(text, expected, strlen(expected)), 0, "%s", text);
    cr_expect_null(strchr(text + 1, '\r'), "%s", text);
    cr_expect_str_eq(text + strlen(text) - 2, " s");
}

static void call(struct record *record, const char *name)
{
    cr_assert_eq(record_call(record, call_number(name), (const uint64_t[6]){0}, NULL), 0);
}

Test(progress, on_a_terminal_a_line_tells_of_calls_and_goes_away)
{
    struct screen screen = open_screen(true);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct progress progress;

    progress_begin(&progress);
    cr_assert(progress.live);
    call(record, "read");
    call(record, "openat");
    call(record, "read");
    progress_update(&progress, record);
    shows_line(&screen, "\r\033[Klearn: 3 calls, 2 distinct, last new one: openat, ");
    progress_clear(&progress);
    shows(&screen, "\r\033[K");
    progress_clear(&progress);
    shows(&screen, "");
    record_close(record);
}

Test(progress, before_the_first_call_there_is_no_last_new_one)
{
    struct screen screen = open_screen(true);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct progress progress;

    progress_begin(&progress);
    progress_update(&progress, record);
    shows_line(&screen, "\r\033[Klearn: 0 calls, 0 distinct, ");
    record_close(record);
}

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

Test(progress, the_line_is_written_ten_times_a_second_at_most)
{
    struct screen screen = open_screen(true);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct progress progress;
    char text[TEXT_MAX];
    unsigned lines = 0;

    progress_begin(&progress);
    double began = seconds();
    for (unsigned i = 0; i < 1000; i++) {
        call(record, "read");
        progress_update(&progress, record);
    }
    double most = 1 + (seconds() - began) * 10;
    read_screen(&screen, text);
    for (const char *at = text; (at = strchr(at, '\r')); at++)
        lines++;
    cr_expect_geq(lines, 1);
    cr_expect_leq(lines, most);
    usleep(110000);
    progress_update(&progress, record);
    shows_line(&screen, "\r\033[Klearn: 1000 calls, 1 distinct, last new one: read, ");
    record_close(record);
}

Test(progress, a_terminal_that_was_stopped_holds_nothing_up, .timeout = 10)
{
    struct screen screen = open_screen(true);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct progress progress;

    progress_begin(&progress);
    cr_assert_eq(tcflow(STDERR_FILENO, TCOOFF), 0);
    progress_update(&progress, record);
    cr_expect_not(progress.shown);
    cr_assert_eq(tcflow(STDERR_FILENO, TCOON), 0);
    shows(&screen, "");
    record_close(record);
}

Test(progress, a_long_line_is_cut_to_the_width_of_the_terminal)
{
    struct screen screen = open_screen(true);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct winsize size = {.ws_row = 5, .ws_col = 31};
    struct progress progress;

    cr_assert_eq(ioctl(STDERR_FILENO, TIOCSWINSZ, &size), 0);
    progress_begin(&progress);
    call(record, "sched_get_priority_max");
    progress_update(&progress, record);
    shows(&screen, "\r\033[Klearn: 1 call, 1 distinct, las");
    record_close(record);
}

Test(progress, without_a_terminal_nothing_is_shown_but_the_summary)
{
    struct screen screen = open_screen(false);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct progress progress;

    progress_begin(&progress);
    cr_expect_not(progress.live);
    call(record, "read");
    progress_update(&progress, record);
    progress_clear(&progress);
    shows(&screen, "");
    progress_summary(&(struct summary){.path = "app.ini",
                                       .calls = 4711,
                                       .distinct = 40,
                                       .added = 12,
                                       .allowed = 44,
                                       .known = 381});
    shows(&screen, "portcullis: learned 40 different system calls from 4711 calls of the program; "
                   "12 new in app.ini\n"
                   "portcullis: the whitelist allows 44 of this machine's 381 system calls\n");
    record_close(record);
}

Test(progress, a_zeroed_one_shows_nothing_even_on_a_terminal)
{
    struct screen screen = open_screen(true);
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct progress progress = {0};

    progress_update(&progress, record);
    progress_clear(&progress);
    shows(&screen, "");
    record_close(record);
}

Test(progress, the_summary_counts_children_and_knows_one_from_many)
{
    struct screen screen = open_screen(false);

    progress_summary(&(struct summary){
        .calls = 1, .distinct = 1, .added = 1, .children = 1, .allowed = 5, .known = 381});
    shows(&screen, "portcullis: learned 1 different system call from 1 call of the program and 1 "
                   "child; 1 new\n"
                   "portcullis: the whitelist allows 5 of this machine's 381 system calls\n");
    progress_summary(
        &(struct summary){.calls = 2, .distinct = 2, .children = 2, .allowed = 5, .known = 381});
    shows(&screen, "portcullis: learned 2 different system calls from 2 calls of the program and 2 "
                   "children; 0 new\n"
                   "portcullis: the whitelist allows 5 of this machine's 381 system calls\n");
}

Test(progress, the_summary_of_a_run_that_called_nothing_new_says_so)
{
    struct screen screen = open_screen(false);

    progress_summary(&(struct summary){.path = "app.ini", .children = 3, .allowed = 5, .known = 9});
    shows(&screen, "portcullis: nothing new was called\n"
                   "portcullis: the whitelist allows 5 of this machine's 9 system calls\n");
}
