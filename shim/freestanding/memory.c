/* mem* and str*: plain loops, as what is copied here is short. memcpy and memset go by words: a
 * whitelist of 300 names moves and clears some 400 KB, which by bytes took 75 microseconds. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A compiler knows a loop that copies, fills or measures when it sees one, and makes a call to
 * memcpy, memset or strlen of it: to the very function that it stands in. A statement that it can't
 * look into keeps the loop a loop. */
#define KEEP_LOOP() __asm__ volatile("")

/* Eight bytes at any address; the attributes let it lie over what is of another type. */
struct word {
    uint64_t bits;
} __attribute__((packed, may_alias));

static void copy_word(unsigned char *to, const unsigned char *from)
{
    *(struct word *)(void *)to = *(const struct word *)(const void *)from;
}

/* TO may lie over FROM, if it is not above. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t length)
{
    for (; length >= sizeof(struct word); length -= sizeof(struct word)) {
        KEEP_LOOP();
        copy_word(to, from);
        to += sizeof(struct word);
        from += sizeof(struct word);
    }
    for (; length > 0; length--) {
        KEEP_LOOP();
        *to++ = *from++;
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    copy_up(to, from, length);
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t <= f) {
        copy_up(t, f, length);
        return to;
    }
    for (; length >= sizeof(struct word); length -= sizeof(struct word)) {
        KEEP_LOOP();
        copy_word(t + length - sizeof(struct word), f + length - sizeof(struct word));
    }
    for (; length > 0; length--) {
        KEEP_LOOP();
        t[length - 1] = f[length - 1];
    }
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    unsigned char *t = to;
    const struct word word = {0x0101010101010101 * (uint64_t)(unsigned char)byte};
    size_t i = 0;
    for (; length - i >= sizeof(word); i += sizeof(word)) {
        KEEP_LOOP();
        *(struct word *)(void *)(t + i) = word;
    }
    for (; i < length; i++) {
        KEEP_LOOP();
        t[i] = (unsigned char)byte;
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const unsigned char *l = left;
    const unsigned char *r = right;
    for (size_t i = 0; i < length; i++) {
        KEEP_LOOP();
        if (l[i] != r[i])
            return l[i] - r[i];
    }
    return 0;
}

void *memchr(const void *memory, int character, size_t length)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < length; i++) {
        KEEP_LOOP();
        if (bytes[i] == (unsigned char)character)
            return (void *)(uintptr_t)&bytes[i];
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        KEEP_LOOP();
        length++;
    }
    return length;
}

int strncmp(const char *left, const char *right, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        KEEP_LOOP();
        if (left[i] != right[i])
            return (unsigned char)left[i] - (unsigned char)right[i];
        if (left[i] == '\0')
            return 0;
    }
    return 0;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, (size_t)-1);
}

char *strchr(const char *text, int character)
{
    for (;; text++) {
        KEEP_LOOP();
        if (*text == (char)character)
            return (char *)(size_t)text; /* the standard's own sleight of hand with const */
        if (*text == '\0')
            return NULL;
    }
}

char *strrchr(const char *text, int character)
{
    char *last = NULL;
    for (;; text++) {
        KEEP_LOOP();
        if (*text == (char)character)
            last = (char *)(size_t)text;
        if (*text == '\0')
            return last;
    }
}
