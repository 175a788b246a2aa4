/* System calls as people write them: names, arguments, verdicts and lines, to numbers and back. */
#ifndef PORTCULLIS_TOOL_CALL_H
#define PORTCULLIS_TOOL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../config/whitelist.h"
#include "../../config/writer.h"

enum {
    CALL_NAMED = 512,    /* numbers from here on have no names yet */
    CALL_NUMBERS = 1024, /* no kernel has numbers from here on */
    CALL_NAME_MAX = 64,
    CALL_ACTION_MAX = WRITER_ACTION_MAX,
    CALL_TEXT_MAX = 512,
};

/* The name of a system call of this architecture, or its number in digits. Returns NAME. */
const char *call_name(int number, char name[CALL_NAME_MAX]);

/* Whether NUMBER has a name. */
bool call_is_known(int number);

/* The same for all numbers, in a third of the time that it takes to ask for each. */
void call_list_known(bool known[CALL_NAMED]);

/* The number of the system call WORD, a name or a number; -ENOENT if there is no such name here. */
int call_number(const char *word);

/* Copies the first of WORDS, names with a space between as groups.h has them, to NAME, without its
 * '?'. Returns what is behind it, or NULL where there is none. */
const char *call_next(const char *words, char name[CALL_NAME_MAX]);

/* Whether NAME is a member of the group GROUP, which there has to be, without its @. */
bool call_is_of(const char *group, const char *name);

/* "; did you mean 'open'?" for a name that call_number() does not know, or "". Returns TEXT. */
const char *call_suggestion(const char *word, char *text, size_t size);

/* The name of an argument of a system call, or "a0" to "a5". Returns NAME. */
const char *call_argument_name(int number, unsigned argument, char name[CALL_NAME_MAX]);

/* The value of "AF_UNIX", "0x10" or "O_RDWR|O_CREAT". Returns false if a part is neither a constant
 * nor a number. */
bool call_value(const char *word, uint64_t *value);

/* "EPERM", "4000", "kill", "trap", "allow", "log": writer_action(). Returns TEXT. */
const char *action_text(struct action action, char text[CALL_ACTION_MAX]);

/* Whether they are the same; an error counts only where it is what a call gets. */
bool action_equals(struct action one, struct action other);

/* Whether a call with this verdict is made. */
bool action_allows(struct action action);

/* What the kernel weighs: of the answers of several filters, the one with the highest number holds,
 * and of equals the newest filter's. */
int action_strictness(struct action action);

/* The line that ENTRY is, about NAME (a member, where ENTRY speaks of a group): "socket = domain in
 * AF_UNIX", "syscalls = read", "ptrace = kill". Returns TEXT. */
const char *entry_text(const struct entry *entry, const char *name, char text[CALL_TEXT_MAX]);

/* The section that ENTRY stands in, as it is written between brackets: "allow", "stage serving".
 * Returns TEXT. */
const char *entry_section(const struct whitelist *whitelist, const struct entry *entry,
                          char text[CALL_NAME_MAX]);

/* The functions that begin STAGE, with JOINT between them: "poll or epoll_wait". Returns TEXT. */
const char *stage_functions(const struct stage *stage, const char *joint, char text[CALL_TEXT_MAX]);

/* The clause INDEX of ENTRY's condition, as it was written. Returns TEXT. */
const char *entry_clause(const struct entry *entry, size_t index, char text[CALL_TEXT_MAX]);

#endif
