/* What the shim has instead of a libc: errors as libc tells them, characters as the "C" locale
 * knows them, and an end with a message for whatever must not be called. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define __errno_location shim_errno_location
#define __ctype_b_loc    shim_ctype_b_loc
#define __stack_chk_fail shim_stack_chk_fail
#define __assert_fail    shim_assert_fail
#define __fprintf_chk    shim_fprintf_chk
#define strdup           shim_strdup
#define open             shim_open
#define read             shim_read
#define pread            shim_pread
#define write            shim_write
#define lseek            shim_lseek
#define fstat            shim_fstat
#define close            shim_close
#define dup              shim_dup
#define memfd_create     shim_memfd_create
#define ioctl            shim_ioctl
#define prctl            shim_prctl
#define syscall          shim_syscall
#define fopen64          shim_fopen64
#define fdopen           shim_fdopen
#define fgets            shim_fgets
#define fwrite           shim_fwrite
#define fflush           shim_fflush
#define fclose           shim_fclose
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
int *__errno_location(void);
#include "../../shim/freestanding/libc.c"
#include "../../shim/freestanding/memfd.c"
#pragma GCC diagnostic pop
#include "../../shim/freestanding/end.c"

Test(libc, characters_are_those_of_the_c_locale)
{
    const unsigned short *ours = *shim_ctype_b_loc();
#undef __ctype_b_loc
    const unsigned short *theirs = *__ctype_b_loc();
    for (int character = -128; character < 256; character++)
        cr_assert_eq(ours[character], theirs[character], "%d", character);
}

Test(libc, a_failed_call_returns_minus_one_and_sets_errno)
{
    errno = 0;
    cr_assert_eq(shim_open("/nowhere/at/all", O_RDONLY), -1);
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(shim_close(-1), -1);
    cr_assert_eq(errno, EBADF);
    char byte;
    cr_assert_eq(shim_read(-1, &byte, 1), -1);
    cr_assert_eq(shim_ioctl(-1, TIOCGWINSZ, &byte), -1);
    cr_assert_eq(shim_prctl(-1, 0, 0, 0, 0), -1);
    cr_assert_eq(errno, EINVAL);
}

/* The real one, by the kernel. */
static int real_memfd(void)
{
    return (int)shim_syscall(SYS_memfd_create, "test", (long)MFD_CLOEXEC);
}

Test(libc, a_file_is_written_and_read)
{
    int fd = real_memfd();
    cr_assert_geq(fd, 0);
    cr_assert_eq(shim_write(fd, "portcullis", 10), 10);
    cr_assert_eq(shim_syscall(SYS_lseek, (long)fd, 8L, (long)SEEK_SET), 8);
    char text[8] = "";
    cr_assert_eq(shim_read(fd, text, sizeof(text)), 2);
    cr_assert_str_eq(text, "is");
    struct stat status = {0};
    cr_assert_eq(shim_fstat(fd, &status), 0);
    cr_assert_eq(status.st_size, 10);
    cr_assert(S_ISREG(status.st_mode));
    int copy = shim_dup(fd);
    cr_assert_gt(copy, fd);
    cr_assert_eq(shim_close(copy), 0);
    cr_assert_eq(shim_close(fd), 0);
}

Test(memfd, what_was_written_is_read)
{
    char text[8] = "";
    int fd = shim_memfd_create("test", MFD_CLOEXEC);
    cr_assert_eq(fd, INT_MAX);
    cr_assert_eq(shim_lseek(fd, 0, SEEK_CUR), 0);
    cr_assert_eq(shim_write(fd, "port", 4), 4);
    cr_assert_eq(shim_write(fd, "cullis", 6), 6);
    cr_assert_eq(shim_lseek(fd, 0, SEEK_CUR), 10);
    cr_assert_eq(shim_pread(fd, text, 4, 4), 4);
    cr_assert_str_eq(text, "cull");
    cr_assert_eq(shim_pread(fd, text, 4, 8), 2);
    cr_assert_eq(shim_pread(fd, text, 4, 10), 0);
    cr_assert_eq(shim_pread(fd, text, 4, 11), -1);
    cr_assert_eq(shim_close(fd), 0);
}

Test(memfd, a_new_one_is_empty)
{
    int fd = shim_memfd_create("test", MFD_CLOEXEC);
    for (int i = 0; i < 10000; i++)
        cr_assert_eq(shim_write(fd, "12345678", 8), 8);
    cr_assert_eq(shim_lseek(fd, 0, SEEK_CUR), 80000);
    cr_assert_eq(shim_close(fd), 0);
    cr_assert_eq(shim_lseek(shim_memfd_create("test", 0), 0, SEEK_CUR), 0);
}

Test(libc, six_arguments_reach_the_kernel)
{
    int fd = real_memfd();
    cr_assert_eq(pwrite(fd, "text", 4, 4096), 4);
    long page = CALL_MMAP == SYS_mmap ? 4096 : 1; /* mmap2 counts in pages */
    long address =
        shim_syscall(CALL_MMAP, 0L, 4096L, (long)PROT_READ, (long)MAP_PRIVATE, (long)fd, page);
    cr_assert_neq(address, -1);
    cr_assert_arr_eq((const char *)address, "text", 4);
    cr_assert_eq(shim_syscall(CALL_MMAP, 0L, 4096L, (long)PROT_READ, (long)MAP_PRIVATE, -1L, page),
                 -1);
    cr_assert_eq(errno, EBADF);
}

Test(libc, a_file_is_created_with_its_mode)
{
    char name[] = "/tmp/portcullis-libc.XXXXXX";
    cr_assert_not_null(mkdtemp(name));
    char path[64];
    snprintf(path, sizeof(path), "%s/file", name);
    umask(0);
    int fd = shim_open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
    struct stat status = {0};
    cr_assert_eq(shim_fstat(fd, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0640);
    unlink(path);
    rmdir(name);
}

Test(libc, a_text_is_duplicated)
{
    char *copy = shim_strdup("text");
    cr_assert_str_eq(copy, "text");
    free(copy);
}

Test(libc, a_damaged_stack_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    shim_stack_chk_fail();
}

Test(libc, a_failed_assertion_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    shim_assert_fail("x == y", "file.c", 1, "function");
}

Test(libc, opening_a_stream_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    (void)shim_fopen64("/dev/null", "r");
}

Test(libc, printing_to_a_stream_ends_the_process, .exit_code = STATUS_SYSTEM)
{
    (void)shim_fprintf_chk(NULL, 1, "%d", 1);
}
