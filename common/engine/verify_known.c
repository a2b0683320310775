#include "engine/verify_known.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "model/docid.h"

enum { FIRST_SLOTS = 1024 };

static void
hash_two(const void *data, size_t len, uint64_t seed, uint64_t out[2])
{
	out[0] = hash_xxh64(data, len, seed);
	out[1] = hash_xxh64(data, len, seed + UINT64_C(0x9e3779b97f4a7c15));
}

void
wanted_hash(const bson_t *doc, uint64_t out[2])
{
	out[0] = out[1] = 0;
	if (doc)
		hash_two(bson_get_data(doc), doc->len, 1, out);
}

void
wanted_key(const char *ns, const struct value *id, uint64_t out[2])
{
	struct buf key = BUF_INIT;

	docid_canonical(id, &key);
	hash_two(key.data, key.len, hash_xxh64(ns, strlen(ns), 0), out);
	buf_release(&key);
}

void
wanted_clear(struct wanted_set *s)
{
	s->n = 0;
	if (s->slot)
		memset(s->slot, 0, s->slots * sizeof *s->slot);
}

void
wanted_release(struct wanted_set *s)
{
	bson_free(s->item);
	bson_free(s->slot);
	memset(s, 0, sizeof *s);
}

/* The slot of that key, or the free one where it belongs. */
static uint32_t *
slot_of(const struct wanted_set *s, const uint64_t key[2])
{
	size_t i = (size_t)key[0] & (s->slots - 1);

	while (s->slot[i] &&
	    memcmp(s->item[s->slot[i] - 1].key, key, sizeof s->item->key) != 0)
		i = (i + 1) & (s->slots - 1);
	return &s->slot[i];
}

static void
grow(struct wanted_set *s)
{
	s->slots = s->slots ? 2 * s->slots : FIRST_SLOTS;
	bson_free(s->slot);
	s->slot = bson_malloc0(s->slots * sizeof *s->slot);
	for (size_t i = 0; i < s->n; i++)
		*slot_of(s, s->item[i].key) = (uint32_t)i + 1;
}

void
wanted_add(struct wanted_set *s, const char *ns, const struct value *id,
    const bson_t *target)
{
	struct wanted *w;

	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : FIRST_SLOTS;
		s->item = bson_realloc(s->item, s->cap * sizeof *s->item);
	}
	if (2 * (s->n + 1) > s->slots)
		grow(s);
	w = &s->item[s->n++];
	*w = (struct wanted){.version = OPTIME_NULL, .next = OPTIME_NULL};
	wanted_key(ns, id, w->key);
	wanted_hash(target, w->target);
	/* One that stands there twice is answered through the later one. */
	*slot_of(s, w->key) = (uint32_t)s->n;
}

struct wanted *
wanted_find(const struct wanted_set *s, const char *ns, const struct value *id)
{
	uint64_t key[2];
	uint32_t at;

	if (s->n == 0)
		return NULL;
	wanted_key(ns, id, key);
	at = *slot_of(s, key);
	return at ? &s->item[at - 1] : NULL;
}

static bool
is_it(const struct wanted *w, const bson_t *doc)
{
	uint64_t hash[2];

	wanted_hash(doc, hash);
	return memcmp(hash, w->target, sizeof hash) == 0;
}

void
wanted_change(struct wanted *w, const struct change_seen *c)
{
	if (w->found && !optime_is_null(w->version) &&
	    optime_cmp(c->at, w->version) < 0)
		return;
	if (!w->found && c->has_old && is_it(w, c->old)) {
		w->found = true;
		w->next = c->at;
	}
	if (c->has_now && is_it(w, c->now)) {
		w->found = true;
		w->version = c->at;
		w->next = OPTIME_NULL;
	} else if (w->found && optime_is_null(w->next) &&
	    optime_cmp(c->at, w->version) > 0) {
		w->next = c->at;
	}
}
