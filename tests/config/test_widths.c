/* Whether the kernel consumes arguments as wide as the exceptions say: garbage above the cut must
 * make no difference, and be refused where nothing is said to be cut. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../config/prototypes.h"

static const unsigned long GARBAGE = 0xdeadbeef00000000UL;

/* syscall(2) is variadic: an int there brings garbage of its own. */
#define CALL(number, a, b, c, d, e, f)                                                             \
    syscall(number, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c),                    \
            (unsigned long)(d), (unsigned long)(e), (unsigned long)(f))

static unsigned width(const char *call, const char *name)
{
    const struct prototype *prototype = prototype_find(call);
    cr_assert_not_null(prototype, "%s", call);
    int index = prototype_argument(prototype, name);
    cr_assert(index >= 0, "%s %s", call, name);
    return prototype->arguments[index].width;
}

static void *page(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    return memory;
}

Test(widths, mmap_cuts_prot_flags_and_fd)
{
    cr_expect(width("mmap", "prot") == 32 && width("mmap", "flags") == 32);
    cr_expect_eq(width("mmap", "fd"), 32);
    long address = CALL(SYS_mmap, 0, 4096, GARBAGE | PROT_READ | PROT_WRITE,
                        GARBAGE | MAP_PRIVATE | MAP_ANONYMOUS, GARBAGE | 0xffffffff, 0);
    cr_assert_neq(address, -1, "errno %d", errno);
    *(volatile char *)address = 1; /* PROT_WRITE was heard */
}

Test(widths, readv_and_its_kin_cut_the_descriptor_and_the_count)
{
    char byte;
    struct iovec vector = {&byte, 1};
    int zero = open("/dev/zero", O_RDONLY);
    unsigned long fd = GARBAGE | (unsigned long)zero, count = GARBAGE | 1;

    cr_expect(width("readv", "fd") == 32 && width("readv", "iovcnt") == 32);
    cr_expect_eq(CALL(SYS_readv, fd, &vector, count, 0, 0, 0), 1);
    cr_expect(width("preadv", "fd") == 32 && width("preadv", "iovcnt") == 32);
    cr_expect_eq(CALL(SYS_preadv, fd, &vector, count, 0, GARBAGE, 0), 1);
    cr_expect(width("preadv2", "fd") == 32 && width("preadv2", "iovcnt") == 32);
    cr_expect_eq(CALL(SYS_preadv2, fd, &vector, count, 0, GARBAGE, 0), 1);
    close(zero);
}

Test(widths, fcntl_cuts_the_numbers_it_takes)
{
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    cr_expect_eq(width("fcntl", "arg"), 32);
    cr_expect_eq(CALL(SYS_fcntl, pipes[0], F_SETFL, GARBAGE | O_NONBLOCK, 0, 0, 0), 0);
    cr_expect(fcntl(pipes[0], F_GETFL) & O_NONBLOCK);
    cr_expect_eq(CALL(SYS_fcntl, pipes[0], F_SETFD, GARBAGE | FD_CLOEXEC, 0, 0, 0), 0);
    cr_expect_eq(fcntl(pipes[0], F_GETFD), FD_CLOEXEC);
    cr_expect_geq(CALL(SYS_fcntl, pipes[0], F_DUPFD, GARBAGE | 50, 0, 0, 0), 50);
}

Test(widths, clone_cuts_its_flags)
{
    cr_expect_eq(width("clone", "flags"), 32);
    long child = CALL(SYS_clone, GARBAGE | SIGCHLD, 0, 0, 0, 0, 0);
    if (child == 0) {
        _exit(7);
    }
    int status = 0;
    cr_assert_eq(waitpid((pid_t)child, &status, 0), child);
    cr_expect_eq(WEXITSTATUS(status), 7);
}

Test(widths, ptrace_cuts_the_pid_and_not_the_request)
{
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    cr_expect(width("ptrace", "pid") == 32 && width("ptrace", "request") == 64);
    unsigned long pid = GARBAGE | (unsigned long)child;
    long whole = CALL(SYS_ptrace, GARBAGE | PTRACE_SEIZE, child, 0, 0, 0, 0);
    cr_expect_eq(whole, -1);
    cr_expect_eq(CALL(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0, 0, 0), 0, "errno %d", errno);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

Test(widths, fchmod_takes_16_bits_of_the_mode)
{
    struct stat status;
    int fd = memfd_create("mode", 0);
    cr_expect_eq(width("fchmod", "mode"), 16);
    cr_expect_eq(CALL(SYS_fchmod, fd, GARBAGE | 0xdead0000 | 0640, 0, 0, 0, 0), 0);
    cr_assert_eq(fstat(fd, &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0640);
}

Test(widths, process_vm_readv_cuts_the_local_count_alone)
{
    char from = 'x', to = 0;
    struct iovec local = {&to, 1}, remote = {&from, 1};
    cr_expect(width("process_vm_readv", "liovcnt") == 32 &&
              width("process_vm_readv", "riovcnt") == 64 &&
              width("process_vm_readv", "flags") == 64);
    pid_t pid = getpid();
    cr_expect_eq(CALL(SYS_process_vm_readv, pid, &local, GARBAGE | 1, &remote, 1, 0), 1);
    cr_expect_eq(CALL(SYS_process_vm_readv, pid, &local, 1, &remote, GARBAGE | 1, 0), -1);
    cr_expect_eq(CALL(SYS_process_vm_readv, pid, &local, 1, &remote, 1, GARBAGE), -1);
}

Test(widths, flags_that_stay_64_bits_wide_are_refused_with_garbage)
{
    cr_expect_eq(width("unshare", "flags"), 64);
    cr_expect_eq(CALL(SYS_unshare, GARBAGE | CLONE_FILES, 0, 0, 0, 0, 0), -1);
    cr_expect_eq(errno, EINVAL);
    cr_expect_eq(width("mremap", "flags"), 64);
    cr_expect_eq(syscall(SYS_mremap, page(), 4096, 4096, GARBAGE | MREMAP_MAYMOVE, 0), -1);
    cr_expect_eq(errno, EINVAL);
}
