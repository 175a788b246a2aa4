/* The text of unit files, and what systemd's groups have. */
#ifndef PORTCULLIS_TOOL_FORMATS_SYSTEMD_UNIT_H
#define PORTCULLIS_TOOL_FORMATS_SYSTEMD_UNIT_H

#include <stddef.h>

/* Calls TAKE for each setting in the sections of TEXT where filters stand ([Service], [Socket],
 * [Mount], [Swap]): with the line that it begins in, its key, and its value, which TAKE may change.
 * TEXT is a unit file, a drop-in, or several of either behind one another, as by systemctl cat.
 * Lines joined by '\' are one. Stops where TAKE returns an error, and returns that; or -ENOMEM. */
int systemd_settings(const char *text, size_t length,
                     int (*take)(void *context, unsigned line, const char *key, char *value),
                     void *context) __attribute__((warn_unused_result));

/* The members of GROUP ("@default"), each ended by a newline, as systemd-analyze tells them: calls
 * and groups. To be freed. Returns 0; -ENOENT if there is no systemd-analyze; -ENOEXEC if it has no
 * such group; or another errno. */
int systemd_group(const char *group, char **members) __attribute__((warn_unused_result));

#endif
