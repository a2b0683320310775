#include "engine/sample_pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "model/docid.h"

void
picks_init(struct picks *p, uint64_t seed, size_t most)
{
	*p = (struct picks){.seed = seed, .most = most};
}

void
picks_release(struct picks *p)
{
	for (size_t i = 0; i < p->n; i++)
		bson_free(p->heap[i].data);
	bson_free(p->heap);
	*p = (struct picks){0};
}

struct value
pick_id(const struct pick *k)
{
	return (struct value){k->type, k->data, k->len};
}

/* 1 and 1.0 are one key, and one choice. */
static uint64_t
hash_of(const struct picks *p, const char *ns, const struct value *id)
{
	struct buf key = BUF_INIT;
	uint64_t hash;

	docid_canonical(id, &key);
	hash =
	    hash_xxh64(key.data, key.len, hash_xxh64(ns, strlen(ns), p->seed));
	buf_release(&key);
	return hash;
}

static void
swap(struct pick *a, struct pick *b)
{
	struct pick t = *a;

	*a = *b;
	*b = t;
}

static void
sift_up(struct picks *p, size_t i)
{
	while (i > 0 && p->heap[(i - 1) / 2].hash < p->heap[i].hash) {
		swap(&p->heap[(i - 1) / 2], &p->heap[i]);
		i = (i - 1) / 2;
	}
}

static void
sift_down(struct picks *p, size_t i)
{
	for (;;) {
		size_t top = i;

		for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < p->n; c++)
			if (p->heap[c].hash > p->heap[top].hash)
				top = c;
		if (top == i)
			return;
		swap(&p->heap[i], &p->heap[top]);
		i = top;
	}
}

void
picks_offer(
    struct picks *p, size_t pair, const char *ns, const struct value *id)
{
	uint64_t hash = hash_of(p, ns, id);
	struct pick k = {hash, pair, id->type, id->len, NULL};

	if (p->n == p->most && hash >= p->heap[0].hash)
		return;
	k.data = bson_malloc(id->len + 1);
	memcpy(k.data, id->data, id->len);
	if (p->n == p->most) {
		bson_free(p->heap[0].data);
		p->heap[0] = k;
		sift_down(p, 0);
		return;
	}
	p->heap = bson_realloc(p->heap, (p->n + 1) * sizeof *p->heap);
	p->heap[p->n++] = k;
	sift_up(p, p->n - 1);
}

static int
by_hash(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static bool
same_key(const struct pick *a, const struct pick *b)
{
	struct value x = pick_id(a), y = pick_id(b);

	return a->hash == b->hash && a->pair == b->pair &&
	    value_cmp(&x, &y) == 0;
}

void
picks_join(struct picks *p, struct picks *from, size_t n_from)
{
	size_t total = p->n, kept = 0;

	for (size_t i = 0; i < n_from; i++)
		total += from[i].n;
	p->heap = bson_realloc(p->heap, (total + 1) * sizeof *p->heap);
	for (size_t i = 0; i < n_from; i++) {
		if (from[i].n)
			memcpy(p->heap + p->n, from[i].heap,
			    from[i].n * sizeof *p->heap);
		p->n += from[i].n;
		from[i].n = 0;
	}
	if (p->n)
		qsort(p->heap, p->n, sizeof *p->heap, by_hash);
	for (size_t i = 0; i < p->n; i++) {
		if (kept < p->most &&
		    (kept == 0 || !same_key(&p->heap[kept - 1], &p->heap[i])))
			p->heap[kept++] = p->heap[i];
		else
			bson_free(p->heap[i].data);
	}
	p->n = kept;
}
