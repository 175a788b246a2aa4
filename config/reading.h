/* One file while it is read: what the parts of the reader share. Not for other modules. */
#ifndef PORTCULLIS_CONFIG_READING_H
#define PORTCULLIS_CONFIG_READING_H

#include "file.h"
#include "lines.h"
#include "whitelist.h"

enum reading_section {
    READING_NONE,
    READING_UNKNOWN,
    READING_FILTER,
    READING_ALLOW,
    READING_DENY,
    READING_STAGE
};

struct reading {
    struct whitelist *whitelist;
    struct diagnostics *diagnostics;
    const struct reading *parent; /* the file that includes this one, or NULL */
    const char *name;
    dev_t device;
    ino_t inode;
    bool identified; /* device and inode are known: it is a file, not a text */
    unsigned *files; /* read so far, over all includes */
    struct lines lines;
    enum reading_section section;
    unsigned stage;            /* in [stage NAME]: its number, from 1 */
    struct settings own;       /* what this file sets */
    struct settings inherited; /* what the files that it includes set */
    int error;                 /* -ENOMEM once there was no memory */
};

/* The next of the words in *CURSOR, separated by blanks or commas; false at the end. */
bool reading_word(const char **cursor, const char **word, size_t *length);

/* A line of [filter] but for 'include'. */
void settings_line(struct reading *reading, const char *key, const char *value);

/* Takes over what TO does not set itself. */
void settings_inherit(struct settings *to, const struct settings *from);

/* What holds where no file says anything. */
struct settings settings_built_in(void);

/* A line of [allow] or [deny]. */
void entries_line(struct reading *reading, enum section section, const char *key,
                  const char *value);

/* "[stage NAME]"; NAME is not NUL-terminated. Returns false after reporting a mistake, or for want
 * of memory. */
bool stage_begin(struct reading *reading, const char *name, size_t length);

/* A line of [stage NAME]. */
void stage_line(struct reading *reading, const char *key, const char *value);

/* At the end, when all settings are known. */
void stages_check(const struct whitelist *whitelist, struct diagnostics *diagnostics);

/* An action's name, of LENGTH bytes; 'log' and 'allow' only AS_DEFAULT. Reports a mistake and
 * returns false. */
bool action_parse(const struct reading *reading, const char *word, size_t length, bool as_default,
                  struct action *action);

#endif
