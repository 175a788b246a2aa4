/* A program that does the same in fewer steps. */
#ifndef PORTCULLIS_SHIM_RESHAPE_H
#define PORTCULLIS_SHIM_RESHAPE_H

#include "filter.h"

/* Makes FILTER a program that answers every call alike: it finds the call's number by halves, among
 * runs of numbers with the same answer, and what it then asks of arguments it asks without looking
 * at the number again. FILTER stays as it is where that would be no shorter, or where it has
 * instructions that libseccomp does not make. Returns 0 or -ENOMEM. */
int reshape(struct filter *filter) __attribute__((warn_unused_result));

#endif
