/* What the verbs of the command share. */
#ifndef PORTCULLIS_TOOL_TOOL_H
#define PORTCULLIS_TOOL_TOOL_H

#include <stdbool.h>
#include <stddef.h>

enum { TOOL_MACHINE_MAX = 256 };

struct diagnostics;

/* What --version says. */
#define PORTCULLIS_VERSION "0.1.0"

enum status {
    STATUS_OK = 0,
    STATUS_NO = 1,             /* the answer is no, or there are warnings under --strict */
    STATUS_USAGE = 2,          /* the command line is wrong */
    STATUS_UNPROVEN = 3,       /* `verify` can prove neither yes nor no */
    STATUS_OS = 71,            /* EX_OSERR: the kernel, or memory */
    STATUS_CONFIG = 78,        /* EX_CONFIG: the whitelist */
    STATUS_CANNOT = 125,       /* what `run` itself cannot do */
    STATUS_NOT_RUNNABLE = 126, /* the program was found and can't be run */
    STATUS_NOT_FOUND = 127,
};

/* A verb: ARGUMENTS[0] is its name. Returns the exit status. */
int verb_run(int count, char **arguments);
int verb_learn(int count, char **arguments);
int verb_check(int count, char **arguments);
int verb_explain(int count, char **arguments);
int verb_diff(int count, char **arguments);
int verb_export(int count, char **arguments);
int verb_verify(int count, char **arguments);
int verb_groups(int count, char **arguments);
int verb_compile(int count, char **arguments);
int verb_doctor(int count, char **arguments);
int verb_import(int count, char **arguments);

/* "portcullis: error: ..." on standard error, in one line whatever is in it. */
void tool_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "portcullis VERB: ..." and where help is to be had. Returns STATUS_USAGE. */
int tool_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what getopt_long(3) has just made '?' or ':' of, this RESULT, in ARGUMENTS: with
 * opterr = 0, and a ':' before the letters of the options if any takes a value. */
int tool_option(const char *verb, int result, char **arguments);

/* "portcullis: ..." on standard error, as tool_say() does it. */
void tool_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* LENGTH bytes to DESCRIPTOR. Returns 0 or a negative errno. */
int tool_write(int descriptor, const char *bytes, size_t length)
    __attribute__((warn_unused_result));

/* LENGTH bytes of TEXT on standard error, made printable (printable.h), and at once, so that they
 * are not torn; what cannot be written is lost. */
void tool_say(const char *text, size_t length);

/* The same two, to DESCRIPTOR. */
void tool_note_to(int descriptor, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tool_say_to(int descriptor, const char *text, size_t length);

/* All messages, on standard error. */
void tool_tell(const struct diagnostics *diagnostics);

/* "Linux 6.18.0 x86_64, glibc 2.36": what a whitelist was made on. Returns TEXT. */
const char *tool_machine(char text[TOOL_MACHINE_MAX]);

/* Whether to colour what goes to DESCRIPTOR: a terminal, and NO_COLOR is not set. */
bool tool_colours(int descriptor);

#endif
