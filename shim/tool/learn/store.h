/* A whitelist on disk, changed by several at once, and never half. */
#ifndef PORTCULLIS_TOOL_LEARN_STORE_H
#define PORTCULLIS_TOOL_LEARN_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "merge.h"
#include "record.h"

/* What came of it. */
struct stored {
    size_t added;   /* additions that were new to the file */
    bool unchanged; /* the file had all of it: not a byte was touched */
};

/* Under a lock that all learners of PATH's folder share: reads the file as it is now (there need
 * not be one), adds what RECORD has and it lacks, writes the result beside it, has it read by the
 * reader, fsyncs, renames, fsyncs the folder. Owner and mode of an existing file are kept; a
 * symbolic link stays one. Returns STATUS_OK; STATUS_CONFIG if the file is wrong by now, STATUS_OS
 * or STATUS_CANNOT if it cannot be written: told on standard error, and the file is as it was. */
int store_record(const char *path, const struct record *record, const struct merge_facts *facts,
                 struct stored *stored) __attribute__((warn_unused_result));

/* The same for ready additions; those that the file has already are left out. */
int store_additions(const char *path, const struct additions *additions,
                    const struct merge_facts *facts, struct stored *stored)
    __attribute__((warn_unused_result));

/* Whether PATH is a whitelist that says nothing: it has comments at most. The reader refuses it; to
 * be added to it is like one that is not there yet. */
bool store_is_blank(const char *path);

#endif
