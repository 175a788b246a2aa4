/* What the tests of storing share: a folder of their own, and what is told on standard error. */
#ifndef PORTCULLIS_TESTS_HELPERS_STORING_H
#define PORTCULLIS_TESTS_HELPERS_STORING_H

#include "../../shim/tool/learn/store.h"

/* A whitelist, and what it is once "write" was added. */
#define STORING_OLD "[allow]\nsyscalls = read\n"
#define STORING_NEW "[allow]\nsyscalls = read\n; learned:\nsyscalls = write\n"

extern const struct merge_facts STORING_FACTS;

/* For TestSuite: makes a folder, of nobody's if root runs it, and goes there; takes it away. */
void storing_begin(void);
void storing_end(void);

/* What root may do it would not be asked about. */
void storing_become_nobody(void);

void storing_write(const char *path, const char *text);

/* The text of PATH, or NULL; valid until the next call. */
char *storing_read(const char *path);

/* That PATH is TEXT. */
void storing_holds(const char *path, const char *text);

/* How many files there are here. */
unsigned storing_files(void);

/* Adds one name or, with CONDITION, line; returns the status. */
int storing_add(const char *path, const char *name, const char *condition, struct stored *stored);

/* Adds "write". */
int storing_add_write(const char *path);

/* Standard error, while a learner is at it. Not a file: a limit on files would hold for it. */
struct told {
    int pipe[2];
    int before;
    char text[8192];
};

void told_begin(struct told *told);

/* That MESSAGE was told since. */
void told_is(struct told *told, const char *message);

/* Adding "write" to PATH gives STATUS and MESSAGE, and leaves nothing over. */
void storing_gives(const char *path, int status, const char *message);

#endif
