/* libseccomp filters out of libseccomp, one behind another in one BPF program. Used by filter.c
 * alone. */
#ifndef PORTCULLIS_SHIM_EXPORT_H
#define PORTCULLIS_SHIM_EXPORT_H

#include <seccomp.h>
#include <stdint.h>

#include "filter.h"

struct export
{
    int descriptor; /* of a memfd, which holds the programs so far: libseccomp writes to nothing but
                       descriptors */
    struct part *parts; /* owned; where each program begins */
    size_t count;
    struct segment *segments; /* owned; which numbers the programs from one on are for */
    size_t segment_count;
    uint32_t *newer; /* owned; numbers higher than this build knows that get no ENOSYS */
    size_t newer_count;
};

/* More would not do: half of their choices is to be leapt over, and a leap is 255 at the most. */
enum { EXPORT_SEGMENTS_MAX = 256 };

/* What a filter gives where the next one is to be asked: an action that no line can name. */
#define EXPORT_NO_MATCH SCMP_ACT_TRACE(1)

/* What another architecture's calls get. */
#define EXPORT_FOREIGN SCMP_ACT_KILL_PROCESS

enum export_end {
    EXPORT_LAST,
    EXPORT_GO_ON, /* EXPORT_NO_MATCH means: ask the next program */
};

/* All: 0 or a negative errno; after export_begin() succeeded, export_end() is due. */
int export_begin(struct export *export) __attribute__((warn_unused_result));

/* What is appended from now on is asked about calls from NUMBER on, what was before about those
 * below. NUMBER grows from segment to segment; the first has all that is below it as well. No more
 * than EXPORT_SEGMENTS_MAX. */
int export_segment(struct export *export, int number) __attribute__((warn_unused_result));

/* Asks the programs about calls of NUMBER as well, which is newer than this build (rules.h). */
int export_newer(struct export *export, int number) __attribute__((warn_unused_result));

int export_append(struct export *export, scmp_filter_ctx context, enum export_end end)
    __attribute__((warn_unused_result));

/* A part that libseccomp has not made; where it returns EXPORT_NO_MATCH, the next one is asked. */
int export_append_code(struct export *export, const struct filter *part)
    __attribute__((warn_unused_result));

/* Links what was appended into FILTER. -E2BIG over LIMIT instructions; -EIO if a program did not
 * arrive whole. */
int export_finish(struct export *export, size_t limit, struct filter *filter)
    __attribute__((warn_unused_result));

void export_end(struct export *export);

#endif
