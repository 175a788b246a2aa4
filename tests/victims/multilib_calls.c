/* What a 32-bit program can do that no other can: sockets by socketcall and directly, old calls and
 * new ones, and a system call of 64 bits. It does what its arguments say. Linked without -pie. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *what, int failed)
{
    printf("%s: %s\n", what, failed ? strerror(errno) : "allowed");
}

/* getppid by the 64-bit table: over to the 64-bit code segment and back. */
static long foreign_getppid(void)
{
    long result = 110;
    __asm__ volatile("lcall $0x33, $1f\n\t"
                     "jmp 2f\n\t"
                     ".code64\n"
                     "1:\n\t"
                     "syscall\n\t"
                     "lretl\n\t"
                     ".code32\n"
                     "2:"
                     : "+a"(result)
                     :
                     : "ecx", "memory", "cc");
    return result;
}

static void step(const char *name)
{
    struct stat status;
    if (strcmp(name, "socket") == 0)
        tell("socket by libc", socket(AF_UNIX, SOCK_STREAM, 0) < 0);
    else if (strcmp(name, "socketcall") == 0)
        tell("socket by socketcall",
             syscall(SYS_socketcall, 1, (long[]){AF_UNIX, SOCK_STREAM, 0}) < 0);
    else if (strcmp(name, "unix") == 0)
        tell("unix socket", syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) < 0);
    else if (strcmp(name, "inet") == 0)
        tell("inet socket", syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) < 0);
    else if (strcmp(name, "fstat") == 0)
        tell("fstat", fstat(1, &status) != 0);
    else if (strcmp(name, "execmem") == 0)
        tell("executable memory", mmap(NULL, 4096, PROT_READ | PROT_EXEC,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    else if (strcmp(name, "foreign") == 0)
        tell("64-bit getppid", foreign_getppid() < 0);
}

int main(int count, char **arguments)
{
    setlinebuf(stdout);
    for (int i = 1; i < count; i++)
        step(arguments[i]);
    return 0;
}
