#include "refuse.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "../config/constants.h"
#include "freestanding/end.h"

enum { TEXT_MAX = 2 * 4096 + 128 }; /* two paths fit in */

/* Says PREFIX and what FORMAT makes, on one line with nothing in it that could drive a terminal. */
__attribute__((format(printf, 2, 0))) static void say(const char *prefix, const char *format,
                                                      va_list arguments)
{
    char text[TEXT_MAX];
    size_t start = (size_t)snprintf(text, sizeof(text), "%s: error: ", prefix);
    size_t room = start < sizeof(text) ? sizeof(text) - start : 0;
    size_t length = start;

    if (room > 0)
        length += (size_t)vsnprintf(text + start, room, format, arguments);
    if (length > sizeof(text) - 1)
        length = sizeof(text) - 1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '?';
    }
    text[length] = '\n';
    end_say(text, length + 1);
}

void refuse(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("portcullis", format, arguments);
    va_end(arguments);
    end_process(status);
}

void refuse_whitelist(const char *path, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(path, format, arguments);
    va_end(arguments);
    end_process(STATUS_WHITELIST);
}

void refuse_system(const char *text, long error)
{
    const char *name = error > 0 ? constant_errno_name((unsigned)error) : NULL;

    if (error < 0)
        refuse(STATUS_SYSTEM, "%s %ld", text, -error);
    if (error == 0)
        refuse(STATUS_SYSTEM, "%s", text);
    if (!name)
        refuse(STATUS_SYSTEM, "%s: error %ld", text, error);
    refuse(STATUS_SYSTEM, "%s: %s", text, name);
}

void refuse_path(bool secure, const char *path, bool linked)
{
    if (secure)
        refuse(STATUS_WHITELIST, "the program runs with more rights than its user's (setuid, "
                                 "capabilities): PORTCULLIS_WHITELIST is not to be believed");
    if (path && linked)
        refuse(STATUS_WHITELIST, "PORTCULLIS_WHITELIST is empty, and the shim is linked to the "
                                 "program: nothing proves that a filter was inherited; where such "
                                 "a program executes others, its whitelist needs 'children = "
                                 "reload'");
    refuse(STATUS_WHITELIST, "PORTCULLIS_WHITELIST is %s; set it to a whitelist's path",
           path ? "empty" : "not set");
}
