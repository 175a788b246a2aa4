/* System calls without a libc: a host may define a function called syscall(), open() or write() of
 * its own, and every library in its process would then call that one. */
#ifndef PORTCULLIS_SHIM_FREESTANDING_SYSCALL_H
#define PORTCULLIS_SHIM_FREESTANDING_SYSCALL_H

#include <sys/syscall.h>

#if defined(__x86_64__)

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return x0;
}

#elif defined(__i386__)

/* Six arguments and the number take every register but the stack pointer; %ebp may be the frame's.
 * So the sixth goes over the stack. */
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    __asm__ volatile("pushl %7\n\t"
                     "pushl %%ebp\n\t"
                     "movl 4(%%esp), %%ebp\n\t"
                     "int $0x80\n\t"
                     "popl %%ebp\n\t"
                     "addl $4, %%esp"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), "m"(f)
                     : "memory", "cc");
    return result;
}

#else
#error "system calls are known for x86_64, i386 and aarch64 only"
#endif

/* Where 32 bits are too few for a file's size or an offset, the call has another name. The
 * structures are those of the C library's headers with _FILE_OFFSET_BITS=64. */
#if defined(__i386__)
enum { CALL_MMAP = SYS_mmap2, CALL_FSTAT = SYS_fstat64, CALL_FSTATAT = SYS_fstatat64 };
#else
enum { CALL_MMAP = SYS_mmap, CALL_FSTAT = SYS_fstat, CALL_FSTATAT = SYS_newfstatat };
#endif

#define SYSTEM_CALL_PADDED(number, a, b, c, d, e, f, ...)                                          \
    system_call((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* SYSTEM_CALL(number, up to six arguments): what the kernel returns, a negative errno on failure.
 * Arguments that are not given are 0. */
#define SYSTEM_CALL(...) SYSTEM_CALL_PADDED(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
