#include "ttl.h"

#include <string.h>

#include "change.h"

#define EVERY_MS 60000

struct expiry {
	const char *path;
	int64_t before; /* ms since 1970 */
	struct found found;
};

static bool
is_over(const struct expiry *x, const struct value *v)
{
	uint64_t ms;

	if (v->type != BSON_TYPE_DATE_TIME)
		return false;
	memcpy(&ms, v->data, 8);
	return (int64_t)BSON_UINT64_FROM_LE(ms) <= x->before;
}

/* The field is a date, or an array with one: its earliest counts. */
static bool
doc_is_over(const struct expiry *x, const struct doc *d)
{
	struct walk w;
	struct elem e;

	if (!walk_find(d->data, d->len, x->path, &e))
		return false;
	if (e.value.type != BSON_TYPE_ARRAY)
		return is_over(x, &e.value);
	walk_init(&w, e.value.data, e.value.len);
	while (walk_next(&w, &e))
		if (is_over(x, &e.value))
			return true;
	return false;
}

static void
collect(const struct coll *c, struct expiry *x)
{
	struct found *f = &x->found;
	struct order_at at;

	for (bool more = order_first(&c->natural, &at); more;
	     more = order_next(&c->natural, &at)) {
		const struct doc *d = order_item(&c->natural, &at);

		if (d->len == 0 || d->ts >= MARK_BASE || c->owner ||
		    !doc_is_over(x, d))
			continue;
		if (f->n == f->cap) {
			f->cap = f->cap ? f->cap * 2 : 16;
			f->rid = bson_realloc(f->rid, f->cap * sizeof *f->rid);
		}
		f->rid[f->n++] = d->rid;
	}
}

/* A TTL index of one top-level field; sleeping ones are far in the past. */
static bool
read_index(const bson_t *spec, struct expiry *x)
{
	bson_iter_t it, key;
	int64_t seconds;

	if (!bson_iter_init_find(&it, spec, "expireAfterSeconds"))
		return false;
	seconds = bson_iter_as_int64(&it);
	if (!bson_iter_init_find(&it, spec, "key") ||
	    !bson_iter_recurse(&it, &key) || !bson_iter_next(&key))
		return false;
	*x = (struct expiry){.path = bson_iter_key(&key),
	    .before = server_now() - seconds * 1000};
	return true;
}

static int64_t
expire(struct coll *c, const bson_t *spec)
{
	struct request r = {.txn_number = -1};
	struct write w = {.r = &r};
	struct change s;
	struct expiry x;

	if (!read_index(spec, &x))
		return 0;
	change_init(&s);
	collect(c, &x);
	for (size_t i = 0; i < x.found.n; i++)
		change_remove(&w, c, change_doc(c, x.found.rid[i]), &s);
	bson_free(x.found.rid);
	return w.n;
}

int64_t
ttl_pass(void)
{
	int64_t n = 0;

	for (struct coll *c = catalog_next(NULL, NULL); c;
	     c = catalog_next(c, NULL))
		for (size_t i = 0; i < c->n_indexes && !c->capped; i++)
			n += expire(c, c->index[i].spec);
	return n;
}

void
ttl_tick(void)
{
	static int64_t last;

	if (last == 0)
		last = server_tick();
	if (server_tick() - last < EVERY_MS)
		return;
	last = server_tick();
	ttl_pass();
}
