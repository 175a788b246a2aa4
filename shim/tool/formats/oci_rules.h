/* A whitelist as the rules that libseccomp takes from OCI's JSON: a name, an action, and at most
 * one comparison an argument. */
#ifndef PORTCULLIS_TOOL_FORMATS_OCI_RULES_H
#define PORTCULLIS_TOOL_FORMATS_OCI_RULES_H

#include <seccomp.h>

#include "../policy.h"

/* The names of libseccomp's comparisons; NULL where there is none. */
extern const char *const OCI_OPERATORS[_SCMP_CMP_MAX];

/* What this is built for, as the format calls it. */
const char *oci_architecture(void);

struct oci_rule {
    char *name; /* owned */
    int number;
    bool known; /* to the libseccomp that this is built with */
    struct action action;
    struct scmp_arg_cmp comparisons[6]; /* each of another argument, in their order */
    unsigned count;                     /* 0: whatever the arguments */
    struct place place;                 /* of a line that says so */
};

struct oci_rules {
    struct oci_rule *items; /* owned; where two meet, they say the same; sorted by number */
    size_t count;
    size_t capacity;
};

/* The rules that decide as POLICY does about each call of this architecture; what gets the default
 * has none. What can't be said is reported. Returns 0; -EINVAL after reporting; -ENOMEM. RULES is
 * to be released in any case. */
int oci_rules_make(const struct policy *policy, struct diagnostics *diagnostics,
                   struct oci_rules *rules) __attribute__((warn_unused_result));

/* Makes the filter that an engine would make of RULES, and tries it. Returns 0; -EINVAL after
 * reporting that it is too long, takes too long to make, or decides otherwise than POLICY; or what
 * libseccomp or memfd_create(2) failed with. */
int oci_rules_try(const struct policy *policy, const struct oci_rules *rules,
                  struct diagnostics *diagnostics) __attribute__((warn_unused_result));

void oci_rules_release(struct oci_rules *rules);

#endif
