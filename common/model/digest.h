/* model: keyed digests of documents that can be added up in any order.
 *
 * The leaf of a document is the first 128 bits of BLAKE2b-512 over the key of
 * its collection and its bytes; the digest of a set of documents is the sum of
 * the leaves modulo 2^128 with their number and bytes. Two sets of the same
 * digest are the same, except with a probability of about 2^-128, also where
 * somebody chose the documents, as long as he does not know the key.
 * mm-stream(5), DIGESTS, is the definition.
 */
#ifndef MM_MODEL_DIGEST_H
#define MM_MODEL_DIGEST_H

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

enum { DIGEST_KEY = 32, DIGEST_LEAF = 16 };

struct digest {
	uint64_t lo, hi; /* the sum */
	int64_t docs, bytes;
};

void digest_add(struct digest *d, const struct digest *more);
bool digest_same(const struct digest *a, const struct digest *b);
/* 16 bytes, least significant first. */
void digest_store(const struct digest *d, uint8_t *out);
void digest_load(struct digest *d, const uint8_t *in);

/* For one thread. */
struct digester;

struct digester *digester_new(void);
void digester_free(struct digester *d);
/* What follows is of this collection (its name on the source). */
void digester_begin(struct digester *d, const uint8_t *key, const char *ns);
/* The digest of one document. place: its number in natural order, from 0,
 * where that order is part of the data; else -1. */
void digester_leaf(struct digester *d, const void *doc, uint32_t len,
    int64_t place, struct digest *leaf);

/* A random key. False: the system has no random bytes. */
bool digest_new_key(uint8_t *key);

#endif
