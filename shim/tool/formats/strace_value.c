#include "strace_value.h"

#include <asm/ioctl.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../call.h"
#include "strace_line.h"

enum { VALUE_TEXT_MAX = 1024 };

static bool is_name(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

/* "_IOC_READ|_IOC_WRITE" */
static bool ioc_direction(const char *text, uint64_t *value)
{
    static const struct {
        const char *name;
        uint64_t value;
    } NAMES[] = {{"_IOC_NONE", _IOC_NONE}, {"_IOC_READ", _IOC_READ}, {"_IOC_WRITE", _IOC_WRITE}};

    *value = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, "|");
        size_t i = 0;
        while (i < 3 && (strlen(NAMES[i].name) != length || strncmp(text, NAMES[i].name, length)))
            i++;
        if (i == 3)
            return false;
        *value |= NAMES[i].value;
        text += length + (text[length] == '|');
    }
    return true;
}

/* "_IOC(_IOC_READ, 0x54, 0x1, 0x3c)" */
static bool ioc_value(const char *text, uint64_t *value)
{
    char direction[64];
    unsigned type = 0;
    unsigned number = 0;
    unsigned size = 0;
    uint64_t bits = 0;
    int end = 0;

    if (sscanf(text, "_IOC(%63[_A-Z|], %x, %x, %x)%n", direction, &type, &number, &size, &end) !=
            4 ||
        end == 0 || text[end] != '\0' || !ioc_direction(direction, &bits))
        return false;
    *value = bits << _IOC_DIRSHIFT | (uint64_t)type << _IOC_TYPESHIFT |
             (uint64_t)number << _IOC_NRSHIFT | (uint64_t)size << _IOC_SIZESHIFT;
    return true;
}

/* Without comments, and without what -y says of a descriptor. Returns false if it is too long. */
static bool clean(const char *text, size_t length, char cleaned[VALUE_TEXT_MAX])
{
    size_t out = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '/' && i + 1 < length && text[i + 1] == '*') {
            const char *end = strstr(text + i + 2, "*/");
            i = end ? (size_t)(end - text) + 1 : length;
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

unsigned strace_values(const char *text, const struct prototype *prototype, uint64_t values[6])
{
    unsigned readable = 0;

    for (int i = 0; *text != '\0'; i++) {
        uint64_t value = 0;
        text += strspn(text, " ");
        const char *end = strace_line_skip(text, true);
        int place = place_of(&text, end, prototype, i);
        if (place >= 0 && place < PROTOTYPE_ARGUMENTS_MAX && text < end &&
            strace_value(text, (size_t)(end - text), &value)) {
            values[place] = value;
            readable |= 1U << place;
        }
        text = *end == '\0' ? end : end + 1;
    }
    return readable;
}
