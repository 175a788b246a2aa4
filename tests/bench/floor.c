/* The least that a preload can do: it loads a ready program, the file that $FLOOR names. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((constructor)) static void load(void)
{
    static struct sock_filter code[4096];
    const char *path = getenv("FLOOR");
    int descriptor = open(path ? path : "", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(descriptor, code, sizeof(code));

    if (size <= 0 || close(descriptor) != 0)
        _exit(99);
    struct sock_fprog program = {(unsigned short)((size_t)size / sizeof(*code)), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        _exit(99);
}
