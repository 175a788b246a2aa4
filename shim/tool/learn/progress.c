#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../call.h"
#include "../tool.h"

enum { INTERVAL = 100000000, BILLION = 1000000000, LINE_MAX_BYTES = 256 };

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

void progress_update(struct progress *progress, const struct record *record)
{
    char line[LINE_MAX_BYTES];
    char name[CALL_NAME_MAX];

    if (!progress->live)
        return;
    struct timespec time = now();
    if (is_before(&time, &progress->next))
        return;
    progress->next = time;
    progress->next.tv_nsec += INTERVAL;
    if (progress->next.tv_nsec >= BILLION) {
        progress->next.tv_sec++;
        progress->next.tv_nsec -= BILLION;
    }
    int last = record_last_new(record);
    double elapsed = (double)(time.tv_sec - progress->began.tv_sec) +
                     (double)(time.tv_nsec - progress->began.tv_nsec) / BILLION;
    int length = snprintf(line, sizeof(line), "%slearn: %" PRIu64 " calls, %u distinct%s%s, %.1f s",
                          ERASE, record_total(record), record_distinct(record),
                          last < 0 ? "" : ", last new one: ", last < 0 ? "" : call_name(last, name),
                          elapsed);
    tool_say(line, (size_t)length);
    progress->shown = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        tool_say(ERASE, strlen(ERASE));
    progress->shown = false;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void progress_summary(const struct summary *summary)
{
    char text[1024];
    int length = snprintf(
        text, sizeof(text),
        "portcullis: learned %u different system call%s from %" PRIu64 " call%s of %u child%s; "
        "%zu new%s%s\n"
        "portcullis: the whitelist allows %u of the %u system calls of this machine\n",
        summary->distinct, plural(summary->distinct), summary->calls, plural(summary->calls),
        summary->children, summary->children == 1 ? "" : "ren", summary->added,
        summary->path ? " in " : "", summary->path ? summary->path : "", summary->allowed,
        summary->known);

    tool_say(text, (size_t)length);
}
