/* base: the two hashes in use. XXH64 finds damage; SHA-256 names things. */
#ifndef MM_BASE_HASH_H
#define MM_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_TEXT 65 /* hex digits and NUL */

uint64_t hash_xxh64(const void *data, size_t len, uint64_t seed);

/* Lower-case hex into text (2 n + 1 bytes); returns text. */
const char *hash_hex(const uint8_t *bytes, size_t n, char *text);

struct sha256;

struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *data, size_t len);
/* Lower-case hex into text (SHA256_TEXT bytes); frees h; returns text. */
const char *sha256_finish(struct sha256 *h, char *text);

#endif
