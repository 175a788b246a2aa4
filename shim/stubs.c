#include "stubs.h"

#if STUBS_SUPPORTED

union stubs_page stubs_page __attribute__((aligned(STUBS_PAGE)));

_Static_assert(offsetof(struct stubs, state) == 0, "the assembler below counts on it");
_Static_assert(offsetof(struct stubs, real) == 8, "the assembler below counts on it");
_Static_assert(offsetof(struct stubs_state, main) == 4096, "the assembler below counts on it");
_Static_assert(STUBS_MAX == 48 && STUB_BYTES == 64, "the assembler below counts on it");

/* r10 and r11 are nobody's at a call. None of the functions takes arguments in vector registers. */
#if defined(__x86_64__)
__asm__(".text\n"
        ".balign 64\n"
        "stubs_first:\n"
        ".set stub, 0\n"
        ".rept 48\n"
        "    .balign 64\n"
        "    endbr64\n"
        "    movq stubs_page(%rip), %r11\n"
        "    cmpb $0, stub(%r11)\n"
        "    je 1f\n"
        "    jmp *stubs_page+8+8*stub(%rip)\n"
        "1:  movl $stub, %r10d\n"
        "    jmp stubs_slow\n"
        "    .set stub, stub+1\n"
        ".endr\n"
        ".balign 64\n"
        "stubs_slow:\n"
        "    pushq %rdi\n"
        "    pushq %rsi\n"
        "    pushq %rdx\n"
        "    pushq %rcx\n"
        "    pushq %r8\n"
        "    pushq %r9\n"
        "    pushq %rax\n"
        "    pushq %r10\n"
        "    movl %r10d, %edi\n"
        "    pushq %rbp\n"
        "    movq %rsp, %rbp\n"
        "    andq $-16, %rsp\n"
        "    call stubs_reached\n"
        "    movq %rbp, %rsp\n"
        "    popq %rbp\n"
        "    popq %r10\n"
        "    popq %rax\n"
        "    popq %r9\n"
        "    popq %r8\n"
        "    popq %rcx\n"
        "    popq %rdx\n"
        "    popq %rsi\n"
        "    popq %rdi\n"
        "    leaq stubs_page+8(%rip), %r11\n"
        "    jmp *(%r11,%r10,8)\n"
        /* main(argc, argv, envp): the last stub's work first */
        "stubs_main:\n"
        "    endbr64\n"
        "    pushq %rdi\n"
        "    pushq %rsi\n"
        "    pushq %rdx\n"
        "    movl $47, %edi\n"
        "    call stubs_reached\n"
        "    popq %rdx\n"
        "    popq %rsi\n"
        "    popq %rdi\n"
        "    movq stubs_page(%rip), %r11\n"
        "    jmp *4096(%r11)\n"
        "stubs_start_main:\n"
        "    endbr64\n"
        "    movq stubs_page(%rip), %r11\n"
        "    movq %rdi, 4096(%r11)\n"
        "    leaq stubs_main(%rip), %rdi\n"
        "    jmp *stubs_page+8+8*47(%rip)\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".balign 64\n"
        "stubs_first:\n"
        ".set stub, 0\n"
        ".rept 48\n"
        "    .balign 64\n"
        "    hint #34\n" /* bti c */
        "    adrp x16, stubs_page\n"
        "    ldr x17, [x16]\n"
        "    ldrb w17, [x17, #stub]\n"
        "    cbz w17, 1f\n"
        "    ldr x16, [x16, #8+8*stub]\n"
        "    br x16\n"
        "1:  mov x17, #stub\n"
        "    b stubs_slow\n"
        "    .set stub, stub+1\n"
        ".endr\n"
        ".balign 64\n"
        "stubs_slow:\n"
        "    stp x29, x30, [sp, #-96]!\n"
        "    mov x29, sp\n"
        "    stp x0, x1, [sp, #16]\n"
        "    stp x2, x3, [sp, #32]\n"
        "    stp x4, x5, [sp, #48]\n"
        "    stp x6, x7, [sp, #64]\n"
        "    stp x8, x17, [sp, #80]\n"
        "    mov x0, x17\n"
        "    bl stubs_reached\n"
        "    ldp x8, x17, [sp, #80]\n"
        "    ldp x6, x7, [sp, #64]\n"
        "    ldp x4, x5, [sp, #48]\n"
        "    ldp x2, x3, [sp, #32]\n"
        "    ldp x0, x1, [sp, #16]\n"
        "    ldp x29, x30, [sp], #96\n"
        "    adrp x16, stubs_page\n"
        "    add x16, x16, #8\n"
        "    ldr x16, [x16, x17, lsl #3]\n"
        "    br x16\n"
        "stubs_main:\n"
        "    hint #34\n"
        "    stp x29, x30, [sp, #-48]!\n"
        "    mov x29, sp\n"
        "    stp x0, x1, [sp, #16]\n"
        "    str x2, [sp, #32]\n"
        "    mov x0, #47\n"
        "    bl stubs_reached\n"
        "    ldr x2, [sp, #32]\n"
        "    ldp x0, x1, [sp, #16]\n"
        "    ldp x29, x30, [sp], #48\n"
        "    adrp x16, stubs_page\n"
        "    ldr x16, [x16]\n"
        "    ldr x16, [x16, #4096]\n"
        "    br x16\n"
        "stubs_start_main:\n"
        "    hint #34\n"
        "    adrp x16, stubs_page\n"
        "    ldr x17, [x16]\n"
        "    str x0, [x17, #4096]\n"
        "    adrp x0, stubs_main\n"
        "    add x0, x0, :lo12:stubs_main\n"
        "    ldr x16, [x16, #8+8*47]\n"
        "    br x16\n");
#endif

extern const char stubs_first[] __attribute__((visibility("hidden")));
extern const char stubs_start_main[] __attribute__((visibility("hidden")));

uintptr_t stubs_at(size_t index)
{
    return (uintptr_t)stubs_first + index * STUB_BYTES;
}

uintptr_t stubs_for_main(void)
{
    return (uintptr_t)stubs_start_main;
}
#endif
