/* Finding the environment on a stack, and taking the shim out of it. The stacks are built here, as
 * the kernel and ld.so leave them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/environment.c"

enum { WORDS = 4096, STRINGS = 512 };

struct stack {
    struct environment environment; /* with the kernel's vector, as if just asked for */
    unsigned long words[WORDS];
    char strings[STRINGS];
    size_t string_bytes;
    size_t argc;       /* where it is in WORDS, and the rest of the image below */
    size_t variables;  /* the first of the pointers */
    size_t vector;     /* the first word of the auxiliary vector */
    size_t vector_end; /* behind AT_NULL */
};

static unsigned long add_string(struct stack *stack, const char *text)
{
    char *copy = stack->strings + stack->string_bytes;
    stack->string_bytes += strlen(text) + 1;
    cr_assert_leq(stack->string_bytes, (size_t)STRINGS);
    memcpy(copy, text, strlen(text) + 1);
    return (uintptr_t)copy;
}

/* Builds what lies above the first frame: ARGUMENTS and VARIABLES end with NULL; NULLS stand behind
 * the variables. AT_RANDOM's bytes end the array, GAP words behind the vector. */
static struct stack *stack_build(const char *const *arguments, const char *const *variables,
                                 size_t nulls, size_t gap)
{
    static struct stack stack;
    memset(&stack, 0, sizeof(stack));
    unsigned long random = (uintptr_t)&stack.words[WORDS - 2];
    const unsigned long vector[] = {AT_SYSINFO_EHDR, 0x7fff0000, AT_PHDR,   0x1000,   AT_ENTRY,
                                    0x2000,          AT_BASE,    0x3000,    AT_FLAGS, 0,
                                    AT_UID,          0,          AT_SECURE, 0,        AT_RANDOM,
                                    random,          AT_NULL,    0};
    size_t length = sizeof(vector) / sizeof(*vector);
    memcpy(stack.environment.auxv.words, vector, sizeof(vector));
    stack.environment.auxv.count = length / 2 - 1;

    stack.vector_end = WORDS - 2 - gap;
    stack.vector = stack.vector_end - length;
    memcpy(&stack.words[stack.vector], vector, sizeof(vector));
    size_t count = 0;
    while (variables[count])
        count++;
    stack.variables = stack.vector - nulls - count;
    for (size_t i = 0; i < count; i++)
        stack.words[stack.variables + i] = add_string(&stack, variables[i]);
    unsigned long argc = 0;
    while (arguments[argc])
        argc++;
    stack.argc = stack.variables - 1 - argc - 1;
    stack.words[stack.argc] = argc;
    for (size_t i = 0; i < argc; i++)
        stack.words[stack.argc + 1 + i] = add_string(&stack, arguments[i]);
    return &stack;
}

static bool locate(struct stack *stack)
{
    return environment_locate(&stack->environment, stack->words);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING   ((const char *const[]){NULL})

static void expect_found(struct stack *stack, size_t count)
{
    cr_assert(locate(stack));
    cr_assert_eq(stack->environment.count, count);
    cr_assert_eq(stack->environment.stack_auxv, &stack->words[stack->vector]);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq((uintptr_t)stack->environment.variables[i],
                     stack->words[stack->variables + i]);
}

Test(environment, is_found_below_the_auxiliary_vector)
{
    for (size_t gap = 0; gap < 4; gap++) {
        expect_found(stack_build(LIST("a"), LIST("A=1"), 1, gap), 1);
        expect_found(stack_build(LIST("a", "b", "c"), LIST("A=1", "B=2", "C=3"), 1, gap), 3);
        expect_found(stack_build(LIST("a", "b", "c"), LIST("A=1"), 1, gap), 1);
    }
}

Test(environment, may_be_empty)
{
    expect_found(stack_build(LIST("a"), NOTHING, 1, 0), 0);
    expect_found(stack_build(LIST("a", "b", "c", "d"), NOTHING, 1, 1), 0);
}

Test(environment, may_have_lost_variables_to_unsetenv)
{
    for (size_t nulls = 2; nulls < 6; nulls++) {
        expect_found(stack_build(LIST("a", "b"), LIST("A=1", "B=2"), nulls, 0), 2);
        expect_found(stack_build(LIST("a", "b"), NOTHING, nulls, 0), 0);
    }
}

/* `ld.so OPTION... ./program` takes COUNT arguments away: all above argc moves down, the values for
 * the program are written over ld.so's own, and what was at the end stays there, stale. */
static void move_down(struct stack *stack, size_t count)
{
    size_t first = stack->argc + 1;
    stack->words[stack->argc] -= count;
    memmove(&stack->words[first], &stack->words[first + count],
            (stack->vector_end - first - count) * sizeof(unsigned long));
    stack->variables -= count;
    stack->vector -= count;
    stack->vector_end -= count;
    stack->words[stack->vector + 3] = 0x5000; /* AT_PHDR */
    stack->words[stack->vector + 5] = 0x6000; /* AT_ENTRY */
}

Test(environment, is_found_where_ld_so_has_moved_it)
{
    enum { MANY = 300 };
    const char *arguments[MANY + 1] = {0};
    for (size_t i = 0; i < MANY; i++)
        arguments[i] = "";
    for (size_t count = 1; count < MANY; count++) {
        struct stack *stack = stack_build(arguments, LIST("A=1", "B=2", "C=3"), 1, count % 3);
        move_down(stack, count);
        expect_found(stack, 3);
        cr_assert_eq(stack->environment.stack_auxv[3], 0x5000);
        stack = stack_build(arguments, NOTHING, 1, count % 3);
        move_down(stack, count);
        expect_found(stack, 0);
    }
}

Test(environment, is_not_found_where_there_is_no_such_vector)
{
    struct stack *stack = stack_build(LIST("a"), LIST("A=1"), 1, 0);
    stack->words[stack->vector] = AT_HWCAP;
    cr_assert_not(locate(stack), "another type");

    stack = stack_build(LIST("a"), LIST("A=1"), 1, 0);
    stack->words[stack->vector_end - 3] += 8;
    cr_assert_not(locate(stack), "another address of the random bytes");

    stack = stack_build(LIST("a"), LIST("A=1"), 1, 0);
    stack->words[stack->argc] = 7;
    cr_assert_not(locate(stack), "another number of arguments");

    stack = stack_build(LIST("a"), LIST("A=1"), 0, 0);
    cr_assert_not(locate(stack), "no NULL below it");

    stack = stack_build(LIST("a"), LIST("A=1"), 1, 0);
    cr_assert_not(environment_locate(&stack->environment, stack->words + WORDS),
                  "another stack than this one");
}

Test(environment, is_this_process_own)
{
    struct auxv auxv;
    long error;
    cr_assert_null(environment_ask_kernel(&auxv, &error));
    cr_assert_gt(auxv.count, (size_t)10);
    unsigned long page = 0;
    cr_assert(auxv_value(auxv.words, AT_PAGESZ, &page));
    cr_assert_eq(page, 4096);

    struct auxv other = {0};
    cr_assert_gt(read_auxv_file(other.words, sizeof(other.words)), 0);
    cr_assert_arr_eq(auxv.words, other.words, 2 * auxv.count * sizeof(unsigned long));
}

Test(environment, gives_the_first_of_several_values)
{
    struct stack *stack = stack_build(
        LIST("a"), LIST("NAMES=0", "NAME", "NAM=1", "NAME=first", "NAME=second", "EMPTY="), 1, 0);
    cr_assert(locate(stack));
    cr_assert_str_eq(environment_find(&stack->environment, "NAME"), "first");
    cr_assert_str_eq(environment_find(&stack->environment, "EMPTY"), "");
    cr_assert_null(environment_find(&stack->environment, "name"));
}

Test(environment, blanks_every_value_in_place)
{
    const char *const variables[] = {"A=/a/libportcullis.so",
                                     "PORTCULLIS_WHITELIST=/first.ini",
                                     "LD_PRELOAD=/a/libportcullis.so",
                                     "PORTCULLIS_WHITELISTS=kept",
                                     "PORTCULLIS_WHITELIST=/second.ini",
                                     "LD_PRELOAD=x.so:/b/libportcullis.so",
                                     "Z=z",
                                     NULL};
    const char *const blanked[] = {"A=/a/libportcullis.so",
                                   "PORTCULLIS_WHITELIST=",
                                   "LD_PRELOAD=",
                                   "PORTCULLIS_WHITELISTS=kept",
                                   "PORTCULLIS_WHITELIST=",
                                   "LD_PRELOAD=x.so",
                                   "Z=z"};
    struct stack *stack = stack_build(LIST("a"), variables, 1, 0);
    unsigned long before[WORDS];
    memcpy(before, stack->words, sizeof(before));
    cr_assert(locate(stack));
    environment_blank(&stack->environment, "/elsewhere/libportcullis.so");
    cr_assert_arr_eq(before, stack->words, sizeof(before), "nothing has moved");
    for (size_t i = 0; variables[i]; i++) {
        const char *variable = stack->environment.variables[i];
        cr_assert_str_eq(variable, blanked[i]);
        for (size_t byte = strlen(blanked[i]); byte <= strlen(variables[i]); byte++)
            cr_assert_eq(variable[byte], '\0');
    }
}

struct preload {
    const char *own; /* NULL: not known */
    const char *before;
    const char *after;
};

static const struct preload preloads[] = {
    {"/lib/libportcullis.so", "libportcullis.so", ""},
    {"/lib/libportcullis.so", "/lib/libportcullis.so a.so", "a.so"},
    {"/lib/libportcullis.so", "/lib/libportcullis.so:a.so:b.so", "a.so:b.so"},
    {"/lib/libportcullis.so", "a.so:/lib/libportcullis.so", "a.so"},
    {"/lib/libportcullis.so", "a.so /lib/libportcullis.so", "a.so"},
    {"/lib/libportcullis.so", "a.so:/lib/libportcullis.so b.so", "a.so:b.so"},
    {"/lib/libportcullis.so", "/$LIB/libportcullis.so:/usr/$LIB/libportcullis.so", ""},
    {"/lib/libportcullis.so", "a.so:libportcullis.so:libportcullis.so", "a.so"},
    {"/lib/libportcullis.so", "::libportcullis.so::", ":::"},
    {"/lib/libportcullis.so", "libportcullis.so.0:xlibportcullis.so", NULL},
    {"/lib/libportcullis.so", "/libportcullis.so/a.so:portcullis.so", NULL},
    {"/lib/libportcullis.so", "", NULL},
    {"/opt/gate.so", "/opt/gate.so:a.so", "a.so"},
    {"/opt/gate.so", "/opt/libportcullis.so", NULL},
    {"gate.so", "./gate.so", ""},
    {NULL, "a.so /opt/libportcullis.so", "a.so"},
    {NULL, "a.so", NULL},
};

Test(environment, own_entries_are_taken_out_of_a_preload_list)
{
    for (size_t i = 0; i < sizeof(preloads) / sizeof(*preloads); i++) {
        const struct preload *preload = &preloads[i];
        char variable[256];
        snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", preload->before);
        struct stack *stack = stack_build(LIST("a"), LIST(variable, "NEXT=next"), 1, 0);
        cr_assert(locate(stack));
        environment_blank(&stack->environment, preload->own);
        const char *value = environment_find(&stack->environment, "LD_PRELOAD");
        cr_expect_str_eq(value, preload->after ? preload->after : preload->before, "%s",
                         preload->before);
        cr_expect_str_eq(environment_find(&stack->environment, "NEXT"), "next");
    }
}
