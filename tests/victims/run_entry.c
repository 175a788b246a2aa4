/* As run_victim.c, and tells when its very first instructions run. Linked with -e first. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

__asm__(".globl first\n"
        "first:\n"
        "    push %rdx\n"
        "    mov $1, %eax\n" /* write(1, text, 6) */
        "    mov $1, %edi\n"
        "    lea text(%rip), %rsi\n"
        "    mov $6, %edx\n"
        "    syscall\n"
        "    pop %rdx\n"
        "    jmp _start\n"
        "text: .ascii \"entry\\n\"\n");

int main(int count, char **arguments)
{
    if (count > 1 && mkdir(arguments[1], 0700) < 0 && errno == EPERM)
        puts("filtered");
    else
        puts("NOT FILTERED");
    return 0;
}
