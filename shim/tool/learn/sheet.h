/* A whitelist's text as lines that can be put in, changed and taken out, while all others keep
 * their bytes. Pure. It understands lines as config/lines.c does, and takes wrong ones for comments
 * that nobody touches: whoever wants to be told of mistakes asks the reader. */
#ifndef PORTCULLIS_TOOL_LEARN_SHEET_H
#define PORTCULLIS_TOOL_LEARN_SHEET_H

#include <stdbool.h>
#include <stddef.h>

enum sheet_kind { SHEET_BLANK, SHEET_COMMENT, SHEET_SECTION, SHEET_SETTING };

struct sheet_line {
    const char *text; /* not NUL-terminated; borrowed, or the same as OWNED */
    size_t length;    /* without its end */
    char *owned;      /* or NULL */
    const char *end;  /* "\n", "\r\n", or "" where the text ends without */
    enum sheet_kind kind;
    bool allow;          /* it stands in the section that is worked at, [allow] or another one; its
                            first line, "[allow]" itself, does, too */
    size_t key_length;   /* of a setting: the key is at TEXT */
    const char *value;   /* of a setting: what is between '=' and the comment */
    size_t value_length; /* blanks at both ends aside */
};

/* A zeroed structure is empty. */
struct sheet {
    struct sheet_line *lines; /* owned */
    size_t count;
    size_t capacity;
    const char *mark;  /* a byte order mark, or "" */
    const char *end;   /* how new lines end: as the first one does */
    const char *stage; /* borrowed: not [allow] is worked at, but [stage NAME]; or NULL */
};

/* TEXT of LENGTH bytes is borrowed until the sheet is released. Returns 0 or -ENOMEM; SHEET is to
 * be released in any case. */
int sheet_read(struct sheet *sheet, const char *text, size_t length)
    __attribute__((warn_unused_result));

/* From now on "[allow]" is [stage NAME], here and below; NULL: it is [allow]. */
void sheet_choose(struct sheet *sheet, const char *stage);

/* A new line before the one at AT (sheet->count: behind the last). TEXT was malloced and is taken;
 * NULL, for want of memory, is -ENOMEM. Returns 0 or -ENOMEM (TEXT is freed). */
int sheet_insert(struct sheet *sheet, size_t at, char *text) __attribute__((warn_unused_result));

/* The line at AT becomes TEXT, which is taken as above; its end stays. Returns 0 or -ENOMEM. */
int sheet_replace(struct sheet *sheet, size_t at, char *text) __attribute__((warn_unused_result));

void sheet_remove(struct sheet *sheet, size_t at);

/* All of it in one malloced text with a NUL behind it. Returns 0 or -ENOMEM. */
int sheet_write(const struct sheet *sheet, char **text, size_t *length)
    __attribute__((warn_unused_result));

/* Whether LINE is the setting KEY of [allow]. */
bool sheet_allows(const struct sheet_line *line, const char *key);

/* Whether LINE, blanks at its end aside, is TEXT. */
bool sheet_is(const struct sheet_line *line, const char *text);

/* Position behind the last line of the last [allow] that is neither blank nor a comment; 0 if there
 * is no [allow]. */
size_t sheet_tail(const struct sheet *sheet);

/* The next of the words from *CURSOR to END, separated by blanks or commas: *WORD, of *LENGTH
 * bytes, behind which *CURSOR is then. False at the end. */
bool sheet_word(const char **cursor, const char *end, const char **word, size_t *length);

/* Whether a line of [allow] speaks of the system call NAME, a group that it is in included. */
bool sheet_lists(const struct sheet *sheet, const char *name);

void sheet_release(struct sheet *sheet);

#endif
