/* The text of unit files. Pure. */
#ifndef PORTCULLIS_TOOL_FORMATS_SYSTEMD_UNIT_H
#define PORTCULLIS_TOOL_FORMATS_SYSTEMD_UNIT_H

#include <stdbool.h>
#include <stddef.h>

/* Where a line stands. */
enum systemd_section {
    SYSTEMD_NOWHERE,   /* before any section: systemd ignores it there */
    SYSTEMD_ELSEWHERE, /* in one that has no filters */
    SYSTEMD_INSIDE,    /* in one that has: [Service], [Socket], [Mount], [Swap] */
};

/* A setting, or a line that is none. */
struct systemd_setting {
    unsigned line; /* that it begins in */
    enum systemd_section section;
    const char *key; /* NULL: the line is no setting, and VALUE is all of it */
    char *value;     /* may be changed */
};

/* Calls TAKE for each setting of TEXT, whose sections it follows. TEXT is a unit file, a drop-in,
 * or several of either behind one another, as `systemctl cat` prints them. As systemd does it,
 * lines joined by '\' are one, and end with a newline, a carriage return, a NUL, or the pair of a
 * newline and one of the others. Stops where TAKE returns an error, and returns that; or -ENOMEM.
 */
int systemd_settings(const char *text, size_t length,
                     int (*take)(void *context, const struct systemd_setting *setting),
                     void *context) __attribute__((warn_unused_result));

/* The next word of *TEXT, which is moved behind it: words are parted by blanks, and a '\' stands
 * for the character behind it. The word is unescaped in its place. NULL: there is none left, or,
 * with *BROKEN set, nothing stands behind a '\'. */
char *systemd_word(char **text, bool *broken);

/* The boolean that VALUE is: 1, 0, or -1 for what is none. */
int systemd_boolean(const char *value);

#endif
