#include "engine/held.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "model/value.h"

const char *
held_name(const bson_t *spec)
{
	return doc_text_or(spec, "name", "");
}

/* The element of a list at `it`. */
static bool
item(const bson_iter_t *it, struct held *out)
{
	const uint8_t *data;
	bson_iter_t field;
	uint32_t len;
	bson_t doc;

	if (!BSON_ITER_HOLDS_DOCUMENT(it))
		return false;
	bson_iter_document(it, &len, &data);
	if (!bson_init_static(&doc, data, len) ||
	    !bson_iter_init_find(&field, &doc, "spec") ||
	    !BSON_ITER_HOLDS_DOCUMENT(&field))
		return false;
	bson_iter_document(&field, &len, &data);
	out->why = doc_text_or(&doc, "why", "");
	return bson_init_static(&out->spec, data, len);
}

static void
append(bson_t *list, uint32_t *n, const char *ns, const bson_t *spec,
    const char *why)
{
	bson_t doc;

	array_begin(list, n, &doc);
	BSON_APPEND_UTF8(&doc, "ns", ns);
	BSON_APPEND_DOCUMENT(&doc, "spec", spec);
	BSON_APPEND_UTF8(&doc, "why", why);
	bson_append_document_end(list, &doc);
}

void
held_remove(bson_t *list, const char *name)
{
	bson_t out = BSON_INITIALIZER;
	char room[ARRAY_KEY];
	struct held one;
	bson_iter_t it;
	uint32_t n = 0;

	for (bool more = bson_iter_init(&it, list);
	     more && bson_iter_next(&it);)
		if (item(&it, &one) && strcmp(held_name(&one.spec), name) != 0)
			bson_append_iter(&out, array_key(&n, room), -1, &it);
	bson_destroy(list);
	bson_copy_to(&out, list);
	bson_destroy(&out);
}

void
held_put(bson_t *list, const char *ns, const bson_t *spec, const char *why)
{
	bson_t copy;
	char *reason = bson_strdup(why);
	uint32_t n;

	bson_copy_to(spec, &copy); /* both may be views into the list */
	held_remove(list, held_name(&copy));
	n = bson_count_keys(list);
	append(list, &n, ns, &copy, reason);
	bson_destroy(&copy);
	bson_free(reason);
}

bool
held_is(const bson_t *spec, const bson_iter_t *which)
{
	struct value a = {.type = BSON_TYPE_DOCUMENT}, b = a;
	bson_iter_t it;
	uint32_t n;

	if (BSON_ITER_HOLDS_UTF8(which))
		return strcmp(held_name(spec), bson_iter_utf8(which, NULL)) ==
		    0;
	if (!BSON_ITER_HOLDS_DOCUMENT(which) ||
	    !bson_iter_init_find(&it, spec, "key") ||
	    !BSON_ITER_HOLDS_DOCUMENT(&it))
		return false;
	bson_iter_document(which, &n, &a.data);
	a.len = n;
	bson_iter_document(&it, &n, &b.data);
	b.len = n;
	return value_cmp(&a, &b) == 0;
}

bool
held_find(const bson_t *list, const bson_iter_t *which, struct held *out)
{
	bson_iter_t it;

	for (bool more = bson_iter_init(&it, list);
	     more && bson_iter_next(&it);)
		if (item(&it, out) && held_is(&out->spec, which))
			return true;
	return false;
}

bool
held_find_name(const bson_t *list, const char *name, struct held *out)
{
	bson_iter_t it;

	for (bool more = bson_iter_init(&it, list);
	     more && bson_iter_next(&it);)
		if (item(&it, out) && strcmp(held_name(&out->spec), name) == 0)
			return true;
	return false;
}

bool
held_at(const bson_t *list, uint32_t i, struct held *out)
{
	bson_iter_t it;

	if (!bson_iter_init(&it, list))
		return false;
	do
		if (!bson_iter_next(&it))
			return false;
	while (i-- > 0);
	return item(&it, out);
}

void
held_move(const bson_t *list, const char *ns, bson_t *out)
{
	bson_iter_t it;
	struct held one;
	uint32_t n = 0;

	bson_init(out);
	for (bool more = bson_iter_init(&it, list);
	     more && bson_iter_next(&it);)
		if (item(&it, &one))
			append(out, &n, ns, &one.spec, one.why);
}
