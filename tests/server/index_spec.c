#include "options.h"
#include "doc.h"
#include "match.h"
#include "match_leaf.h"
#include "text.h"

#include <math.h>
#include <string.h>

static bool
refuse_spec(const bson_t *spec, int code, char *why, bson_error_t *error)
{
	char *text = text_doc(spec);

	error_set(error, MM_EXIT_REFUSED, code,
	    "Error in specification %s :: caused by :: %s", text, why);
	bson_free(text);
	bson_free(why);
	return false;
}

static bool
check_key(const bson_t *spec, const struct value *key, bson_error_t *error)
{
	static const char *const plugins = " text 2dsphere 2d hashed ";
	struct walk w;
	struct elem e;
	bool any = false;
	char *padded;
	int64_t n;
	double d;

	for (walk_init(&w, key->data, key->len); walk_next(&w, &e);) {
		any = true;
		if (e.name[0] == '\0')
			return refuse_spec(spec, 67,
			    bson_strdup("Index keys cannot be an empty field."),
			    error);
		if (e.value.type == BSON_TYPE_UTF8) {
			padded = bson_strdup_printf(
			    " %s ", (const char *)e.value.data + 4);
			if (!strstr(plugins, padded)) {
				bson_free(padded);
				return refuse_spec(spec, 67,
				    bson_strdup_printf(
					"Unknown index plugin '%s'",
					(const char *)e.value.data + 4),
				    error);
			}
			bson_free(padded);
			continue;
		}
		if (e.value.type == BSON_TYPE_DOUBLE) {
			memcpy(&d, e.value.data, 8);
			n = d != 0 && !isnan(d);
		} else if (e.value.type == BSON_TYPE_DECIMAL128) {
			n = 1;
		} else if (!match_int(&e.value, &n)) {
			return refuse_spec(spec, 67,
			    bson_strdup_printf(
				"Values in v:2 index key pattern cannot be of "
				"type %s. Only numbers > 0, numbers < 0, and "
				"strings are allowed.",
				text_type(e.value.type)),
			    error);
		}
		if (n == 0)
			return refuse_spec(spec, 67,
			    bson_strdup("Values in the index key pattern "
					"cannot be 0."),
			    error);
	}
	return any ||
	    refuse_spec(
		spec, 67, bson_strdup("Index keys cannot be empty."), error);
}

static bool
known_field(const char *name)
{
	static const char *const names[] = {"v", "key", "name", "ns",
	    "background", "unique", "hidden", "partialFilterExpression",
	    "sparse", "expireAfterSeconds", "storageEngine", "collation",
	    "weights", "default_language", "language_override",
	    "textIndexVersion", "2dsphereIndexVersion", "bits", "min", "max",
	    "bucketSize", "wildcardProjection", "dropDups",
	    "coarsestIndexedLevel", "finestIndexedLevel", "_id"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool
check_ttl(const struct value *v, int64_t now, bson_error_t *error)
{
	int64_t n;

	if (!match_int(v, &n))
		return error_set(error, MM_EXIT_REFUSED, 67,
		    "TTL index 'expireAfterSeconds' option must be numeric, "
		    "but received a type of '%s'",
		    text_type(v->type));
	if (n < 0)
		return error_set(error, MM_EXIT_REFUSED, 67,
		    "TTL index 'expireAfterSeconds' option cannot be less "
		    "than 0");
	if (n > now)
		return error_set(error, MM_EXIT_REFUSED, 67,
		    "TTL index 'expireAfterSeconds' option must be within an "
		    "acceptable range, try a lower number");
	return true;
}

static bool
check_field(
    const bson_t *spec, const struct elem *e, int64_t now, bson_error_t *error)
{
	bson_t filter;
	char *text;
	int64_t n;

	if (!known_field(e->name)) {
		text = text_doc(spec);
		refuse_spec(spec, 197,
		    bson_strdup_printf(
			"The field '%s' is not valid for an index "
			"specification. Specification: %s",
			e->name, text),
		    error);
		bson_free(text);
		return false;
	}
	if (strcmp(e->name, "expireAfterSeconds") == 0)
		return check_ttl(&e->value, now, error);
	if (strcmp(e->name, "v") == 0 &&
	    (!match_int(&e->value, &n) || n < 1 || n > 2))
		return refuse_spec(spec, 67,
		    bson_strdup("Invalid index specification; cannot create an "
				"index with this version v"),
		    error);
	if (strcmp(e->name, "partialFilterExpression") == 0) {
		if (e->value.type != BSON_TYPE_DOCUMENT)
			return refuse_spec(spec, 14,
			    bson_strdup("The field 'partialFilterExpression' "
					"must be an object"),
			    error);
		value_to_bson(&e->value, &filter);
		return match_check(&filter, error);
	}
	return true;
}

static bool
check_spec(const bson_t *spec, int64_t now, bson_error_t *error)
{
	struct value key, name;
	struct walk w;
	struct elem e;

	walk_init(&w, bson_get_data(spec), spec->len);
	while (walk_next(&w, &e)) {
		if (!check_field(spec, &e, now, error))
			return false;
	}
	if (!doc_get(spec, "key", &key) || key.type != BSON_TYPE_DOCUMENT)
		return refuse_spec(spec, 9,
		    bson_strdup("The 'key' field is a required property of an "
				"index specification"),
		    error);
	if (!doc_get(spec, "name", &name) || name.type != BSON_TYPE_UTF8)
		return refuse_spec(spec, 9,
		    bson_strdup("The 'name' field is a required property of an "
				"index specification"),
		    error);
	return check_key(spec, &key, error);
}

static bool
is_id_key(const struct value *key)
{
	struct walk w;
	struct elem e;
	int64_t n;

	walk_init(&w, key->data, key->len);
	return walk_next(&w, &e) && strcmp(e.name, "_id") == 0 &&
	    match_int(&e.value, &n) && n == 1 && !walk_next(&w, &e);
}

static bool
has_plugin(const struct value *key, const char *plugin)
{
	struct walk w;
	struct elem e;

	for (walk_init(&w, key->data, key->len); walk_next(&w, &e);) {
		if (e.value.type == BSON_TYPE_UTF8 &&
		    strcmp((const char *)e.value.data + 4, plugin) == 0)
			return true;
	}
	return false;
}

/* {a: 1, t: "text", u: "text"} -> {a: 1, _fts: "text", _ftsx: 1} */
static void
put_text_key(const struct value *key, struct buf *out, struct buf *weights)
{
	static const uint8_t one[4] = {1};
	const struct value weight = {BSON_TYPE_INT32, one, 4};
	size_t start = doc_open(out), wstart = doc_open(weights);
	bool done = false;
	struct walk w;
	struct elem e;

	for (walk_init(&w, key->data, key->len); walk_next(&w, &e);) {
		if (e.value.type != BSON_TYPE_UTF8) {
			doc_put_raw(out, &e);
			continue;
		}
		doc_put(weights, e.name, &weight);
		if (!done) {
			doc_put(out, "_fts", &e.value);
			doc_put(out, "_ftsx", &weight);
		}
		done = true;
	}
	doc_close(out, start);
	doc_close(weights, wstart);
}

static void
default_text(
    const bson_t *spec, bson_t *out, const char *name, const char *value)
{
	if (!bson_has_field(spec, name))
		bson_append_utf8(out, name, -1, value, -1);
}

static void
put_key(const bson_t *spec, const struct value *key, bson_t *out,
    struct buf *weights)
{
	struct buf text = BUF_INIT;
	struct value k = *key;
	bson_t view;

	if (has_plugin(key, "text") && !bson_has_field(spec, "weights")) {
		put_text_key(key, &text, weights);
		k = value_doc(BSON_TYPE_DOCUMENT, text.data, text.len);
	}
	value_to_bson(&k, &view);
	BSON_APPEND_DOCUMENT(out, "key", &view);
	buf_release(&text);
}

static bool
put_rest(const bson_t *spec, const bson_t *coll_options, bson_t *out,
    bson_error_t *error)
{
	static const char *const done = " _id dropDups ns v unique key name "
					"hidden collation ";
	const struct value none = VALUE_NULL;
	struct value given = none, inherited;
	bson_t view, full;
	bson_iter_t iter;
	char *padded;
	bool ok = true;

	bson_iter_init(&iter, spec);
	while (bson_iter_next(&iter)) {
		padded = bson_strdup_printf(" %s ", bson_iter_key(&iter));
		if (!strstr(done, padded))
			bson_append_iter(out, NULL, 0, &iter);
		bson_free(padded);
	}
	if (doc_get(spec, "collation", &given) &&
	    given.type == BSON_TYPE_DOCUMENT) {
		value_to_bson(&given, &view);
		ok = options_collation(&view, &full, error);
		if (ok && !bson_empty(&full))
			BSON_APPEND_DOCUMENT(out, "collation", &full);
		bson_destroy(&full);
	} else if (doc_get(coll_options, "collation", &inherited)) {
		value_to_bson(&inherited, &view);
		BSON_APPEND_DOCUMENT(out, "collation", &view);
	}
	return ok;
}

static bool
truthy(const bson_t *spec, const char *name)
{
	bson_iter_t iter;

	return bson_iter_init_find(&iter, spec, name) &&
	    bson_iter_as_bool(&iter);
}

bool
options_index(const bson_t *spec, const bson_t *coll_options, int64_t now,
    bson_t *normalised, bson_error_t *error)
{
	struct buf weights = BUF_INIT;
	struct value key, name;
	bson_iter_t iter;
	bson_t view;
	bool ok;

	bson_init(normalised);
	if (!check_spec(spec, now, error))
		return false;
	doc_get(spec, "key", &key);
	doc_get(spec, "name", &name);
	BSON_APPEND_INT32(normalised, "v",
	    bson_iter_init_find(&iter, spec, "v")
		? (int32_t)bson_iter_as_int64(&iter)
		: 2);
	if (truthy(spec, "unique"))
		BSON_APPEND_BOOL(normalised, "unique", true);
	if (truthy(spec, "hidden"))
		BSON_APPEND_BOOL(normalised, "hidden", true);
	put_key(spec, &key, normalised, &weights);
	BSON_APPEND_UTF8(normalised, "name",
	    is_id_key(&key) ? "_id_" : (const char *)name.data + 4);
	ok = put_rest(spec, coll_options, normalised, error);
	if (has_plugin(&key, "text")) {
		if (weights.len > 0 &&
		    bson_init_static(&view, weights.data, weights.len))
			BSON_APPEND_DOCUMENT(normalised, "weights", &view);
		default_text(spec, normalised, "default_language", "english");
		default_text(spec, normalised, "language_override", "language");
		if (!bson_has_field(spec, "textIndexVersion"))
			BSON_APPEND_INT32(normalised, "textIndexVersion", 3);
	}
	if (has_plugin(&key, "2dsphere") &&
	    !bson_has_field(spec, "2dsphereIndexVersion"))
		BSON_APPEND_INT32(normalised, "2dsphereIndexVersion", 3);
	buf_release(&weights);
	return ok;
}
