/* Linked into the command of `make check-asan`: how the sanitizers tell what they find. Not by the
 * environment, which the programs that the command starts would have too. */
#ifndef ASAN_FINDINGS
#define ASAN_FINDINGS "findings"
#endif

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
    /* the command ends without releasing all; leaks would be looked for by ptrace */
    return "detect_leaks=0:log_path=" ASAN_FINDINGS;
}

const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1:log_path=" ASAN_FINDINGS;
}
