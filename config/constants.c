#include "constants.h"

#include <string.h>

/* A name is an offset into the pool: a pointer would need a relocation. */
struct constant {
    int64_t value;
    uint32_t name;
    bool is_error;
};

/* The names are one literal, longer than ISO C asks of a compiler. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "constants_table.h"
#pragma GCC diagnostic pop

enum {
    CONSTANTS = sizeof(constants) / sizeof(constants[0]),
    ERRORS = sizeof(errors) / sizeof(errors[0]),
};

static const struct constant *find(const char *name)
{
    size_t low = 0, high = CONSTANTS;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, pool + constants[middle].name);
        if (order == 0) {
            return &constants[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

bool constant_find(const char *name, int64_t *value)
{
    const struct constant *constant = find(name);
    if (!constant) {
        return false;
    }
    *value = constant->value;
    return true;
}

unsigned constant_errno(const char *name)
{
    const struct constant *constant = find(name);
    return constant && constant->is_error ? (unsigned)constant->value : 0;
}

const char *constant_errno_name(unsigned number)
{
    return number < ERRORS && errors[number] != 0 ? pool + errors[number] : NULL;
}

size_t constant_count(void)
{
    return CONSTANTS;
}

const char *constant_name(size_t index)
{
    return pool + constants[index].name;
}

int64_t constant_value(size_t index)
{
    return constants[index].value;
}

size_t constant_seek(size_t index, uint64_t mask, uint64_t value)
{
    while (index < CONSTANTS && (((uint64_t)constants[index].value ^ value) & mask) != 0)
        index++;
    return index;
}
