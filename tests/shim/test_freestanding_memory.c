/* The shim's own mem* and str* do what libc's do. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void *shim_memcpy(void *restrict to, const void *restrict from, size_t length);
void *shim_memmove(void *to, const void *from, size_t length);
void *shim_memset(void *to, int byte, size_t length);
int shim_memcmp(const void *left, const void *right, size_t length);
size_t shim_strlen(const char *text);
int shim_strcmp(const char *left, const char *right);
int shim_strncmp(const char *left, const char *right, size_t length);
char *shim_strchr(const char *text, int character);
char *shim_strrchr(const char *text, int character);

#define memcpy  shim_memcpy
#define memmove shim_memmove
#define memset  shim_memset
#define memcmp  shim_memcmp
#define strlen  shim_strlen
#define strcmp  shim_strcmp
#define strncmp shim_strncmp
#define strchr  shim_strchr
#define strrchr shim_strrchr
#include "../../shim/freestanding/memory.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

enum { SIZE = 96, ROUNDS = 20000 };

static void fill(unsigned char *bytes)
{
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)random();
}

/* Few different characters, so that equal beginnings are frequent; 200 is negative as a char. */
static void fill_text(char *text)
{
    size_t length = (size_t)random() % 8;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)"ab\xc8"[random() % 3];
    text[length] = '\0';
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

Test(memory, copies_and_fills_as_libc_does)
{
    srandom(1);
    for (int round = 0; round < ROUNDS; round++) {
        unsigned char ours[SIZE];
        unsigned char theirs[SIZE];
        fill(ours);
        memcpy(theirs, ours, SIZE);
        size_t length = (size_t)random() % (SIZE / 2);
        size_t to = (size_t)random() % (SIZE / 2);
        size_t from = (size_t)random() % (SIZE / 2);

        cr_assert_eq(shim_memmove(ours + to, ours + from, length), ours + to);
        memmove(theirs + to, theirs + from, length);
        cr_assert_arr_eq(ours, theirs, SIZE);

        cr_assert_eq(shim_memset(ours + to, (int)random() % 256 + 256, 0), ours + to);
        int byte = (int)(random() % 1024) - 512;
        cr_assert_eq(shim_memset(ours + from, byte, length), ours + from);
        memset(theirs + from, byte, length);
        cr_assert_arr_eq(ours, theirs, SIZE);

        unsigned char copy[SIZE] = {0};
        cr_assert_eq(shim_memcpy(copy, ours, length), copy);
        cr_assert_arr_eq(copy, ours, length);
        cr_assert_eq(copy[length], 0);
    }
}

Test(memory, compares_as_libc_does)
{
    srandom(2);
    for (int round = 0; round < ROUNDS; round++) {
        char left[8];
        char right[8];
        fill_text(left);
        fill_text(right);
        size_t length = (size_t)random() % 9;
        cr_assert_eq(sign(shim_strcmp(left, right)), sign(strcmp(left, right)));
        cr_assert_eq(sign(shim_strncmp(left, right, length)), sign(strncmp(left, right, length)));
        size_t both = strlen(left) < strlen(right) ? strlen(left) : strlen(right);
        cr_assert_eq(sign(shim_memcmp(left, right, both)), sign(memcmp(left, right, both)));
    }
}

Test(memory, searches_as_libc_does)
{
    srandom(3);
    for (int round = 0; round < ROUNDS; round++) {
        char text[8];
        fill_text(text);
        cr_assert_eq(shim_strlen(text), strlen(text));
        int wanted[] = {'a', 'b', 'c', '\0', 200, (char)200};
        for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
            cr_assert_eq(shim_strchr(text, wanted[i]), strchr(text, wanted[i]));
            cr_assert_eq(shim_strrchr(text, wanted[i]), strrchr(text, wanted[i]));
        }
    }
}
