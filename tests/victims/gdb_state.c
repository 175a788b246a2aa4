/* For gdb, preloaded: the kernel takes a thread's extended state (SSE, AVX ...) only as a whole,
 * and gdb 13 writes no more of it than it knows, which on a processor with AMX is too little: then
 * it can call nothing ("Couldn't write extended state status: Bad address"). What it leaves out
 * stays as it is. */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long (*ptrace_function)(enum __ptrace_request request, pid_t thread, void *address,
                                void *data);

long ptrace(enum __ptrace_request request, ...)
{
    static char state[1 << 16];
    struct iovec whole = {state, sizeof(state)};
    va_list rest;

    va_start(rest, request);
    pid_t thread = va_arg(rest, pid_t);
    void *address = va_arg(rest, void *);
    void *data = va_arg(rest, void *);
    va_end(rest);
    ptrace_function real = (ptrace_function)dlsym(RTLD_NEXT, "ptrace");
    if (request != PTRACE_SETREGSET || (uintptr_t)address != NT_X86_XSTATE ||
        real(PTRACE_GETREGSET, thread, address, &whole) != 0)
        return real(request, thread, address, data);
    const struct iovec *part = data;
    if (part->iov_len >= whole.iov_len)
        return real(request, thread, address, data);
    memcpy(state, part->iov_base, part->iov_len);
    return real(request, thread, address, &whole);
}
