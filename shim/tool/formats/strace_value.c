#include "strace_value.h"

#include <asm/ioctl.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../call.h"
#include "strace_line.h"

enum { VALUE_TEXT_MAX = 1024 };

static bool is_name(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

/* "_IOC_READ|_IOC_WRITE," at *TEXT, which is moved behind the comma. */
static bool ioc_direction(const char **text, uint64_t *value)
{
    static const struct {
        const char *name;
        uint64_t value;
    } NAMES[] = {{"_IOC_NONE", _IOC_NONE}, {"_IOC_READ", _IOC_READ}, {"_IOC_WRITE", _IOC_WRITE}};

    for (;;) {
        size_t length = strcspn(*text, "|,");
        size_t i = 0;
        while (i < 3 &&
               (strlen(NAMES[i].name) != length || memcmp(*text, NAMES[i].name, length) != 0))
            i++;
        if (i == 3 || (*text)[length] == '\0')
            return false;
        *value |= NAMES[i].value << _IOC_DIRSHIFT;
        *text += length + 1;
        if ((*text)[-1] == ',')
            return true;
    }
}

/* " 0x54" and END at *TEXT, which is moved behind it. */
static bool ioc_field(const char **text, char end, unsigned shift, uint64_t *value)
{
    char *behind = NULL;
    unsigned long number = strtoul(*text, &behind, 0);

    if (behind == *text || *behind != end)
        return false;
    *value |= number << shift;
    *text = behind + 1;
    return true;
}

/* "_IOC(_IOC_READ, 0x54, 0x1, 0x3c)" */
static bool ioc_value(const char *text, uint64_t *value)
{
    static const char HEAD[] = "_IOC(";

    if (strncmp(text, HEAD, strlen(HEAD)) != 0)
        return false;
    text += strlen(HEAD);
    *value = 0;
    return ioc_direction(&text, value) && ioc_field(&text, ',', _IOC_TYPESHIFT, value) &&
           ioc_field(&text, ',', _IOC_NRSHIFT, value) &&
           ioc_field(&text, ')', _IOC_SIZESHIFT, value) && *text == '\0';
}

/* Without comments, and without what -y says of a descriptor. Returns false if it is too long. */
static bool clean(const char *text, size_t length, char cleaned[VALUE_TEXT_MAX])
{
    size_t out = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '/' && i + 1 < length && text[i + 1] == '*') {
            const char *end = strstr(text + i + 2, "*/");
            i = end ? (size_t)(end - text) + 1 : length;
            /* "0x1200000 /" "* CLONE_... *" "/|0x11" is one word */
            while (out > 0 && cleaned[out - 1] == ' ')
                out--;
            continue;
        }
        if (text[i] == '<' && i > 0 && is_name(text[i - 1]))
            break;
        if (out + 1 == VALUE_TEXT_MAX)
            return false;
        cleaned[out++] = text[i];
    }
    while (out > 0 && cleaned[out - 1] == ' ')
        out--;
    cleaned[out] = '\0';
    return true;
}

/* "TCGETS or SNDCTL_TMR_TIMEBASE": they are one number; the first that is known will do. */
static bool any_value(char *text, uint64_t *value)
{
    for (;;) {
        char *next = strstr(text, " or ");
        if (next)
            *next = '\0';
        if (call_value(text, value) || ioc_value(text, value))
            return true;
        if (!next)
            return false;
        text = next + strlen(" or ");
    }
}

bool strace_value(const char *text, size_t length, uint64_t *value)
{
    char cleaned[VALUE_TEXT_MAX];
    char *start = cleaned;

    if (!clean(text, length, cleaned))
        return false;
    start += strspn(start, " ");
    *value = 0;
    return strcmp(start, "NULL") == 0 || any_value(start, value);
}

/* The place of the argument that TEXT begins with "name=" of; PLACE where it does not. *TEXT is
 * moved behind it. Returns -1 for a name that is not known. */
static int place_of(const char **text, const char *end, const struct prototype *prototype,
                    int place)
{
    char name[CALL_NAME_MAX];
    size_t length = 0;

    while (*text + length < end && is_name((*text)[length]))
        length++;
    if (length == 0 || length >= sizeof(name) || (*text)[length] != '=')
        return place;
    memcpy(name, *text, length);
    name[length] = '\0';
    *text += length + 1;
    return prototype ? prototype_argument(prototype, name) : -1;
}

/* Takes the next of the arguments at *TEXT, which is moved behind it; the INDEX-th. Returns its
 * place, or -1. */
static int next_argument(const char **text, const struct prototype *prototype, int index,
                         struct strace_text *argument)
{
    const char *start = *text + strspn(*text, " ");
    const char *end = strace_line_skip(start, true);
    int place = place_of(&start, end, prototype, index);

    *argument = (struct strace_text){start, start < end ? (size_t)(end - start) : 0};
    *text = *end == '\0' ? end : end + 1;
    return place < PROTOTYPE_ARGUMENTS_MAX ? place : -1;
}

unsigned strace_values(const char *text, const struct prototype *prototype, uint64_t values[6])
{
    unsigned readable = 0;

    for (int i = 0; *text != '\0'; i++) {
        struct strace_text argument;
        uint64_t value = 0;
        int place = next_argument(&text, prototype, i, &argument);
        if (place >= 0 && argument.length > 0 &&
            strace_value(argument.start, argument.length, &value)) {
            values[place] = value;
            readable |= 1U << place;
        }
    }
    return readable;
}

struct strace_text strace_argument(const char *text, const struct prototype *prototype, int place)
{
    struct strace_text argument;

    for (int i = 0; *text != '\0'; i++) {
        if (next_argument(&text, prototype, i, &argument) == place)
            return argument;
    }
    return (struct strace_text){text, 0};
}
