/* vsnprintf and snprintf, as far as the shim's messages go: %s %.*s %c %% and %d %ld %u %lu %zu
 * %lx. Anything else ends the process rather than print something wrong. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "end.h"

struct output {
    char *buffer;
    size_t size;
    size_t length; /* of the whole text, whether it fits or not */
};

static void put_text(struct output *output, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, output->length++) {
        if (output->length + 1 < output->size)
            output->buffer[output->length] = text[i];
    }
}

static void put_number(struct output *output, unsigned long value, unsigned base)
{
    char digits[20]; /* of 2 to the 64th */
    size_t start = sizeof(digits);
    do {
        digits[--start] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    put_text(output, digits + start, sizeof(digits) - start);
}

static void put_signed(struct output *output, long value)
{
    if (value < 0)
        put_text(output, "-", 1);
    put_number(output, value < 0 ? 0 - (unsigned long)value : (unsigned long)value, 10);
}

static size_t length_within(const char *text, int limit)
{
    size_t length = 0;
    while ((limit < 0 || length < (size_t)limit) && text[length] != '\0')
        length++;
    return length;
}

/* size_t is as wide as long on both architectures. */
_Static_assert(sizeof(size_t) == sizeof(long), "%zu is treated like %lu");

/* Converts one argument. FORMAT is behind the '%'; returns what is behind the conversion. The list
 * is behind a pointer because what becomes of a va_list passed by value is not said. */
static const char *put_conversion(struct output *output, const char *format, va_list *arguments)
{
    int precision = -1;
    bool wide = false;
    if (strncmp(format, ".*s", 3) == 0) {
        precision = va_arg(*arguments, int);
        format += 2;
    } else if (*format == 'l' || strncmp(format, "zu", 2) == 0) {
        wide = true;
        format++;
    }
    char conversion = *format;
    if (conversion == 's' && !wide) {
        const char *text = va_arg(*arguments, const char *);
        put_text(output, text, length_within(text, precision));
    } else if (conversion == 'c' && !wide) {
        char character = (char)va_arg(*arguments, int);
        put_text(output, &character, 1);
    } else if (conversion == 'd') {
        put_signed(output, wide ? va_arg(*arguments, long) : va_arg(*arguments, int));
    } else if (conversion == 'u' || (conversion == 'x' && wide)) {
        unsigned base = conversion == 'u' ? 10 : 16;
        put_number(output, wide ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned),
                   base);
    } else if (conversion == '%' && !wide) {
        put_text(output, "%", 1);
    } else {
        end_unexpected("a message's format has a conversion that is not known");
    }
    return format + 1;
}

int vsnprintf(char *restrict buffer, size_t size, const char *restrict format, va_list arguments)
{
    struct output output = {.buffer = buffer, .size = size};
    va_list copy;
    va_copy(copy, arguments);
    while (*format != '\0') {
        if (*format == '%') {
            format = put_conversion(&output, format + 1, &copy);
        } else {
            put_text(&output, format, 1);
            format++;
        }
    }
    va_end(copy);
    if (size > 0)
        buffer[output.length < size ? output.length : size - 1] = '\0';
    return (int)output.length;
}

int snprintf(char *restrict buffer, size_t size, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
