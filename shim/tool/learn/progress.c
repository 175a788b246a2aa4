#include "progress.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../call.h"
#include "../tool.h"

enum { INTERVAL = 100000000, BILLION = 1000000000, LINE_MAX_BYTES = 256, LINE_COLUMNS = 79 };

static const char ERASE[] = "\r\033[K";

static struct timespec now(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static bool is_before(const struct timespec *one, const struct timespec *two)
{
    return one->tv_sec < two->tv_sec || (one->tv_sec == two->tv_sec && one->tv_nsec < two->tv_nsec);
}

void progress_begin(struct progress *progress)
{
    *progress = (struct progress){.live = isatty(STDERR_FILENO) == 1, .began = now()};
    progress->next = progress->began;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Whether it is time for another line; the next one then is due later. */
static bool is_due(struct progress *progress, struct timespec *time)
{
    *time = now();
    if (is_before(time, &progress->next))
        return false;
    progress->next = *time;
    progress->next.tv_nsec += INTERVAL;
    if (progress->next.tv_nsec >= BILLION) {
        progress->next.tv_sec++;
        progress->next.tv_nsec -= BILLION;
    }
    return true;
}

/* A terminal that was stopped (Ctrl-S) must not stop the program. */
static bool takes_text(void)
{
    struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&terminal, 1, 0) == 1 && (terminal.revents & POLLOUT) != 0;
}

/* So many columns a line may have without wrapping. */
static size_t columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
        return LINE_COLUMNS;
    return size.ws_col - 1U;
}

/* With its control characters, which are all ours. */
static void show(const char *line, size_t length)
{
    (void)!tool_write(STDERR_FILENO, line, length);
}

void progress_update(struct progress *progress, const struct record *record)
{
    char line[LINE_MAX_BYTES];
    char name[CALL_NAME_MAX];
    struct timespec time;

    if (!progress->live || !is_due(progress, &time) || !takes_text())
        return;
    int last = record_last_new(record);
    uint64_t total = record_total(record);
    double elapsed = (double)(time.tv_sec - progress->began.tv_sec) +
                     (double)(time.tv_nsec - progress->began.tv_nsec) / BILLION;
    int length = snprintf(
        line, sizeof(line), "%slearn: %" PRIu64 " call%s, %u distinct%s%s, %.1f s", ERASE, total,
        plural(total), record_distinct(record),
        last < 0 ? "" : ", last new one: ", last < 0 ? "" : call_name(last, name), elapsed);
    size_t most = strlen(ERASE) + columns();
    show(line, (size_t)length < most ? (size_t)length : most);
    progress->shown = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        show(ERASE, strlen(ERASE));
    progress->shown = false;
}

/* " and 2 children", or "". Returns TEXT. */
static const char *children_text(unsigned children, char *text, size_t size)
{
    if (children > 0)
        snprintf(text, size, " and %u child%s", children, children == 1 ? "" : "ren");
    else
        *text = '\0';
    return text;
}

static void say_calls(const struct summary *summary, FILE *stream)
{
    char children[64];

    fputs("portcullis: ", stream);
    if (summary->calls == 0)
        fputs("nothing new was called", stream);
    else
        fprintf(stream, "learned %u different system call%s from %" PRIu64 " call%s of the program",
                summary->distinct, plural(summary->distinct), summary->calls,
                plural(summary->calls));
    if (summary->calls > 0)
        fprintf(stream, "%s; %zu new", children_text(summary->children, children, sizeof(children)),
                summary->added);
    if (summary->calls > 0 && summary->path)
        fprintf(stream, " in %s", summary->path);
    fputc('\n', stream);
}

void progress_summary(const struct summary *summary)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (!stream)
        return;
    say_calls(summary, stream);
    fprintf(stream, "portcullis: the whitelist allows %u of this machine's %u system calls\n",
            summary->allowed, summary->known);
    if (fclose(stream) == 0)
        tool_say(text, length);
    free(text);
}
