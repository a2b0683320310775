#include "mongo/place.h"

#include <string.h>

#include "base/hash.h"
#include "model/value.h"

void
place_init(struct place *p)
{
	bson_init(&p->token);
	p->known = false;
}

void
place_release(struct place *p)
{
	bson_destroy(&p->token);
}

void
place_set(struct place *p, const bson_t *token)
{
	bson_iter_t it;

	p->known = token && bson_iter_init_find(&it, token, "$recordId") &&
	    !BSON_ITER_HOLDS_NULL(&it);
	if (p->known && token != &p->token) {
		bson_destroy(&p->token);
		bson_copy_to(token, &p->token);
	}
}

uint64_t
place_of(const bson_t *doc)
{
	struct elem e;

	if (walk_find(bson_get_data(doc), doc->len, "_id", &e))
		return hash_xxh64(e.value.data, e.value.len, e.value.type);
	return hash_xxh64(bson_get_data(doc), doc->len, 0);
}

bool
place_is_among(const struct buf *row, const bson_t *doc)
{
	uint64_t hash = place_of(doc), one;

	for (size_t i = 0; i < row->len; i += sizeof one) {
		memcpy(&one, row->data + i, sizeof one);
		if (one == hash)
			return true;
	}
	return false;
}
