/* What makes two indexes one (4.9): key, collation, partialFilterExpression.
 * The other options must then agree too. */
#include "options.h"
#include "doc.h"
#include "match_leaf.h"
#include "text.h"

#include <string.h>

static bool
same_field(const bson_t *a, const bson_t *b, const char *name)
{
	struct value x, y;
	bool has_x = doc_get(a, name, &x), has_y = doc_get(b, name, &y);

	if (!has_x || !has_y)
		return has_x == has_y;
	return value_cmp(&x, &y) == 0;
}

static bool
same_truth(const bson_t *a, const bson_t *b, const char *name)
{
	bson_iter_t x, y;
	bool has_x = bson_iter_init_find(&x, a, name) && bson_iter_as_bool(&x);
	bool has_y = bson_iter_init_find(&y, b, name) && bson_iter_as_bool(&y);

	return has_x == has_y;
}

static bool
same_identity(const bson_t *a, const bson_t *b)
{
	return same_field(a, b, "key") && same_field(a, b, "collation") &&
	    same_field(a, b, "partialFilterExpression") &&
	    same_field(a, b, "weights");
}

static bool
same_options(const bson_t *a, const bson_t *b)
{
	return same_truth(a, b, "unique") && same_truth(a, b, "sparse") &&
	    same_field(a, b, "expireAfterSeconds") &&
	    same_field(a, b, "wildcardProjection") &&
	    same_field(a, b, "storageEngine") &&
	    same_field(a, b, "default_language") &&
	    same_field(a, b, "language_override") && same_field(a, b, "bits") &&
	    same_field(a, b, "min") && same_field(a, b, "max");
}

static bool
conflict(const char *what, int code, const bson_t *existing,
    const bson_t *wanted, char **errmsg, bson_error_t *error)
{
	char *a = text_doc(wanted), *b = text_doc(existing);

	*errmsg = bson_strdup_printf(
	    "%s. Requested index: %s, existing index: %s", what, a, b);
	bson_free(a);
	bson_free(b);
	return error_set(error, MM_EXIT_REFUSED, code, "%s", *errmsg);
}

bool
options_same_index(const bson_t *existing, const bson_t *wanted, bool *same,
    char **errmsg, bson_error_t *error)
{
	bool name = same_field(existing, wanted, "name");
	bool identity = same_identity(existing, wanted);
	bool options = same_options(existing, wanted);
	struct value v;

	*errmsg = NULL;
	*same = (name && identity && options) ||
	    (bson_has_field(existing, "clustered") &&
		same_field(existing, wanted, "key"));
	if (*same || (!name && !identity))
		return true;
	if (name && !identity)
		return conflict("An existing index has the same name as the "
				"requested index",
		    86, existing, wanted, errmsg, error);
	if (name)
		return conflict("An equivalent index already exists with the "
				"same name but different options",
		    85, existing, wanted, errmsg, error);
	if (!options)
		return conflict("An equivalent index already exists with a "
				"different name and options",
		    85, existing, wanted, errmsg, error);
	doc_get(existing, "name", &v);
	*errmsg =
	    bson_strdup_printf("Index already exists with a different name: %s",
		(const char *)v.data + 4);
	return error_set(error, MM_EXIT_REFUSED, 85, "%s", *errmsg);
}

bool
options_collmod_names(const bson_t *request, const bson_t *spec)
{
	struct value want, have;

	if (doc_get(request, "name", &want))
		return doc_get(spec, "name", &have) &&
		    value_cmp(&want, &have) == 0;
	return doc_get(request, "keyPattern", &want) &&
	    doc_get(spec, "key", &have) && value_cmp(&want, &have) == 0;
}

static bool
collmod_checked(const bson_t *request, bson_error_t *error)
{
	bson_iter_t iter;
	const char *name;

	bson_iter_init(&iter, request);
	while (bson_iter_next(&iter)) {
		name = bson_iter_key(&iter);
		if (strcmp(name, "name") != 0 &&
		    strcmp(name, "keyPattern") != 0 &&
		    strcmp(name, "expireAfterSeconds") != 0 &&
		    strcmp(name, "hidden") != 0)
			return error_set(error, MM_EXIT_REFUSED, 72,
			    "unrecognized field in index: %s", name);
	}
	if (!bson_has_field(request, "expireAfterSeconds") &&
	    !bson_has_field(request, "hidden"))
		return error_set(error, MM_EXIT_REFUSED, 72,
		    "no expireAfterSeconds or hidden field");
	return true;
}

/* The stored fields in their order, `hidden` between v, unique and key. */
static void
rebuild(const bson_t *spec, const struct value *ttl, bool hidden, bson_t *out)
{
	struct buf b = BUF_INIT;
	size_t start = doc_open(&b);
	struct walk w;
	struct elem e;
	bson_t view;

	walk_init(&w, bson_get_data(spec), spec->len);
	while (walk_next(&w, &e)) {
		if (strcmp(e.name, "hidden") == 0)
			continue;
		if (strcmp(e.name, "key") == 0 && hidden) {
			doc_put_name(&b, "hidden", BSON_TYPE_BOOL);
			buf_add_byte(&b, 1);
		}
		if (ttl && strcmp(e.name, "expireAfterSeconds") == 0)
			doc_put(&b, e.name, ttl);
		else
			doc_put_raw(&b, &e);
	}
	doc_close(&b, start);
	if (!bson_init_static(&view, b.data, b.len))
		abort();
	bson_concat(out, &view);
	buf_release(&b);
}

static void
put_value(bson_t *reply, const char *name, const struct value *v)
{
	struct buf b = BUF_INIT;
	size_t start = doc_open(&b);
	bson_t view;

	doc_put(&b, name, v);
	doc_close(&b, start);
	if (!bson_init_static(&view, b.data, b.len))
		abort();
	bson_concat(reply, &view);
	buf_release(&b);
}

bool
options_collmod_index(const bson_t *request, const bson_t *spec,
    bson_t *changed, bson_t *reply, bson_error_t *error)
{
	bool was_hidden = bson_has_field(spec, "hidden"), hidden = was_hidden;
	struct value ttl, old;
	bool has_ttl;
	bson_iter_t iter;
	int64_t n;

	bson_init(changed);
	bson_init(reply);
	if (!collmod_checked(request, error))
		return false;
	has_ttl = doc_get(request, "expireAfterSeconds", &ttl);
	if (has_ttl && !match_int(&ttl, &n))
		return error_set(error, MM_EXIT_REFUSED, 72,
		    "expireAfterSeconds field must be a number");
	if (has_ttl && !doc_get(spec, "expireAfterSeconds", &old))
		return error_set(error, MM_EXIT_REFUSED, 72,
		    "no expireAfterSeconds field to update");
	if (has_ttl && value_cmp(&old, &ttl) != 0) {
		put_value(reply, "expireAfterSeconds_old", &old);
		put_value(reply, "expireAfterSeconds_new", &ttl);
	}
	if (bson_iter_init_find(&iter, request, "hidden"))
		hidden = bson_iter_as_bool(&iter);
	if (hidden != was_hidden) {
		BSON_APPEND_BOOL(reply, "hidden_old", was_hidden);
		BSON_APPEND_BOOL(reply, "hidden_new", hidden);
	}
	rebuild(spec, has_ttl ? &ttl : NULL, hidden, changed);
	return true;
}
