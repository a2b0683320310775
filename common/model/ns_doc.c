/* Rules as the `filters` document of stream headers and jobs. */
#include <string.h>

#include "base/array.h"
#include "model/ns_rules.h"

/* The text at `it`, or NULL: not a text, or with NUL inside. */
static const char *
text_at(const bson_iter_t *it)
{
	uint32_t len;
	const char *text;

	if (!BSON_ITER_HOLDS_UTF8(it))
		return NULL;
	text = bson_iter_utf8(it, &len);
	return strlen(text) == len ? text : NULL;
}

static bool
bad(const char *field, bson_error_t *error)
{
	return error_set(error, MM_EXIT_STREAM, 0,
	    "filters: field \"%s\" is not as expected", field);
}

static bool
read_patterns(const bson_t *filters, const char *field, struct patterns *l,
    bson_error_t *error)
{
	bson_iter_t it, sub;

	if (!bson_iter_init_find(&it, filters, field))
		return true;
	if (!BSON_ITER_HOLDS_ARRAY(&it) || !bson_iter_recurse(&it, &sub))
		return bad(field, error);
	while (bson_iter_next(&sub)) {
		const char *text = text_at(&sub);

		if (!text)
			return bad(field, error);
		if (!ns_rules_pattern(l, field, text, MM_EXIT_STREAM, error))
			return error_prefix(error, "filters");
	}
	return true;
}

static bool
read_renames(const bson_t *filters, struct ns_rules *r, bson_error_t *error)
{
	bson_iter_t it, sub, pair;

	if (!bson_iter_init_find(&it, filters, "rename"))
		return true;
	if (!BSON_ITER_HOLDS_ARRAY(&it) || !bson_iter_recurse(&it, &sub))
		return bad("rename", error);
	while (bson_iter_next(&sub)) {
		const char *from = NULL, *to = NULL;

		if (!BSON_ITER_HOLDS_DOCUMENT(&sub) ||
		    !bson_iter_recurse(&sub, &pair))
			return bad("rename", error);
		while (bson_iter_next(&pair)) {
			if (strcmp(bson_iter_key(&pair), "from") == 0)
				from = text_at(&pair);
			else if (strcmp(bson_iter_key(&pair), "to") == 0)
				to = text_at(&pair);
		}
		if (!from || !to)
			return bad("rename", error);
		if (!ns_rules_rename(r, from, to, MM_EXIT_STREAM, error))
			return error_prefix(error, "filters");
	}
	return true;
}

struct ns_rules *
ns_rules_read(const bson_t *filters, bson_error_t *error)
{
	struct ns_rules *r = ns_rules_empty();

	if (!read_patterns(filters, "include", &r->include, error) ||
	    !read_patterns(filters, "exclude", &r->exclude, error) ||
	    !read_renames(filters, r, error)) {
		ns_rules_free(r);
		return NULL;
	}
	ns_rules_normalise(r);
	return r;
}

static void
append_patterns(bson_t *doc, const char *field, const struct patterns *l)
{
	uint32_t n = 0;
	bson_t array;

	bson_append_array_begin(doc, field, -1, &array);
	for (uint32_t i = 0; i < l->n; i++) {
		char *text = pattern_text(&l->item[i]);

		array_add_text(&array, &n, text);
		bson_free(text);
	}
	bson_append_array_end(doc, &array);
}

void
ns_rules_append(const struct ns_rules *r, bson_t *doc)
{
	bson_t array, pair;
	uint32_t n = 0;

	append_patterns(doc, "include", &r->include);
	append_patterns(doc, "exclude", &r->exclude);
	bson_append_array_begin(doc, "rename", -1, &array);
	for (uint32_t i = 0; i < r->n_rename; i++) {
		array_begin(&array, &n, &pair);
		bson_append_utf8(&pair, "from", 4, r->rename[i].from_text, -1);
		bson_append_utf8(&pair, "to", 2, r->rename[i].to_text, -1);
		bson_append_document_end(&array, &pair);
	}
	bson_append_array_end(doc, &array);
}
