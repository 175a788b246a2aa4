#include "digest.h"

/* "Portcullis file " as two numbers. Any would do. */
static const uint64_t KEY[2] = {0x6c6c756374726f50, 0x20656c6966207369};

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void mix(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s);
    mix(s);
    s->v0 ^= word;
}

uint64_t digest_of(const void *bytes, size_t length)
{
    struct state s = {KEY[0] ^ 0x736f6d6570736575, KEY[1] ^ 0x646f72616e646f6d,
                      KEY[0] ^ 0x6c7967656e657261, KEY[1] ^ 0x7465646279746573};
    const unsigned char *at = bytes;
    uint64_t last = (uint64_t)length << 56;
    size_t left = length;

    for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        __builtin_memcpy(&word, at, sizeof(word));
        absorb(&s, word);
    }
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)at[i] << (8 * i);
    absorb(&s, last);
    s.v2 ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        mix(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
