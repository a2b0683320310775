/* Index specifications: what is sent, and when two are the same. Pure. */
#include "mongo/catalog.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "mongo/driver.h"
#include "mongo/fields.h"
#include "mongo/raw.h"

static bool
is_number(uint8_t type)
{
	return type == BSON_TYPE_INT32 || type == BSON_TYPE_INT64 ||
	    type == BSON_TYPE_DOUBLE || type == BSON_TYPE_DECIMAL128;
}

/* Before 3.4 any key value but a negative number or a text meant ascending;
 * from v:2 on these are refused. What v:2 takes stays as it is. */
static bool
legacy_key(const struct value *v)
{
	static const uint8_t zero[4];
	const struct value none = {BSON_TYPE_INT32, zero, sizeof zero};
	double number;

	if (v->type == BSON_TYPE_UTF8)
		return v->len == 5; /* "" */
	if (!is_number(v->type))
		return true;
	if (v->type == BSON_TYPE_DOUBLE && v->len == sizeof number) {
		memcpy(&number, v->data, sizeof number);
		if (isnan(number))
			return true;
	}
	return value_cmp(v, &none) == 0;
}

char *
index_legacy_key(const bson_t *spec)
{
	struct walk w;
	struct elem e;
	bson_t key;

	if (index_is_id(spec) || !doc_sub(spec, "key", &key) ||
	    !walk_init(&w, bson_get_data(&key), key.len))
		return NULL;
	while (walk_next(&w, &e))
		if (legacy_key(&e.value))
			return bson_as_relaxed_extended_json(&key, NULL);
	return NULL;
}

static void
put_key(struct buf *out, const struct value *key)
{
	size_t place = raw_begin_in(out, BSON_TYPE_DOCUMENT, "key");
	struct walk w;
	struct elem e;

	walk_init(&w, key->data, key->len);
	while (walk_next(&w, &e)) {
		if (legacy_key(&e.value))
			raw_int32(out, e.name, 1);
		else
			raw_elem(out, &e);
	}
	raw_end(out, place);
}

static bool
dropped(const char *name)
{
	return strcmp(name, "ns") == 0 || strcmp(name, "background") == 0 ||
	    strcmp(name, "dropDups") == 0;
}

void
index_normalise(const bson_t *spec, bson_t *out)
{
	struct buf b = BUF_INIT;
	struct walk w;
	struct elem e;
	bson_t view;

	raw_begin(&b);
	if (walk_init(&w, bson_get_data(spec), spec->len))
		while (walk_next(&w, &e)) {
			if (dropped(e.name))
				continue;
			if (strcmp(e.name, "v") == 0 && doc_int(spec, "v") < 2)
				raw_int32(&b, "v", 2);
			else if (strcmp(e.name, "key") == 0 &&
			    e.value.type == BSON_TYPE_DOCUMENT)
				put_key(&b, &e.value);
			else
				raw_elem(&b, &e);
		}
	raw_end(&b, 0);
	raw_view(&b, 0, &view);
	bson_copy_to(&view, out);
	buf_release(&b);
}

bool
index_is_id(const bson_t *spec)
{
	struct elem key, e;
	struct walk w;

	/* {_id: -1} and {_id: "hashed"} are indexes of their own. */
	return walk_find(bson_get_data(spec), spec->len, "key", &key) &&
	    key.value.type == BSON_TYPE_DOCUMENT &&
	    walk_init(&w, key.value.data, key.value.len) && walk_next(&w, &e) &&
	    strcmp(e.name, "_id") == 0 && e.value.type != BSON_TYPE_UTF8 &&
	    doc_int(spec, "key._id") >= 0 && !walk_next(&w, &e);
}

bool
index_is_unique(const bson_t *spec)
{
	return !index_is_id(spec) && doc_bool(spec, "unique");
}

bool
index_is_ttl(const bson_t *spec, int64_t *seconds)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, spec, "expireAfterSeconds") ||
	    !(BSON_ITER_HOLDS_NUMBER(&it)))
		return false;
	if (seconds)
		*seconds = bson_iter_as_int64(&it);
	return true;
}

bool
index_is_cluster(const bson_t *spec)
{
	return doc_bool(spec, "clustered");
}

bool
index_of_lifetime(const bson_t *options, bson_t *out)
{
	bson_t cluster;
	bson_iter_t it;

	if (!doc_sub(options, "clusteredIndex", &cluster) ||
	    !bson_iter_init_find(&it, options, "expireAfterSeconds"))
		return false;
	bson_copy_to(&cluster, out);
	BSON_APPEND_BOOL(out, "clustered", true);
	bson_append_iter(out, NULL, 0, &it);
	return true;
}

void
index_add_lifetime(const bson_t *options, bson_t *indexes)
{
	bson_t all = BSON_INITIALIZER, spec, one;
	uint32_t n = 0;
	bson_iter_t it;

	if (!index_of_lifetime(options, &spec))
		return;
	bson_iter_init(&it, indexes);
	while (doc_next(&it, &one))
		array_add(&all, &n, index_is_cluster(&one) ? &spec : &one);
	bson_destroy(&spec);
	bson_destroy(indexes);
	bson_steal(indexes, &all);
}

static enum field_rule
index_rule(const char *name)
{
	if (strcmp(name, "unique") == 0 || strcmp(name, "sparse") == 0 ||
	    strcmp(name, "hidden") == 0 || strcmp(name, "prepareUnique") == 0)
		return FIELD_TRUTH;
	return strcmp(name, "v") == 0 ? FIELD_SKIP : FIELD_VALUE;
}

bool
index_same(const bson_t *a, const bson_t *b, char **what)
{
	bson_t x, y;
	bool same;

	index_normalise(a, &x);
	index_normalise(b, &y);
	same = fields_same(&x, &y, index_rule, what);
	bson_destroy(&x);
	bson_destroy(&y);
	return same;
}
