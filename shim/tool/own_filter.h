/* A seccomp filter that a program loads by itself. What that answers by an errno, a signal or a
 * listener of its own, no other filter is asked about: the strictest verdict wins, and these are
 * stricter than a notification or a stop. */
#ifndef PORTCULLIS_TOOL_OWN_FILTER_H
#define PORTCULLIS_TOOL_OWN_FILTER_H

#include <linux/seccomp.h>
#include <stdbool.h>

enum own_filter { OWN_FILTER_NONE, OWN_FILTER_OF_THREAD, OWN_FILTER_OF_PROCESS };

/* Whether CALL is to load one, and for whom. */
enum own_filter own_filter_loaded_by(const struct seccomp_data *call);

/* Whether CALL, one of those, wants a listener. */
bool own_filter_listens(const struct seccomp_data *call);

#endif
