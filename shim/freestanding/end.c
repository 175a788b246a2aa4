#include "end.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "syscall.h"

/* An interrupted write is repeated, yet not for ever: the process must end. */
enum { WRITE_ATTEMPTS_MAX = 1000 };

void end_say(const char *text, size_t length)
{
    for (int attempt = 0; length > 0 && attempt < WRITE_ATTEMPTS_MAX; attempt++) {
        long written = SYSTEM_CALL(SYS_write, 2, text, length);
        if (written == -EINTR)
            continue;
        /* More than was asked for is an outer filter's invention. */
        if (written <= 0 || (size_t)written > length)
            return;
        text += written;
        length -= (size_t)written;
    }
}

void end_process(int status)
{
    const uint64_t all = UINT64_MAX;

    for (;;) {
        SYSTEM_CALL(SYS_exit_group, status);
        /* A filter may refuse even that. A fault whose signal is blocked kills, whatever handler
         * the program has for it. */
        SYSTEM_CALL(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof(all));
        __builtin_trap();
    }
}

void end_unexpected(const char *text)
{
    static const char prefix[] = "portcullis: error: unexpected: ";
    end_say(prefix, sizeof(prefix) - 1);
    end_say(text, strlen(text));
    end_say("\n", 1);
    end_process(STATUS_SYSTEM);
}
