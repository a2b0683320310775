/* The key goes in front: BLAKE2b is no Merkle-Damgard hash that could be
 * prolonged. The state is set up anew for each document; copying one that has
 * taken the key costs more, because the library copies by allocating. */
#include "model/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/le.h"

struct digester {
	EVP_MD_CTX *ctx;
	uint8_t key[DIGEST_KEY]; /* of the collection */
};

void
digest_add(struct digest *d, const struct digest *more)
{
	d->lo += more->lo;
	d->hi += more->hi + (d->lo < more->lo);
	d->docs += more->docs;
	d->bytes += more->bytes;
}

bool
digest_same(const struct digest *a, const struct digest *b)
{
	return a->lo == b->lo && a->hi == b->hi && a->docs == b->docs &&
	    a->bytes == b->bytes;
}

void
digest_store(const struct digest *d, uint8_t *out)
{
	uint64_t lo = BSON_UINT64_TO_LE(d->lo), hi = BSON_UINT64_TO_LE(d->hi);

	memcpy(out, &lo, 8);
	memcpy(out + 8, &hi, 8);
}

void
digest_load(struct digest *d, const uint8_t *in)
{
	d->lo = le64(in);
	d->hi = le64(in + 8);
}

struct digester *
digester_new(void)
{
	struct digester *d = bson_malloc0(sizeof *d);

	d->ctx = EVP_MD_CTX_new();
	BSON_ASSERT(
	    d->ctx && EVP_DigestInit_ex(d->ctx, EVP_blake2b512(), NULL));
	return d;
}

void
digester_free(struct digester *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	bson_free(d);
}

static void
begin(struct digester *d, const uint8_t *key)
{
	BSON_ASSERT(EVP_DigestInit_ex(d->ctx, NULL, NULL) &&
	    EVP_DigestUpdate(d->ctx, key, DIGEST_KEY));
}

static void
finish(struct digester *d, uint8_t *out, size_t len)
{
	uint8_t all[EVP_MAX_MD_SIZE];

	BSON_ASSERT(EVP_DigestFinal_ex(d->ctx, all, NULL));
	memcpy(out, all, len);
}

void
digester_begin(struct digester *d, const uint8_t *key, const char *ns)
{
	begin(d, key);
	BSON_ASSERT(EVP_DigestUpdate(d->ctx, ns, strlen(ns)));
	finish(d, d->key, DIGEST_KEY);
}

void
digester_leaf(struct digester *d, const void *doc, uint32_t len, int64_t place,
    struct digest *leaf)
{
	uint64_t at = BSON_UINT64_TO_LE((uint64_t)place);
	uint8_t out[DIGEST_LEAF];

	begin(d, d->key);
	BSON_ASSERT(EVP_DigestUpdate(d->ctx, &at, 8) &&
	    EVP_DigestUpdate(d->ctx, doc, len));
	finish(d, out, sizeof out);
	*leaf = (struct digest){.docs = 1, .bytes = len};
	digest_load(leaf, out);
}

bool
digest_new_key(uint8_t *key)
{
	return RAND_bytes(key, DIGEST_KEY) == 1;
}
