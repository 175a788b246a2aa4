/* The groups of system calls that systemd knows. */
#ifndef PORTCULLIS_TOOL_FORMATS_SYSTEMD_GROUPS_H
#define PORTCULLIS_TOOL_FORMATS_SYSTEMD_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "../call.h"

/* A group, with the members of the groups in it, each once. */
struct systemd_group {
    char name[CALL_NAME_MAX]; /* with its '@' */
    int *numbers;             /* owned; of this architecture's calls, below CALL_NUMBERS */
    size_t count;
};

/* A zeroed structure has not been asked for yet. */
struct systemd_groups {
    struct systemd_group *items; /* owned; sorted by name */
    size_t count;
    bool asked;
    int error; /* of asking: why there are none */
};

/* Asks systemd-analyze for all groups, once. Returns 0; -ENOENT if there is no systemd-analyze;
 * -ENOEXEC if it fails; or another errno. */
int systemd_groups_ask(struct systemd_groups *groups) __attribute__((warn_unused_result));

/* The group NAME ("@default"), or NULL. */
const struct systemd_group *systemd_groups_find(const struct systemd_groups *groups,
                                                const char *name);

/* For systemd_groups_ask(): takes TEXT, which systemd-analyze has printed. Returns 0 or -ENOMEM. */
int systemd_groups_parse(struct systemd_groups *groups, char *text)
    __attribute__((warn_unused_result));

void systemd_groups_release(struct systemd_groups *groups);

#endif
