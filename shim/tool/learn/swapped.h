/* A list holds with the next release of the C library too, as far as that is known beforehand. */
#ifndef PORTCULLIS_TOOL_LEARN_SWAPPED_H
#define PORTCULLIS_TOOL_LEARN_SWAPPED_H

#include "../../rules.h"
#include "additions.h"

/* The call that is fstat() in one release of glibc is not the one in another: where ADDITIONS have
 * one of the two, adds the other, unless RULES (NULL: of an empty whitelist) speak of it. Returns 0
 * or -ENOMEM. */
int swapped_add(struct additions *additions, const struct rules *rules)
    __attribute__((warn_unused_result));

/* The one of the two of which RULES do not speak, while they allow the other, *TWIN; else NULL. */
const char *swapped_lacking(const struct rules *rules, const char **twin);

#endif
