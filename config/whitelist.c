#include "whitelist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Texts are carved from chunks, so that a line costs no allocation of its own. */
struct text {
    struct text *next;
    size_t used;
    size_t capacity;
    _Alignas(max_align_t) char bytes[];
};

enum { CHUNK_BYTES = 4000 };

const struct prototype *subject_prototype(const struct subject *subject)
{
    return subject->kind == SUBJECT_NUMBER ? prototype_find_number(subject->number)
                                           : prototype_find(subject->name);
}

void *whitelist_memory(struct whitelist *whitelist, size_t size)
{
    const size_t alignment = sizeof(void *);
    struct text *chunk = whitelist->texts;

    size = (size + alignment - 1) & ~(alignment - 1);
    if (!chunk || chunk->capacity - chunk->used < size) {
        size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = malloc(sizeof(*chunk) + capacity);
        if (!chunk)
            return NULL;
        *chunk = (struct text){.next = whitelist->texts, .capacity = capacity};
        whitelist->texts = chunk;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += size;
    return memory;
}

const char *whitelist_text(struct whitelist *whitelist, const char *text, size_t length)
{
    char *copy = whitelist_memory(whitelist, length + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

int whitelist_add(struct whitelist *whitelist, const struct entry *entry)
{
    if (whitelist->entry_count == whitelist->entry_capacity) {
        size_t capacity = whitelist->entry_capacity ? 2 * whitelist->entry_capacity : 64;
        struct entry *entries = realloc(whitelist->entries, capacity * sizeof(*entries));
        if (!entries)
            return -ENOMEM;
        whitelist->entries = entries;
        whitelist->entry_capacity = capacity;
    }
    whitelist->entries[whitelist->entry_count++] = *entry;
    return 0;
}

bool whitelist_denies(const struct whitelist *whitelist)
{
    for (size_t i = 0; i < whitelist->entry_count; i++) {
        if (whitelist->entries[i].section == SECTION_DENY)
            return true;
    }
    return false;
}

void whitelist_release(struct whitelist *whitelist)
{
    for (size_t i = 0; i < whitelist->entry_count; i++)
        condition_release(&whitelist->entries[i].condition);
    free(whitelist->entries);
    while (whitelist->texts) {
        struct text *next = whitelist->texts->next;
        free(whitelist->texts);
        whitelist->texts = next;
    }
    *whitelist = (struct whitelist){0};
}
