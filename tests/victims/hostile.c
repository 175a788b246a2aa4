/* A program that defines one of the functions that a shim might call: SYMBOL, with the body LIE.
 * What it says itself it says by system calls alone, as it can't rely on its own functions. It is
 * linked with -rdynamic, so that libraries find the function here before they find the libc's. */
#include "../../shim/freestanding/syscall.h"

enum { STATUS_CALLED = 99 };

long SYMBOL(void);
__attribute__((visibility("default"))) long SYMBOL(void)
{
    LIE;
}

int main(void)
{
    static const char allowed[] = "allowed\n";
    static const char refused[] = "refused\n";
    long parent = SYSTEM_CALL(SYS_getppid);
    SYSTEM_CALL(SYS_write, 1, parent < 0 ? refused : allowed, sizeof(allowed) - 1);
    SYSTEM_CALL(SYS_exit_group, 0);
    __builtin_trap();
}
