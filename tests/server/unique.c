#include "unique.h"

#include <string.h>

#include "collate.h"
#include "match.h"
#include "out.h"

struct unique {
	struct order keys; /* struct ukey */
	bson_t pattern;    /* static, inside the spec */
	bson_t partial;    /* empty: none */
	bool sparse;
	const struct collator *collator;
};

struct ukey {
	int64_t rid;
	uint32_t len;
	uint8_t doc[]; /* the key as a document, names as in the pattern */
};

static void
key_of_ukey(const void *item, struct key *key)
{
	const struct ukey *k = item;

	key->v = (struct value){BSON_TYPE_DOCUMENT, k->doc, k->len};
	key->rid = k->rid;
}

static bool
plain_pattern(const bson_t *pattern)
{
	bson_iter_t it;

	bson_iter_init(&it, pattern);
	while (bson_iter_next(&it))
		if (BSON_ITER_HOLDS_UTF8(&it) || bson_iter_key(&it)[0] == '$')
			return false;
	return true;
}

struct unique *
unique_new(const bson_t *spec)
{
	struct unique *u;
	bson_t pattern = BSON_INITIALIZER, partial = BSON_INITIALIZER;
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	if (!bson_iter_init_find(&it, spec, "unique") ||
	    !bson_iter_as_bool(&it) || !bson_iter_init_find(&it, spec, "key"))
		return NULL;
	bson_iter_document(&it, &len, &data);
	bson_init_static(&pattern, data, len);
	if (!plain_pattern(&pattern))
		return NULL;
	if (bson_iter_init_find(&it, spec, "partialFilterExpression")) {
		bson_iter_document(&it, &len, &data);
		bson_init_static(&partial, data, len);
	}
	u = bson_malloc0(sizeof *u);
	order_init(&u->keys, key_of_ukey);
	bson_copy_to(&pattern, &u->pattern);
	bson_copy_to(&partial, &u->partial);
	u->collator = collate_of(spec);
	u->sparse =
	    bson_iter_init_find(&it, spec, "sparse") && bson_iter_as_bool(&it);
	return u;
}

void
unique_clear(struct unique *u)
{
	struct order_at at;

	if (!u)
		return;
	for (bool more = order_first(&u->keys, &at); more;
	     more = order_next(&u->keys, &at))
		bson_free(order_item(&u->keys, &at));
	order_release(&u->keys);
}

void
unique_free(struct unique *u)
{
	unique_clear(u);
	if (u) {
		bson_destroy(&u->pattern);
		bson_destroy(&u->partial);
	}
	bson_free(u);
}

/* Values found at a dotted path, arrays taken apart: a list of elements. */
struct values {
	struct value v[64];
	size_t n;
	bool missing; /* somewhere the path led nowhere */
};

static void values_at(
    struct values *out, const struct value *v, const char *path);

static void
values_add(struct values *out, const struct value *v)
{
	if (out->n < sizeof out->v / sizeof *out->v)
		out->v[out->n++] = *v;
}

static void
values_of_array(struct values *out, const struct value *v, const char *path)
{
	static const uint8_t none;
	struct value undefined = {BSON_TYPE_UNDEFINED, &none, 0};
	struct walk w;
	struct elem e;
	size_t n = 0;

	if (!walk_init(&w, v->data, v->len))
		return;
	while (walk_next(&w, &e)) {
		n++;
		if (!path)
			values_add(out, &e.value);
		else if (e.value.type == BSON_TYPE_DOCUMENT)
			values_at(out, &e.value, path);
		else
			out->missing = true;
	}
	if (n == 0 && !path)
		values_add(out, &undefined);
}

/* path NULL: v is the end of the path. */
static void
values_at(struct values *out, const struct value *v, const char *path)
{
	char name[256];
	const char *dot;
	struct elem e;
	size_t n;

	if (v->type == BSON_TYPE_ARRAY) {
		values_of_array(out, v, path);
		return;
	}
	if (!path) {
		values_add(out, v);
		return;
	}
	dot = strchr(path, '.');
	n = dot ? (size_t)(dot - path) : strlen(path);
	if (n >= sizeof name)
		n = sizeof name - 1;
	memcpy(name, path, n);
	name[n] = '\0';
	if (v->type == BSON_TYPE_DOCUMENT &&
	    walk_find(v->data, v->len, name, &e))
		values_at(out, &e.value, dot ? dot + 1 : NULL);
	else
		out->missing = true;
}

typedef bool use_key(void *ctx, const uint8_t *key, size_t len);

struct maker {
	const struct unique *u;
	const uint8_t *doc;
	size_t len;
	use_key *use;
	void *ctx;
	struct buf room;
	bool any; /* some path of the key leads somewhere */
};

/* All keys whose first fields stand in b already: recursion over the rest. */
static bool
make_keys(struct maker *m, const bson_iter_t *at, struct buf *b, size_t mark)
{
	static const uint8_t none;
	struct value doc = {BSON_TYPE_DOCUMENT, m->doc, (uint32_t)m->len};
	struct value null = {BSON_TYPE_NULL, &none, 0};
	struct values found = {.n = 0};
	bson_iter_t it = *at;
	size_t len = b->len;
	bool any = m->any, ok = true;

	if (!bson_iter_next(&it)) {
		if (!m->any && m->u->sparse)
			return true;
		out_close(b, mark);
		return m->use(m->ctx, b->data + mark, b->len - mark);
	}
	values_at(&found, &doc, bson_iter_key(&it));
	m->any = any || found.n > 0;
	if (found.n == 0)
		values_add(&found, &null);
	for (size_t i = 0; i < found.n && ok; i++) {
		b->len = len;
		collate_key(m->u->collator, &found.v[i], &m->room);
		out_value(b, bson_iter_key(&it), &found.v[i]);
		ok = make_keys(m, &it, b, mark);
	}
	b->len = len;
	m->any = any;
	return ok;
}

static bool
each_key(const struct unique *u, const uint8_t *doc, size_t len, use_key *use,
    void *ctx)
{
	struct maker m = {u, doc, len, use, ctx, BUF_INIT, false};
	struct buf b = BUF_INIT;
	bson_iter_t it;
	bson_t d;
	bool ok, matches = true;

	if (!bson_empty(&u->partial) && bson_init_static(&d, doc, len)) {
		const struct collator *before = collate_use(u->collator);

		ok = match_doc(&u->partial, &d, &matches, NULL);
		collate_use(before);
		if (!ok || !matches)
			return true;
	}
	bson_iter_init(&it, &u->pattern);
	ok = make_keys(&m, &it, &b, out_open(&b, NULL, BSON_TYPE_DOCUMENT));
	buf_release(&b);
	buf_release(&m.room);
	return ok;
}

/* That of the first field: it decides most comparisons. */
static uint64_t
prefix_of(const uint8_t *doc, size_t len)
{
	struct walk w;
	struct elem e;

	return walk_init(&w, doc, len) && walk_next(&w, &e)
	    ? key_prefix(&e.value)
	    : 0;
}

static bool
find_key(const struct unique *u, const uint8_t *doc, size_t len, int64_t rid,
    struct order_at *at)
{
	struct key key = {
	    prefix_of(doc, len), {BSON_TYPE_DOCUMENT, doc, (uint32_t)len}, rid};
	struct key k;

	if (!order_seek(&u->keys, &key, at))
		return false;
	key_of_ukey(order_item(&u->keys, at), &k);
	return value_cmp(&k.v, &key.v) == 0;
}

struct change {
	struct unique *u;
	int64_t rid;
};

static bool
add_key(void *ctx, const uint8_t *doc, size_t len)
{
	struct change *c = ctx;
	struct ukey *k;
	struct key key;
	struct order_at at;

	if (find_key(c->u, doc, len, c->rid, &at) &&
	    ((struct ukey *)order_item(&c->u->keys, &at))->rid == c->rid)
		return true; /* the same value twice in one array */
	k = bson_malloc(sizeof *k + len);
	k->rid = c->rid;
	k->len = (uint32_t)len;
	memcpy(k->doc, doc, len);
	key_of_ukey(k, &key);
	key.prefix = prefix_of(doc, len);
	order_insert(&c->u->keys, &key, k);
	return true;
}

static bool
remove_key(void *ctx, const uint8_t *doc, size_t len)
{
	struct change *c = ctx;
	struct order_at at;
	struct ukey *k;

	if (!find_key(c->u, doc, len, c->rid, &at))
		return true;
	k = order_item(&c->u->keys, &at);
	if (k->rid == c->rid) {
		order_remove(&c->u->keys, &at);
		bson_free(k);
	}
	return true;
}

void
unique_add(struct unique *u, const struct doc *d)
{
	struct change c = {u, d->rid};

	if (u)
		each_key(u, d->data, d->len, add_key, &c);
}

void
unique_remove(struct unique *u, const struct doc *d)
{
	struct change c = {u, d->rid};

	if (u)
		each_key(u, d->data, d->len, remove_key, &c);
}

struct check {
	const struct index *index;
	const struct coll *coll;
	int64_t old; /* record id that may have the key */
	struct buf *info;
	bson_error_t *error;
};

static bool
check_key(void *ctx, const uint8_t *doc, size_t len)
{
	struct check *c = ctx;
	struct order_at at;

	if (!find_key(c->index->unique, doc, len, RID_MIN, &at) ||
	    ((struct ukey *)order_item(&c->index->unique->keys, &at))->rid ==
		c->old)
		return true;
	return unique_refuse(c->coll, c->index, doc, len, c->info, c->error);
}

bool
unique_check(const struct index *index, const struct coll *c,
    const uint8_t *doc, size_t len, const struct doc *old, struct buf *info,
    bson_error_t *error)
{
	struct check check = {index, c, old ? old->rid : 0, info, error};

	return each_key(index->unique, doc, len, check_key, &check);
}
