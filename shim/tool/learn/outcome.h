/* What `learn` leaves behind: the list, in a file or printed, and the summary. */
#ifndef PORTCULLIS_TOOL_LEARN_OUTCOME_H
#define PORTCULLIS_TOOL_LEARN_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "learner.h"
#include "progress.h"
#include "record.h"

/* A zeroed structure with SETTINGS is what has not come yet. */
struct outcome {
    const struct learner_settings *settings;
    bool stored;      /* the file has what there was */
    bool opened;      /* to see what it has: it may not be what it was any more */
    bool failed;      /* it could not be written, which was told */
    bool told;        /* the list was printed, or the summary */
    unsigned known;   /* outcome_begin(): of so many system calls */
    unsigned allowed; /* the list that the program began with allows so many */
    size_t added;     /* to the file */
    uint64_t calls;   /* that the file tells of */
};

/* Works out what can be told already, while nobody waits for it. */
void outcome_begin(struct outcome *outcome);

/* Puts what RECORD has into the file, if there is one, and what STAGE (or NULL) has into the
 * section of its stage. FRESH: any of it is not in the list that the program began with; otherwise
 * the file that this list was read from is left alone. Returns STATUS_OK, or the status with which
 * the program is to end, after telling why. */
int outcome_store(struct outcome *outcome, const struct record *record, const struct record *stage,
                  bool fresh) __attribute__((warn_unused_result));

/* The last: prints the list, if it goes into no file, and the summary. */
void outcome_tell(struct outcome *outcome, const struct record *record, const struct record *stage,
                  unsigned children);

#endif
