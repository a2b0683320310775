#include "engine/cache.h"

#include <bson/bson.h>
#include <string.h>

#include "base/hash.h"

/* uthash is left out on purpose: entries, chain and list in one allocation of
 * our own are half the memory for small documents. */
struct slot {
	struct slot *chain;         /* of one bucket */
	struct slot *newer, *older; /* by use */
	const void *ns;
	uint64_t hash;
	uint32_t key_len, doc_len;
	bool absent;
	uint8_t bytes[]; /* key, document */
};

struct cache {
	size_t max_bytes, bytes, n;
	struct slot **bucket;
	size_t mask;
	struct slot *newest, *oldest;
};

enum { BUCKETS_FIRST = 1024, OVERHEAD = 16 };

struct cache *
cache_new(size_t max_bytes)
{
	struct cache *c = bson_malloc0(sizeof *c);

	c->max_bytes = max_bytes;
	c->mask = BUCKETS_FIRST - 1;
	c->bucket = bson_malloc0(BUCKETS_FIRST * sizeof *c->bucket);
	return c;
}

static size_t
cost(const struct slot *s)
{
	return sizeof *s + sizeof s + OVERHEAD + s->key_len + s->doc_len;
}

static uint64_t
hash_of(const void *ns, const uint8_t *key, size_t len)
{
	return hash_xxh64(key, len, (uint64_t)(uintptr_t)ns);
}

static struct slot **
place(const struct cache *c, uint64_t hash, const void *ns, const uint8_t *key,
    size_t len)
{
	struct slot **p = &c->bucket[hash & c->mask];

	for (; *p; p = &(*p)->chain)
		if ((*p)->hash == hash && (*p)->ns == ns &&
		    (*p)->key_len == len && memcmp((*p)->bytes, key, len) == 0)
			break;
	return p;
}

static void
unlink_use(struct cache *c, struct slot *s)
{
	*(s->newer ? &s->newer->older : &c->newest) = s->older;
	*(s->older ? &s->older->newer : &c->oldest) = s->newer;
}

static void
link_use(struct cache *c, struct slot *s)
{
	s->newer = NULL;
	s->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = s;
	c->newest = s;
}

static void
drop(struct cache *c, struct slot **p)
{
	struct slot *s = *p;

	*p = s->chain;
	unlink_use(c, s);
	c->bytes -= cost(s);
	c->n--;
	bson_free(s);
}

static void
grow(struct cache *c)
{
	size_t n = (c->mask + 1) * 2;
	struct slot **bucket = bson_malloc0(n * sizeof *bucket);

	for (struct slot *s = c->oldest; s; s = s->newer) {
		s->chain = bucket[s->hash & (n - 1)];
		bucket[s->hash & (n - 1)] = s;
	}
	bson_free(c->bucket);
	c->bucket = bucket;
	c->mask = n - 1;
}

void
cache_put(struct cache *c, const void *ns, const uint8_t *key, size_t key_len,
    const uint8_t *doc, size_t doc_len)
{
	uint64_t hash = hash_of(ns, key, key_len);
	struct slot **p = place(c, hash, ns, key, key_len), *s;

	if (*p)
		drop(c, p);
	if (key_len + doc_len > c->max_bytes / 8)
		return;
	s = bson_malloc(sizeof *s + key_len + doc_len);
	s->ns = ns;
	s->hash = hash;
	s->key_len = (uint32_t)key_len;
	s->doc_len = (uint32_t)doc_len;
	s->absent = !doc;
	memcpy(s->bytes, key, key_len);
	if (doc)
		memcpy(s->bytes + key_len, doc, doc_len);
	c->bytes += cost(s);
	while (c->oldest && c->bytes > c->max_bytes)
		drop(c,
		    place(c, c->oldest->hash, c->oldest->ns, c->oldest->bytes,
			c->oldest->key_len));
	if (++c->n > c->mask)
		grow(c);
	s->chain = c->bucket[hash & c->mask];
	c->bucket[hash & c->mask] = s;
	link_use(c, s);
}

bool
cache_get(struct cache *c, const void *ns, const uint8_t *key, size_t key_len,
    const uint8_t **doc, size_t *doc_len)
{
	struct slot *s = *place(c, hash_of(ns, key, key_len), ns, key, key_len);

	if (!s)
		return false;
	unlink_use(c, s);
	link_use(c, s);
	*doc = s->absent ? NULL : s->bytes + key_len;
	*doc_len = s->doc_len;
	return true;
}

void
cache_clear(struct cache *c)
{
	while (c->oldest)
		drop(c,
		    place(c, c->oldest->hash, c->oldest->ns, c->oldest->bytes,
			c->oldest->key_len));
}

void
cache_free(struct cache *c)
{
	if (!c)
		return;
	cache_clear(c);
	bson_free(c->bucket);
	bson_free(c);
}
