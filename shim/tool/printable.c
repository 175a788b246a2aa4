#include "printable.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "tool.h"

enum { CHARACTER_MAX = 4, NO_CHARACTER = 0, CUT_SHORT = -1 };

/* The length of the character that TEXT begins with, NO_CHARACTER, or CUT_SHORT. */
static int decode(const unsigned char *text, size_t length, uint32_t *code)
{
    static const uint32_t LOWEST[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = text[0];
    int size = 1;

    if (first >= 0xf8 || (first >= 0x80 && first < 0xc0))
        return NO_CHARACTER;
    if (first >= 0xc0)
        size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    *code = size == 1 ? first : first & (0x7fU >> size);
    for (int i = 1; i < size; i++) {
        if ((size_t)i == length)
            return CUT_SHORT;
        if ((text[i] & 0xc0) != 0x80)
            return NO_CHARACTER;
        *code = *code << 6 | (text[i] & 0x3fU);
    }
    bool valid = *code >= LOWEST[size] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
    return valid ? size : NO_CHARACTER;
}

/* What a terminal obeys, and what turns a text round or breaks its line. */
static bool drives(uint32_t code, bool lines)
{
    static const uint32_t RANGES[][2] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
                                         {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
                                         {0xfeff, 0xfeff}};

    if (code == '\t' || (code == '\n' && lines))
        return false;
    for (size_t i = 0; i < sizeof(RANGES) / sizeof(RANGES[0]); i++) {
        if (code >= RANGES[i][0] && code <= RANGES[i][1])
            return true;
    }
    return false;
}

static size_t put_hexadecimal(char *out, char kind, uint32_t value, int digits)
{
    size_t length = 0;

    out[length++] = '\\';
    out[length++] = kind;
    while (digits-- > 0)
        out[length++] = "0123456789abcdef"[value >> (4 * digits) & 0xf];
    return length;
}

size_t printable_copy(const char *text, size_t length, bool lines, bool more, char *out,
                      size_t *written)
{
    size_t at = 0;
    size_t end = 0;

    while (at < length) {
        uint32_t code = 0;
        int size = decode((const unsigned char *)text + at, length - at, &code);
        if (size == CUT_SHORT && more)
            break;
        if (size <= 0) {
            end += put_hexadecimal(out + end, 'x', (unsigned char)text[at++], 2);
            continue;
        }
        if (drives(code, lines)) {
            end += put_hexadecimal(out + end, 'u', code, 4);
        } else {
            memcpy(out + end, text + at, (size_t)size);
            end += (size_t)size;
        }
        at += (size_t)size;
    }
    *written = end;
    return at;
}

char *printable_line(const char *text)
{
    size_t length = strlen(text);
    size_t written = 0;
    char *out = malloc(PRINTABLE_GROWTH * length + 1);

    if (!out)
        return NULL;
    printable_copy(text, length, false, false, out, &written);
    out[written] = '\0';
    return out;
}

/* What stands behind a stream. */
struct outlet {
    int descriptor;
    char held[CHARACTER_MAX]; /* the beginning of a character */
    size_t held_length;
};

static ssize_t pass(struct outlet *outlet, const char *bytes, size_t length, bool more)
{
    size_t whole = outlet->held_length + length;
    char *text = malloc((1 + PRINTABLE_GROWTH) * whole + 1);
    size_t written = 0;

    if (!text)
        return 0;
    memcpy(text, outlet->held, outlet->held_length);
    memcpy(text + outlet->held_length, bytes, length);
    size_t used = printable_copy(text, whole, true, more, text + whole, &written);
    outlet->held_length = whole - used;
    memcpy(outlet->held, text + used, whole - used);
    int error = tool_write(outlet->descriptor, text + whole, written);
    free(text);
    errno = -error;
    return error ? 0 : (ssize_t)length;
}

static ssize_t write_printable(void *cookie, const char *bytes, size_t length)
{
    return pass(cookie, bytes, length, true);
}

/* A stream to DESCRIPTOR, buffered by MODE. */
static FILE *open_stream(int descriptor, int mode)
{
    struct outlet *outlet = calloc(1, sizeof(*outlet));
    FILE *stream = NULL;

    if (outlet) {
        outlet->descriptor = descriptor;
        stream = fopencookie(outlet, "w", (cookie_io_functions_t){.write = write_printable});
    }
    if (!stream || setvbuf(stream, NULL, mode, BUFSIZ) != 0)
        _exit(STATUS_OS);
    return stream;
}

void printable_streams(void)
{
    stderr = open_stream(STDERR_FILENO, _IONBF);
    stdout = open_stream(STDOUT_FILENO, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
}

void printable_colour(FILE *stream, const char *sequence)
{
    fflush(stream);
    (void)!tool_write(stream == stdout ? STDOUT_FILENO : STDERR_FILENO, sequence, strlen(sequence));
}
