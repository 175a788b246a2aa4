/* What else libseccomp, inih and the shim's own code want of a libc. All of it is hidden: the
 * program keeps its own. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "end.h"
#include "memfd.h"
#include "syscall.h"

/* Names that no header declares: they are for the compiler and for checked functions. */
_Noreturn void __stack_chk_fail(void);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
FILE *fopen64(const char *path, const char *mode);

/* An exception to "no mutable globals": the interfaces below demand an address that lasts. */
static struct {
    int error;
    const unsigned short *classes;
} state;

int *__errno_location(void)
{
    return &state.error;
}

static long result_of(long result)
{
    if (result >= 0 || result <= -4096)
        return result;
    errno = (int)-result;
    return -1;
}

/* What a character is, in the "C" locale. */
#define CONTROL  (unsigned short)_IScntrl
#define TAB      (unsigned short)(_IScntrl | _ISspace | _ISblank)
#define BREAK    (unsigned short)(_IScntrl | _ISspace)
#define BLANK    (unsigned short)(_ISspace | _ISblank | _ISprint)
#define MARK     (unsigned short)(_ISpunct | _ISgraph | _ISprint)
#define DIGIT    (unsigned short)(_ISdigit | _ISxdigit | _ISalnum | _ISgraph | _ISprint)
#define UPPER    (unsigned short)(_ISupper | _ISalpha | _ISalnum | _ISgraph | _ISprint)
#define LOWER    (unsigned short)(_ISlower | _ISalpha | _ISalnum | _ISgraph | _ISprint)
#define A_TO_F   (unsigned short)(UPPER | _ISxdigit)
#define a_TO_f   (unsigned short)(LOWER | _ISxdigit)
#define TWICE(x) x, x
#define FOUR(x)  TWICE(x), TWICE(x)
#define EIGHT(x) FOUR(x), FOUR(x)

/* From -128 to 255; what is not named is nothing. */
enum { LOWEST = 128 };
static const unsigned short classes[LOWEST + 256] = {
    [LOWEST] = EIGHT(CONTROL), /* 0 to 8 */
    CONTROL,
    TAB,
    FOUR(BREAK),
    TWICE(CONTROL),
    EIGHT(CONTROL),
    EIGHT(CONTROL),
    BLANK,
    TWICE(MARK),
    FOUR(MARK),
    EIGHT(MARK),
    MARK, /* space to / */
    EIGHT(DIGIT),
    TWICE(DIGIT),
    FOUR(MARK),
    TWICE(MARK),
    MARK, /* 0 to @ */
    FOUR(A_TO_F),
    TWICE(A_TO_F),
    EIGHT(UPPER),
    EIGHT(UPPER),
    FOUR(UPPER),
    FOUR(MARK),
    TWICE(MARK),
    FOUR(a_TO_f),
    TWICE(a_TO_f),
    EIGHT(LOWER),
    EIGHT(LOWER),
    FOUR(LOWER),
    FOUR(MARK),
    CONTROL,
};

/* The pointer is set here: an initialised one would be a relocation. */
const unsigned short **__ctype_b_loc(void)
{
    state.classes = classes + LOWEST;
    return &state.classes;
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    return (int)result_of(SYSTEM_CALL(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t read(int fd, void *buffer, size_t length)
{
    return result_of(SYSTEM_CALL(SYS_read, fd, buffer, length));
}

ssize_t write(int fd, const void *buffer, size_t length)
{
    if (fd == MEMFD)
        return memfd_write(buffer, length);
    return result_of(SYSTEM_CALL(SYS_write, fd, buffer, length));
}

int fstat(int fd, struct stat *status)
{
    return (int)result_of(SYSTEM_CALL(CALL_FSTAT, fd, status));
}

int close(int fd)
{
    if (fd == MEMFD)
        return memfd_close();
    return (int)result_of(SYSTEM_CALL(SYS_close, fd));
}

int dup(int fd)
{
    return (int)result_of(SYSTEM_CALL(SYS_dup, fd));
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    return (int)result_of(SYSTEM_CALL(SYS_ioctl, fd, request, argument));
}

/* The kernel takes all arguments as unsigned long; whoever passes fewer, or narrower ones, gets
 * what a libc would give: whatever the registers hold. */
int prctl(int option, ...)
{
    va_list list;
    va_start(list, option);
    long a = va_arg(list, long);
    long b = va_arg(list, long);
    long c = va_arg(list, long);
    long d = va_arg(list, long);
    va_end(list);
    return (int)result_of(SYSTEM_CALL(SYS_prctl, option, a, b, c, d));
}

long syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long);
    long b = va_arg(list, long);
    long c = va_arg(list, long);
    long d = va_arg(list, long);
    long e = va_arg(list, long);
    long f = va_arg(list, long);
    va_end(list);
    return result_of(SYSTEM_CALL(number, a, b, c, d, e, f));
}

/* The paths below are never taken. Should one be, the program must not start. */

void __stack_chk_fail(void)
{
    end_unexpected("the stack is damaged");
}

#ifdef __i386__
/* What position independent code calls instead, to spare itself a way over the table of imports. */
void __stack_chk_fail_local(void);
void __stack_chk_fail_local(void)
{
    __stack_chk_fail();
}
#endif

#ifdef __aarch64__
/* On x86_64 the host's libc keeps the value in the thread's control block; here it has a name. A
 * fixed one still notices an overrun; no import is worth a better one. */
extern const unsigned long __stack_chk_guard;
const unsigned long __stack_chk_guard = 0x00000aff0a0d0000UL;
#endif

void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    (void)file;
    (void)line;
    (void)function;
    end_unexpected(assertion);
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    (void)stream;
    (void)flag;
    end_unexpected(format);
}

FILE *fopen64(const char *path, const char *mode)
{
    (void)mode;
    end_unexpected(path);
}

FILE *fdopen(int fd, const char *mode)
{
    (void)fd;
    end_unexpected(mode);
}

char *fgets(char *restrict buffer, int size, FILE *restrict stream)
{
    (void)buffer;
    (void)size;
    (void)stream;
    end_unexpected("fgets");
}

size_t fwrite(const void *restrict data, size_t size, size_t count, FILE *restrict stream)
{
    (void)data;
    (void)size;
    (void)count;
    (void)stream;
    end_unexpected("fwrite");
}

int fflush(FILE *stream)
{
    (void)stream;
    end_unexpected("fflush");
}

int fclose(FILE *stream)
{
    (void)stream;
    end_unexpected("fclose");
}
