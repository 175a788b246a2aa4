/* Preloaded, it makes one call that strace shows and nobody else makes, where the program begins.
 * It needs no libc, so that it changes nothing else. */
#include <sys/syscall.h>

__attribute__((constructor)) static void mark(void)
{
    long result = SYS_close;

    __asm__ volatile("syscall" : "+a"(result) : "D"(-4711) : "rcx", "r11", "memory");
}
