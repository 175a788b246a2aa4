/* SipHash-2-4, 64 bits, with a key that everybody knows: it tells a file that was damaged, not one
 * that was forged. Whoever can write a whitelist can write any other, with the digest that fits. */
#ifndef PORTCULLIS_SHIM_DIGEST_H
#define PORTCULLIS_SHIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* The digest of LENGTH bytes. */
uint64_t digest_of(const void *bytes, size_t length);

#endif
