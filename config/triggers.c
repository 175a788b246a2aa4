#include "triggers.h"

#include <string.h>

/* Arrays, not pointers: those would be relocated at every start of a process. */
static const struct {
    char name[16];
    char symbols[32];
    char calls[32];
} TRIGGERS[] = {
    {"accept", "accept", "accept"},
    {"accept4", "accept4", "accept4"},
    {"epoll_pwait", "epoll_pwait", "epoll_pwait"},
    {"epoll_pwait2", "epoll_pwait2", "epoll_pwait2"},
    {"epoll_wait", "epoll_wait", "epoll_wait epoll_pwait"},
    {"main", "__libc_start_main", ""},
    {"nanosleep", "nanosleep", "nanosleep clock_nanosleep"},
    {"pause", "pause", "pause ppoll"},
    {"poll", "poll __poll_chk", "poll ppoll"},
    {"ppoll", "ppoll __ppoll_chk", "ppoll"},
    {"pselect", "pselect", "pselect6"},
    {"read", "read __read_chk", "read"},
    {"recv", "recv __recv_chk", "recvfrom"},
    {"recvfrom", "recvfrom __recvfrom_chk", "recvfrom"},
    {"recvmmsg", "recvmmsg", "recvmmsg"},
    {"recvmsg", "recvmsg", "recvmsg"},
    {"select", "select", "select pselect6"},
    {"sigsuspend", "sigsuspend", "rt_sigsuspend"},
    {"sigtimedwait", "sigtimedwait", "rt_sigtimedwait"},
    {"sigwait", "sigwait", "rt_sigtimedwait"},
    {"sigwaitinfo", "sigwaitinfo", "rt_sigtimedwait"},
    {"sleep", "sleep", "nanosleep clock_nanosleep"},
    {"waitpid", "waitpid", "wait4"},
};

_Static_assert(sizeof(TRIGGERS) / sizeof(TRIGGERS[0]) <= TRIGGERS_MAX, "a set is 32 bits");

int trigger_find(const char *name)
{
    for (size_t i = 0; i < trigger_count(); i++) {
        if (strcmp(TRIGGERS[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

uint32_t trigger_set(const char *words)
{
    uint32_t set = 0;

    while (*words != '\0') {
        size_t length = 0;
        uint32_t before = set;
        while (words[length] != '\0' && words[length] != ' ')
            length++;
        for (size_t i = 0; i < trigger_count(); i++) {
            if (strncmp(TRIGGERS[i].name, words, length) == 0 && TRIGGERS[i].name[length] == '\0')
                set |= UINT32_C(1) << i;
        }
        if (set == before)
            return 0;
        words += length + (words[length] == ' ');
    }
    return set;
}

size_t trigger_count(void)
{
    return sizeof(TRIGGERS) / sizeof(TRIGGERS[0]);
}

const char *trigger_name(size_t index)
{
    return TRIGGERS[index].name;
}

const char *trigger_symbols(size_t index)
{
    return TRIGGERS[index].symbols;
}

const char *trigger_calls(size_t index)
{
    return TRIGGERS[index].calls;
}
