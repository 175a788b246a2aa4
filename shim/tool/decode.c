#include "decode.h"

#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "../../config/constants.h"
#include "call.h"
#include "decode_table.h"

enum { DECIMAL_MAX = (1 << 24) - 1 };

const struct prototype *decode_prototype(int number)
{
    char name[CALL_NAME_MAX];

    return prototype_find(call_name(number, name));
}

uint64_t decode_cut(const struct argument *argument, uint64_t value)
{
    if (argument->width == 16)
        return value & 0xffff;
    if (argument->width == 32)
        return argument->is_signed ? (uint64_t)(int32_t)(uint32_t)value : value & 0xffffffff;
    return value;
}

/* Text that is added to until it is full. */
struct writing {
    char *text;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct writing *writing, const char *format,
                                                      ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(writing->text + writing->length, DECODE_VALUE_MAX - writing->length,
                           format, arguments);
    va_end(arguments);
    writing->length += length > 0 ? (size_t)length : 0;
    if (writing->length >= DECODE_VALUE_MAX)
        writing->length = DECODE_VALUE_MAX - 1;
}

/* How much NAME is wanted by WORDS, each a "NAME" or a "PREFIX*": the position of the first word
 * that means it, from 1; 0 if none does, or if that one has a '-' before it. */
static size_t wanted(const char *words, const char *name)
{
    for (size_t position = 1; *words != '\0'; position++) {
        bool unwanted = *words == '-';
        const char *word = words + unwanted;
        size_t same = 0;
        while (name[same] != '\0' && word[same] == name[same])
            same++;
        word += same;
        if (*word == '*' || (name[same] == '\0' && (*word == ' ' || *word == '\0')))
            return unwanted ? 0 : position;
        while (*word != ' ' && *word != '\0')
            word++;
        words = *word == ' ' ? word + 1 : word;
    }
    return 0;
}

uint64_t decode_bits(const struct argument *argument)
{
    return argument->width == 64 ? ~UINT64_C(0) : (UINT64_C(1) << argument->width) - 1;
}

/* The name that WORDS have for VALUE, or NULL. */
static const char *name_of(const char *words, uint64_t bits, uint64_t value)
{
    const char *best = NULL;
    size_t best_position = 0;

    for (size_t i = 0; (i = constant_seek(i, bits, value)) < constant_count(); i++) {
        uint64_t above = (uint64_t)constant_value(i) & ~bits;
        if (above != 0 && above != ~bits)
            continue; /* it is wider than the argument: CLONE_CLEAR_SIGHAND is no 0 */
        size_t position = wanted(words, constant_name(i));
        if (position > 0 && (!best || position < best_position)) {
            best = constant_name(i);
            best_position = position;
        }
    }
    return best;
}

/* The one of WORDS that names the most of the bits in VALUE and no other, or -1. */
static ssize_t widest_flag(const char *words, uint64_t value)
{
    ssize_t best = -1;
    size_t best_position = 0;
    int best_bits = 0;

    for (size_t i = 0; i < constant_count(); i++) {
        uint64_t flag = (uint64_t)constant_value(i);
        int count = __builtin_popcountll(flag);
        if (count == 0 || (flag & ~value) != 0 || count < best_bits)
            continue;
        size_t position = wanted(words, constant_name(i));
        if (position == 0 || (count == best_bits && position >= best_position))
            continue;
        best = (ssize_t)i;
        best_bits = count;
        best_position = position;
    }
    return best;
}

static void add_number(struct writing *writing, const struct argument *argument, uint64_t value)
{
    int64_t number = (int64_t)value;

    if (argument->width == 16)
        add(writing, value ? "0%" PRIo64 : "%" PRIo64, value);
    else if (argument->is_signed && number < 0 && number >= -DECIMAL_MAX)
        add(writing, "%" PRId64, number);
    else if (value <= DECIMAL_MAX)
        add(writing, "%" PRIu64, value);
    else
        add(writing, "0x%" PRIx64, value & decode_bits(argument));
}

/* "O_WRONLY|O_CREAT|0x40000000": the number among the flags first, unknown bits last. WHOLE: a
 * number that is zero is told, too. */
static void add_flags(struct writing *writing, const struct argument *argument,
                      const struct meaning *meaning, uint64_t value, bool whole)
{
    const char *field_name = prototype_text(argument->field);
    int64_t field = 0;
    bool any = false;

    value &= decode_bits(argument);
    if (argument->field != 0 && constant_find(field_name, &field)) {
        uint64_t number = value & (uint64_t)field;
        const char *name = name_of(meaning->numbers, decode_bits(argument), number);
        value &= ~(uint64_t)field;
        any = number != 0 || (whole && name);
        if (any && name)
            add(writing, "%s", name);
        else if (any)
            add(writing, "%" PRIu64, number);
    }
    for (ssize_t i; value != 0 && (i = widest_flag(meaning->flags, value)) >= 0;) {
        add(writing, "%s%s", any ? "|" : "", constant_name((size_t)i));
        value &= ~(uint64_t)constant_value((size_t)i);
        any = true;
    }
    const char *none = any ? NULL : name_of(meaning->flags, decode_bits(argument), value);
    if (none)
        add(writing, "%s", none);
    else if (value != 0)
        add(writing, "%s0x%" PRIx64, any ? "|" : "", value);
    else if (!any)
        add(writing, "0");
}

const char *decode_value(const char *call, const struct argument *argument, uint64_t value,
                         char *text)
{
    struct writing writing = {text, 0};
    const struct meaning *meaning = decode_meaning(call, prototype_text(argument->name));
    const char *name = NULL;

    value = decode_cut(argument, value);
    *text = '\0';
    if (meaning && meaning->flags) {
        add_flags(&writing, argument, meaning, value, true);
        return text;
    }
    if (meaning && meaning->numbers)
        name = name_of(meaning->numbers, decode_bits(argument), value);
    if (name)
        add(&writing, "%s", name);
    else if (meaning && meaning->octal)
        add(&writing, value ? "0%" PRIo64 : "%" PRIo64, value);
    else if (argument->is_pointer || (meaning && meaning->address))
        add(&writing, value ? "0x%" PRIx64 : "NULL", value);
    else
        add_number(&writing, argument, value);
    return text;
}

const char *decode_flags(const char *call, const struct argument *argument, uint64_t value,
                         char *text)
{
    struct writing writing = {text, 0};
    const struct meaning *meaning = decode_meaning(call, prototype_text(argument->name));

    *text = '\0';
    if (meaning && meaning->flags)
        add_flags(&writing, argument, meaning, value, false);
    else
        add(&writing, "0x%" PRIx64, value & decode_bits(argument));
    return text;
}

/* Whether the call has been given the argument NAME: open's mode is for files that it makes, and
 * what only asks of a descriptor takes nothing. */
static bool is_given(const char *call, const char *name, const uint64_t arguments[6])
{
    uint64_t flags = arguments[strcmp(call, "open") == 0 ? 1 : 2];

    if (strcmp(name, "mode") == 0 && (strcmp(call, "open") == 0 || strcmp(call, "openat") == 0))
        return (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0;
    if (strcmp(call, "fcntl") != 0 || strcmp(name, "arg") != 0)
        return true;
    switch (arguments[1]) {
    case F_GETFD:
    case F_GETFL:
    case F_GETOWN:
    case F_GETSIG:
    case F_GETLEASE:
    case F_GETPIPE_SZ:
    case F_GET_SEALS:
        return false;
    default:
        return true;
    }
}

const char *decode_context(const char *call, const struct argument *argument,
                           const uint64_t arguments[6])
{
    if (strcmp(prototype_text(argument->name), "optname") != 0)
        return call;
    switch ((int)arguments[1]) {
    case SOL_SOCKET:
        return "SOL_SOCKET";
    case IPPROTO_TCP:
        return "IPPROTO_TCP";
    case IPPROTO_IP:
        return "IPPROTO_IP";
    case IPPROTO_IPV6:
        return "IPPROTO_IPV6";
    default:
        return call;
    }
}

void decode_call(FILE *stream, int number, const uint64_t arguments[6])
{
    char name[CALL_NAME_MAX];
    char value[DECODE_VALUE_MAX];
    const struct prototype *prototype = decode_prototype(number);
    const char *before = "";

    fprintf(stream, "%s%s(", call_is_known(number) ? "" : "system call ", call_name(number, name));
    for (unsigned i = 0; i < (prototype ? prototype->count : 6U); i++) {
        const struct argument *argument = prototype ? &prototype->arguments[i] : NULL;
        if (!argument)
            fprintf(stream, "%s0x%" PRIx64, before, arguments[i]);
        else if (is_given(name, prototype_text(argument->name), arguments))
            fprintf(stream, "%s%s", before,
                    decode_value(decode_context(name, argument, arguments), argument, arguments[i],
                                 value));
        before = ", ";
    }
    fputc(')', stream);
}
