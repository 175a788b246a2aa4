/* What a start needs besides, where others load the filter: before exec. */
#ifndef PORTCULLIS_TOOL_STARTUP_H
#define PORTCULLIS_TOOL_STARTUP_H

#include <limits.h>

#include "call.h"
#include "policy.h"

/* Who loads the filter. What it calls until exec is under it as well. */
enum starter {
    STARTER_SANDBOX, /* bwrap */
    STARTER_SYSTEMD,
    STARTER_CRUN,
    STARTER_RUNC,
    STARTER_ENGINE, /* crun or runc */
};

struct loader {
    enum starter starter;
    bool privileged; /* an engine without no-new-privileges: it gives up its privileges only when
                        the filter is in */
};

/* What was allowed besides. It is to be released in any case. */
struct startup {
    const char *const *programs; /* NAMED, or FOUND's address: those whose start was measured */
    size_t program_count;        /* 0: no start was, and @loader and more was taken */
    bool seen[CALL_NUMBERS];     /* what these call, by number */
    struct whitelist lines[2];   /* owned: [allow], usual ones and privileged ones */
    const char **named;          /* owned; what it lists is borrowed */
    const char *found;
    char executable[PATH_MAX];
};

/* The calls that are taken where nothing is measured, and systemd's own: names and groups,
 * separated by blanks. */
extern const char STARTUP_USUAL[];
extern const char STARTUP_SYSTEMD[];

/* Measures a start, for systemd: that of PROGRAM and its arguments, ended by NULL, or if that is
 * NULL of each program that POLICY's whitelist names; none is measured if one of them is not here,
 * of which there is a warning. Returns STATUS_OK, or another status after telling why. */
int startup_measure(struct startup *startup, const struct policy *policy, char **program,
                    struct diagnostics *warnings) __attribute__((warn_unused_result));

/* Adds to POLICY what a start by LOADER needs. Conditions that are lost by that, what is allowed to
 * an engine that gives up its privileges, and what is denied all the same, are WARNINGS. Returns 0;
 * -EINVAL after reporting to POLICY; another errno. */
int startup_add(struct startup *startup, const struct loader *loader, struct policy *policy,
                struct diagnostics *warnings) __attribute__((warn_unused_result));

void startup_release(struct startup *startup);

#endif
