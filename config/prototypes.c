#include "prototypes.h"

#include <asm/unistd.h>
#include <string.h>

/* The pool is a structure with a member for every text, so that the compiler does the offsets. */
#define TEXT_MEMBER(text)      char text_##text[sizeof(#text)];
#define TEXT_INITIALIZER(text) #text,
#define TEXT(text)             offsetof(struct texts, text_##text)

/* The width of what is as wide as a register: pointers, long, size_t. */
enum { WORD = 8 * sizeof(long) };

#include "prototypes.inc"

enum { PROTOTYPES = sizeof(prototypes) / sizeof(prototypes[0]) };

const char *prototype_text(uint16_t offset)
{
    return (const char *)&texts + offset;
}

size_t prototype_count(void)
{
    return PROTOTYPES;
}

const struct prototype *prototype_at(size_t index)
{
    return &prototypes[index];
}

const struct prototype *prototype_find(const char *name)
{
    size_t low = 0, high = PROTOTYPES;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, prototype_text(prototypes[middle].name));
        if (order == 0) {
            return &prototypes[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct prototype *prototype_find_number(int number)
{
    for (size_t i = 0; number >= 0 && i < PROTOTYPES; i++) {
        if (prototypes[i].number == number) {
            return &prototypes[i];
        }
    }
    return NULL;
}

int prototype_argument(const struct prototype *prototype, const char *name)
{
    if (name[0] == 'a' && name[1] >= '0' && name[1] <= '9' && name[2] == '\0') {
        int index = name[1] - '0';
        return index < prototype->count ? index : -1;
    }
    for (int i = 0; i < prototype->count; i++) {
        const struct argument *argument = &prototype->arguments[i];
        if (strcmp(name, prototype_text(argument->name)) == 0 ||
            strcmp(name, prototype_text(argument->kernel_name)) == 0) {
            return i;
        }
    }
    return -1;
}
