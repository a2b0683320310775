#include "base/hash.h"

#include <bson/bson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <xxhash.h>

struct sha256 {
	EVP_MD_CTX *ctx;
};

uint64_t
hash_xxh64(const void *data, size_t len, uint64_t seed)
{
	return XXH64(data, len, seed);
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *h = bson_malloc0(sizeof *h);

	h->ctx = EVP_MD_CTX_new();
	BSON_ASSERT(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL));
	return h;
}

void
sha256_add(struct sha256 *h, const void *data, size_t len)
{
	BSON_ASSERT(EVP_DigestUpdate(h->ctx, data, len));
}

const char *
hash_hex(const uint8_t *bytes, size_t n, char *text)
{
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

const char *
sha256_finish(struct sha256 *h, char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	BSON_ASSERT(EVP_DigestFinal_ex(h->ctx, digest, &len));
	hash_hex(digest, SHA256_BYTES, text);
	EVP_MD_CTX_free(h->ctx);
	bson_free(h);
	return text;
}
