/* a.$ is the element that the query matched, a.$[] every element, a.$[name]
 * those that the array filter of that name matches. */
#include "mods.h"
#include "match.h"
#include "text.h"

#include <string.h>

#include "base/buf.h"
struct expand {
	const struct path *path;
	const struct update_args *args;
	struct places *out;
	bson_error_t *error;
	char *parts[PATH_PARTS_MAX]; /* concrete, owned where expanded */
	unsigned log_parts;
};

static bool
is_positional(const char *part)
{
	size_t len = strlen(part);

	return strcmp(part, "$") == 0 ||
	    (len >= 3 && strncmp(part, "$[", 2) == 0 && part[len - 1] == ']');
}

bool
path_has_positional(const struct path *path)
{
	unsigned i;

	for (i = 0; i < path->parts; i++) {
		if (is_positional(path->part[i]))
			return true;
	}
	return false;
}

static char *
concrete(const struct expand *x, unsigned parts)
{
	struct buf s_buf = BUF_INIT, *s = &s_buf;
	unsigned i;

	for (i = 0; i < parts; i++)
		buf_add_format(s, i ? ".%s" : "%s", x->parts[i]);
	return buf_take_text(s);
}

static void
add_place(struct expand *x)
{
	struct places *out = x->out;
	char *text = concrete(x, x->path->parts);
	struct place p = {.log_parts = x->log_parts};

	path_init(&p.path, text);
	bson_free(text);
	out->list =
	    bson_realloc(out->list, (out->count + 1) * sizeof *out->list);
	out->list[out->count++] = p;
}

static bool expand_from(struct expand *x, unsigned i, const struct value *at);

/* The element at index (at NULL: not there) takes the place of part i. */
static bool
expand_index(
    struct expand *x, unsigned i, uint32_t index, const struct value *at)
{
	char name[DOC_INDEX_MAX];
	struct value next;
	struct elem e;

	x->parts[i] = (char *)doc_index(index, name);
	if (!walk_find(at->data, at->len, name, &e))
		return expand_from(x, i + 1, NULL);
	next = e.value;
	return expand_from(x, i + 1, &next);
}

static bool
expand_matched(struct expand *x, unsigned i, const struct value *at)
{
	bool matches = false;
	int position = -1;

	if (x->args->old &&
	    !match_doc_at(
		x->args->query, x->args->old, &matches, &position, x->error))
		return false;
	if (!matches || position < 0)
		return error_set(x->error, MM_EXIT_REFUSED, 2,
		    "The positional operator did not find the match needed "
		    "from the query.");
	return expand_index(x, i, (uint32_t)position, at);
}

/* Does the filter {"name": ..., "name.x": ...} want this element? */
static bool
wanted(struct expand *x, const char *part, const struct value *v, bool *yes)
{
	size_t len = strlen(part) - 3, start;
	struct buf b = BUF_INIT;
	bson_t doc, filter;
	struct elem e;
	struct walk w;
	char *name;
	bool ok = true;

	*yes = len == 0;
	if (len == 0)
		return true;
	name = bson_strndup(part + 2, len);
	start = doc_open(&b);
	doc_put(&b, name, v);
	doc_close(&b, start);
	if (!bson_init_static(&doc, b.data, b.len))
		abort();
	walk_init(&w, bson_get_data(x->args->array_filters),
	    x->args->array_filters->len);
	while (ok && walk_next(&w, &e)) {
		struct walk in;
		struct elem first;

		walk_init(&in, e.value.data, e.value.len);
		if (!walk_next(&in, &first) ||
		    strncmp(first.name, name, len) != 0 ||
		    (first.name[len] && first.name[len] != '.'))
			continue;
		value_to_bson(&e.value, &filter);
		ok = match_doc(&filter, &doc, yes, x->error);
		break;
	}
	buf_release(&b);
	bson_free(name);
	return ok;
}

static bool
expand_all(struct expand *x, unsigned i, const struct value *at)
{
	unsigned saved = x->log_parts;
	uint32_t index = 0, count = 0;
	bool yes, ok = true;
	struct walk w;
	struct elem e;

	for (walk_init(&w, at->data, at->len); walk_next(&w, &e);) {
		if (!wanted(x, x->path->part[i], &e.value, &yes))
			return false;
		count += yes;
	}
	if (count > 1 && x->log_parts == x->path->parts)
		x->log_parts = i;
	walk_init(&w, at->data, at->len);
	for (; ok && walk_next(&w, &e); index++) {
		ok = wanted(x, x->path->part[i], &e.value, &yes);
		if (ok && yes)
			ok = expand_index(x, i, index, at);
	}
	x->log_parts = saved;
	return ok;
}

static bool
no_array(struct expand *x, unsigned i, const struct value *at)
{
	char *path = concrete(x, i), *text;

	if (!at) {
		error_set(x->error, MM_EXIT_REFUSED, 2,
		    "The path '%s' must exist in the document in order to "
		    "apply array updates.",
		    path);
	} else {
		text = text_elem(i > 0 ? x->parts[i - 1] : "", at);
		error_set(x->error, MM_EXIT_REFUSED, 2,
		    "Cannot apply array updates to non-array element %s", text);
		bson_free(text);
	}
	bson_free(path);
	return false;
}

static bool
expand_from(struct expand *x, unsigned i, const struct value *at)
{
	const char *part;
	struct value next;
	struct elem e;

	if (i == x->path->parts) {
		add_place(x);
		return true;
	}
	part = x->path->part[i];
	if (is_positional(part)) {
		if (!at || at->type != BSON_TYPE_ARRAY)
			return no_array(x, i, at);
		return strcmp(part, "$") == 0 ? expand_matched(x, i, at)
					      : expand_all(x, i, at);
	}
	x->parts[i] = (char *)part;
	if (!at || !value_is_doc(at) || !walk_find(at->data, at->len, part, &e))
		return expand_from(x, i + 1, NULL);
	next = e.value;
	return expand_from(x, i + 1, &next);
}

bool
places_find(const struct path *path, const struct update_args *args,
    const struct value *doc, struct places *places, bson_error_t *error)
{
	struct expand x = {path, args, places, error, {NULL}, path->parts};

	*places = (struct places){NULL, 0};
	return expand_from(&x, 0, doc);
}

void
places_release(struct places *places)
{
	size_t i;

	for (i = 0; i < places->count; i++)
		path_release(&places->list[i].path);
	bson_free(places->list);
	*places = (struct places){NULL, 0};
}
